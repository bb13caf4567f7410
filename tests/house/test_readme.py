"""What the README says is so: its code runs, its commands print what it shows, its features have tests."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from tests.house.readme import Feature, blocks, commands, features, matches

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_python_blocks_run(name, desk, python):
    """One after the other, in one Python: a later block may use an earlier one's names."""
    found = blocks((ROOT / name).read_text(encoding="utf-8"), "python")
    assert found or name != "README.md", "the README shows no Python"
    if not found:
        return
    code = "\n".join("\n" * (block.line - 1) + block.text for block in found[:1])
    for block in found[1:]:  # blank lines keep the README's line numbers in a traceback
        code += "\n" * (block.line - 1 - code.count("\n")) + block.text
    done = python("-c", code, cwd=desk)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_console_blocks_print_what_is_shown(name, desk, cutaway):
    found = commands((ROOT / name).read_text(encoding="utf-8"))
    assert found or name == "docs/models.md", f"{name} shows no command that runs"
    for command in found:
        done = cutaway(*shlex.split(command.words)[1:], cwd=desk)
        assert done.returncode == 0, f"{name} line {command.line}: {command.words}\n{done.stderr}"
        if command.shown.strip():
            assert matches(command.shown, done.stdout), (
                f"{name} line {command.line}: {command.words}\n"
                f"--- shown\n{command.shown}\n--- printed\n{done.stdout}"
            )


def test_features_name_files_and_tests_that_exist(page):
    rows = features(page)
    assert rows, "the README has no feature table"
    wrong = [f"line {row.line}: {row.ids}: {fault}" for row in rows if row.ticked for fault in _faults(row)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_local_links_lead_somewhere(name):
    page = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", page) + re.findall(r'src="([^"]+)"', page)
    local = [link for link in links if not re.match(r"\w+:", link)]
    assert not [link for link in local if not (ROOT / name).parent.joinpath(link).exists()]


def _faults(row: Feature) -> list[str]:
    faults = [f"no file {file}" for file in _listed(row.file) if not (ROOT / file).exists()]
    for test in _listed(row.test):
        file, *inside = test.split("::")
        if not (ROOT / file).is_file():
            faults.append(f"no test file {file}")
        elif inside and not _defines((ROOT / file).read_text(encoding="utf-8"), inside):
            faults.append(f"no test {test}")
    return faults


def _listed(cell: str) -> list[str]:
    return [
        re.sub(r"^\[.*\]\((.*)\)$", r"\1", item.strip().strip("`"))
        for item in cell.split(",")
        if item.strip()
    ]


def _defines(code: str, path: list[str]) -> bool:
    body: list[ast.stmt] = ast.parse(code).body
    for name in path:
        found = [
            node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name.split("[")[0]
        ]
        if not found:
            return False
        body = found[0].body
    return True


# The harness itself: it must be able to say no.

SAMPLE = """
```python
a = 1
```
<!-- not run: needs a camera -->
```python
raise SystemExit("never")
```
```console
$ make demo
$ cutaway --version
cutaway …
$ cutaway models
```
| id | what | file | test |
|---|---|---|---|
| A1 | reads photos | `src/cutaway/errors.py` | `tests/house/test_readme.py::test_harness_reads_a_page` |
| A2 | not there yet |  | – |
| A3 | no such test | src/cutaway/errors.py | tests/house/test_readme.py::test_nothing |
| A4 | no such file | src/cutaway/nothing.py | tests/house/test_nothing.py |
"""


def test_harness_reads_a_page():
    assert [(block.text, block.line) for block in blocks(SAMPLE, "python")] == [("a = 1\n", 3)]
    assert [(command.words, command.shown, command.line) for command in commands(SAMPLE)] == [
        ("cutaway --version", "cutaway …\n", 11),
        ("cutaway models", "", 13),
    ]
    rows = features(SAMPLE)
    assert [row.ticked for row in rows] == [True, False, True, True]
    assert [len(_faults(row)) for row in rows if row.ticked] == [0, 1, 2]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("cat  0.61\ndog  0.20", "cat  0.61  \ndog  0.20\n", True),
        ("cat  …\n…\nwrote demo/a.png", "cat  0.61\ndog\nbee\nwrote demo/a.png\n", True),
        ("cat  0.61", "cat  0.62", False),
        ("cat", "cat\nand more", False),
        ("a.c", "abc", False),
    ],
)
def test_harness_compares_output(shown, printed, same):
    assert matches(shown, printed) is same
