"""Read a page of Markdown: its blocks of code, what they print, and its table of features.

A block that cannot run in a test is preceded by `<!-- not run: the reason -->`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the line of the page on which the text starts."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """One line after `$ ` in a console block, and the output shown under it."""

    words: str
    shown: str
    line: int


@dataclass(frozen=True)
class Feature:
    """One row of a feature table. A row is ticked when it names a test; a dash or nothing means: not yet."""

    ids: str
    what: str
    file: str
    test: str
    line: int

    @property
    def ticked(self) -> bool:
        return self.test not in ("", "-", "–", "—")


_FENCE = re.compile(r"^( *)```(\w+)?[^\n]*\n(.*?)^\1```\s*$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: \S[^\n]* -->\s*\Z")


def blocks(page: str, language: str) -> list[Block]:
    """The blocks of a language that are to run, in the page's order."""
    return [
        Block(language, found[3], page.count("\n", 0, found.start(3)) + 1)
        for found in _FENCE.finditer(page)
        if found[2] == language and not _NOT_RUN.search(page[: found.start()])
    ]


def commands(page: str, program: str = "cutaway") -> list[Command]:
    """The commands that call the program in the page's console blocks; others (make, pip) are not run."""
    found = []
    for block in blocks(page, "console"):
        # A text is cut before each "$ ": one command and its output each.
        line = block.line
        for part in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE):
            first, _, shown = part.partition("\n")
            if re.match(rf"\$ {re.escape(program)}( |$)", first):
                found.append(Command(first[2:], shown, line))
            line += part.count("\n")
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether a printed text is the one shown, where … stands for anything, also for several lines.

    Blanks at the ends of lines and of the text do not count.
    """

    def trimmed(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())

    pattern = ".*".join(re.escape(piece) for piece in trimmed(shown).split("…"))
    return re.fullmatch(pattern, trimmed(printed), re.DOTALL) is not None


def features(page: str) -> list[Feature]:
    """The rows of every table whose head is | id | what | file | test |."""
    rows, inside = [], False
    for number, line in enumerate(page.splitlines(), start=1):
        cells = (
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            if line.lstrip().startswith("|")
            else []
        )
        if [cell.lower() for cell in cells] == ["id", "what", "file", "test"]:
            inside = True
        elif not cells:
            inside = False
        elif inside and set("".join(cells)) - set("-: "):
            rows.append(Feature(*(cell.strip("`") for cell in cells), line=number))
    return rows
