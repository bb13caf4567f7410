"""What holds for every test and every example in a docstring: one seed, and a desk of its own to write on."""

from __future__ import annotations

import contextlib
import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
SEED = 20130613


@pytest.fixture(autouse=True)
def _one_seed() -> None:
    """Start every test from the same random numbers, in whatever order the tests run."""
    random.seed(SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(SEED)


@pytest.fixture(autouse=True)
def _threads_as_found() -> Iterator[None]:
    """Fail the test that leaves torch another number of threads: the last digits of all later tests would differ."""
    before = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None
    yield
    if before is not None:
        assert sys.modules["torch"].get_num_threads() == before, (
            "torch has another number of threads than before"
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the repository's examples/ in it, as a reader would have it."""
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _examples_at_a_desk(request: pytest.FixtureRequest) -> None:
    """Run examples in docstrings at a desk of their own, so that what they save does not stay."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("desk")


def pytest_collect_file(file_path: Path) -> None:
    """Import a module of the package as its users do, before pytest looks for examples in it.

    Left to itself, pytest (in importlib mode) would run the module a second time: classes would exist twice,
    and where a package exports a function named like its module, the module would take the function's place.
    """
    source = ROOT / "src"
    if file_path.suffix == ".py" and source in file_path.parents and file_path.stem != "__main__":
        parts = file_path.relative_to(source).with_suffix("").parts
        with contextlib.suppress(Exception):  # pytest reports it, with the place
            importlib.import_module(".".join(parts).removesuffix(".__init__"))
