"""Every script in examples/ runs as it stands, and writes only where it is started."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.py"))


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.name)
def test_example_runs(script, desk, python):
    before = set(script.parent.rglob("*"))
    done = python(str(Path("examples") / script.name), cwd=desk)
    assert done.returncode == 0, done.stderr
    assert set(script.parent.rglob("*")) - before == set()
