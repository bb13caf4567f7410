"""What tests of more than one part use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl-C reach the processes that a test starts.

    A shell starts its background jobs deaf to it, and that is inherited: by these tests, and by what they start.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def python() -> Run:
    """Run a fresh Python with these arguments, this package on its path, as a person's shell would.

    Further settings: `cwd`, `input` (text for its standard input), `env` (added to the environment).
    """

    def run(
        *arguments: str, env: dict[str, str] | None = None, **settings: object
    ) -> subprocess.CompletedProcess[str]:
        around = {
            name: value for name, value in os.environ.items() if not name.startswith(("CUTAWAY_", "PYTEST_"))
        }
        around |= {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100", **(env or {})}
        return subprocess.run(
            [sys.executable, *arguments], env=around, capture_output=True, text=True, timeout=300, **settings
        )

    return run


@pytest.fixture
def cutaway(python: Run) -> Run:
    """Run the command `cutaway` with these arguments in a process of its own; settings as for `python`."""

    def run(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
        return python("-m", "cutaway", *arguments, **settings)

    return run
