"""What a person installs is what lies in src/: code, weights, class names, notices, type marker."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_wheel_holds_the_whole_package_and_nothing_else(tmp_path, python):
    done = python("-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("cutaway-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
        about = {name.partition(".dist-info/")[2] for name in opened.namelist()} - {""}
        commands = opened.read(
            next(name for name in opened.namelist() if name.endswith("entry_points.txt"))
        ).decode()
    source = ROOT / "src"
    lying = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert held == {name for name in lying if "__pycache__" not in name and "/." not in name}
    assert "cutaway/py.typed" in held
    assert {name for name in held if name.endswith(".safetensors")}, "the bundled weights are missing"
    assert "licenses/LICENSE" in about
    assert "cutaway = cutaway.cli:main" in commands
