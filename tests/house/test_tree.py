"""How the files are kept: small, named for what they do, importing one way, fetching nothing."""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "cutaway"
CODE = sorted(PACKAGE.rglob("*.py"))
LONGEST = 300
DRAWERS = {
    "utils",
    "util",
    "utilities",
    "misc",
    "common",
    "helpers",
    "helper",
    "base",
    "core",
    "shared",
    "stuff",
    "tools",
}


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_files_are_small():
    lengths = {_named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_no_drawers():
    """A file named for nothing fills with everything."""
    folders = [ROOT / name for name in ("src", "tests", "examples", "benchmarks") if (ROOT / name).is_dir()]
    found = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    assert not [_named(path) for path in found if path.stem.lower() in DRAWERS]


@pytest.mark.parametrize("path", CODE, ids=_named)
def test_public_names_are_described(path):
    """Each public function, class and method says what it does, and each file what it is for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    missing = [] if ast.get_docstring(tree) else ["the file itself"]
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        inside = node.body if isinstance(node, ast.ClassDef) else []
        for part in [node, *inside]:
            if (
                isinstance(part, ast.FunctionDef | ast.ClassDef)
                and not part.name.startswith("_")
                and not _described(part)
            ):
                missing.append(part.name)
    assert not missing


def _described(node: ast.FunctionDef | ast.ClassDef) -> bool:
    marks = {getattr(mark, "id", getattr(mark, "attr", "")) for mark in node.decorator_list}
    return bool(ast.get_docstring(node)) or bool(marks & {"overload", "setter", "override"})


@pytest.mark.parametrize("path", CODE, ids=_named)
def test_nothing_inside_goes_through_the_front_door(path):
    """Inside the package a thing is imported from where it lies; only the version is asked of the whole."""
    if path.parent == PACKAGE:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert "cutaway" not in [alias.name for alias in node.names if alias.asname], (
                f"line {node.lineno}"
            )
        if isinstance(node, ast.ImportFrom) and node.module == "cutaway":
            parts = {child.stem for child in PACKAGE.iterdir()}
            assert {alias.name for alias in node.names} <= {"__version__"} | parts, f"line {node.lineno}"


def test_pages_fetch_nothing():
    """No page, style sheet or script of ours, nor one written by our code, loads anything from elsewhere."""
    fetch = re.compile(
        r"""\b(?:src|href|srcset|action|data)\s*=\s*\\?["']?\s*(?:https?:)?//"""
        r"""|(?<!\w)url\(\s*["']?(?:https?:)?//|@import"""
    )
    files = [
        path for kind in ("*.html", "*.css", "*.js", "*.mjs", "*.svg", "*.py") for path in PACKAGE.rglob(kind)
    ]
    found = []
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if fetch.search(line):
                found.append(f"{_named(path)}:{number}: {line.strip()}")
    assert not found


def test_import_contracts_hold(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True, no_logo=True) == 0


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("view/picture.py", "import cutaway.images", "one-way"),
        ("network/network.py", "import cutaway.recipes", "one-way"),
        ("images/read.py", "import torch", "pixels-only"),
        ("recipes/explain.py", "import cutaway.web", "one-way"),
        ("recipes/explain.py", "import typer", "terminal-only"),
        ("recipes/explain.py", "import fastapi", "server-only"),
        ("attribution/cam.py", "import captum", "own-definitions"),
        ("somewhere.py", "", "one-way"),
    ],
)
def test_import_contracts_can_break(file, line, contract, tmp_path, python):
    """The contracts see what they are for: one such line breaks exactly that one."""
    copy = tmp_path / "src" / "cutaway"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    changed = copy / file
    text = changed.read_text(encoding="utf-8") if changed.exists() else ""
    changed.write_text(f"{text}\n{line}\n", encoding="utf-8")
    check = f"""
from importlinter.cli import lint_imports
raise SystemExit(lint_imports(no_cache=True, no_logo=True, limit_to_contracts=({contract!r},)))
"""
    done = python("-c", check, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "src")})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_versions_agree():
    import cutaway

    assert f"version: {cutaway.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## [{cutaway.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_everything_that_is_installed_is_pinned():
    """constraints.txt holds each direct dependency of the package and of its tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-").splitlines()
    pinned = {pin.partition("==")[0] for pin in pins if "==" in pin}
    assert not [name for name in wanted if re.split("[>=<]", name)[0] not in pinned]
