"""Rows and columns of words and numbers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, final
from unicodedata import east_asian_width

import numpy as np
from PIL import Image, ImageDraw

from cutaway.errors import BadSetting
from cutaway.view.text import HAIR, INK, PAPER, SOFT, draw_text, line_height, text_width, wrapped
from cutaway.view.viewable import Viewable

__all__ = ["Table"]

SIZE, TITLE, PAD, MARGIN = 14, 20, 20, 32


@final
@dataclass(frozen=True, eq=False)
class Table(Viewable):
    """A table that prints, draws and saves itself.

    Args:
        columns: their headings.
        rows: each as long as `columns`; numbers are set flush right.
        title: above.
        notes: sentences below.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for a row of another length.

    >>> print(Table(("layer", "parameters"), (("conv1", 1792), ("relu1", 0)), title="tiny").to_text())
    tiny
    <BLANKLINE>
    layer  parameters
    ─────  ──────────
    conv1       1,792
    relu1           0
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise BadSetting(f"a row has {len(row)} cells for {len(self.columns)} columns: {row}")

    def __iter__(self) -> Iterator[dict[str, object]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return self.to_text()

    @property
    def caption(self) -> str:  # type: ignore[override]
        """Its title."""
        return self.title

    @property
    def values(self) -> np.ndarray:
        """The numbers, (rows, columns); NaN where a cell holds words."""
        numbers = [[_number(cell) for cell in row] for row in self.rows]
        return np.array(numbers, np.float64).reshape(len(self.rows), len(self.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """One name per row: its first words."""
        return tuple(
            next((str(c) for c in row if isinstance(c, str)), str(k)) for k, row in enumerate(self.rows)
        )

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The kinds of file that it can be saved as."""
        return (*super().suffixes, ".csv", ".txt")

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the numbers as `values`, `names`, and every cell as text in `cells`."""
        cells = np.array([[str(c) for c in row] for row in self.rows]).reshape(
            len(self.rows), len(self.columns)
        )
        return {
            "values": self.values,
            "names": np.array(self.names),
            "columns": np.array(self.columns),
            "cells": cells,
        }

    def to_text(self, width: int | None = None) -> str:
        """Set it in plain text, for a terminal.

        Args:
            width: columns of the terminal; words are shortened, numbers never, until the lines fit. None: as wide
                as needed.

        >>> print(Table(("layer", "parameters"), (("fire6.expand1x1", 16384),)).to_text(width=20))
        layer     parameters
        ────────  ──────────
        fire6.e…      16,384
        """
        cells = [list(self.columns), *([_shown(c) for c in row] for row in self.rows)]
        right = self._numeric()
        widths = [max(_cells(row[k]) for row in cells) for k in range(len(self.columns))]
        least = [
            w if r else min(w, max(_cells(head), 4))
            for w, r, head in zip(widths, right, self.columns, strict=True)
        ]
        while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and widths != least:
            # The widest column that may still give.
            widths[max(range(len(widths)), key=lambda k: (widths[k] > least[k], widths[k]))] -= 1

        def line(row: list[str]) -> str:
            return "  ".join(_set(c, w, r) for c, w, r in zip(row, widths, right, strict=True)).rstrip()

        head = [self.title, ""] if self.title else []
        notes = ["", *(f"• {note}" for note in self.notes)] if self.notes else []
        rule = "  ".join("─" * w for w in widths)
        return "\n".join([*head, line(cells[0]), rule, *map(line, cells[1:]), *notes])

    def _html(self, level: int) -> str:
        kinds = [' class="number"' if numeric else "" for numeric in self._numeric()]
        heads = "".join(
            f'<th scope="col"{kind}>{escape(head)}</th>'
            for head, kind in zip(self.columns, kinds, strict=True)
        )
        lines = (
            "".join(f"<td{kind}>{escape(_shown(cell))}</td>" for cell, kind in zip(row, kinds, strict=True))
            for row in self.rows
        )
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        table = f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f'<div class="scroll">{table}</div>' + (f'<ul class="notes">{notes}</ul>' if notes else "")

    def to_image(self) -> Image.Image:
        """Draw it."""
        cells = [list(self.columns), *([_shown(c) for c in row] for row in self.rows)]
        right = self._numeric()
        widths = [
            max(text_width(row[k], SIZE, tabular=right[k]) for row in cells) for k in range(len(self.columns))
        ]
        width = max(sum(widths) + PAD * (len(widths) - 1), 480)
        step = line_height(SIZE) + 4
        titles = wrapped(self.title, TITLE, width, strong=True) if self.title else []
        notes = [line for note in self.notes for line in wrapped(f"• {note}", SIZE, width)]
        top = MARGIN + len(titles) * line_height(TITLE) + (8 if titles else 0)
        height = top + len(cells) * step + (16 + len(notes) * line_height(SIZE) if notes else 0) + MARGIN
        image = Image.new("RGB", (width + 2 * MARGIN, height), PAPER)
        draw = ImageDraw.Draw(image)
        for n, line in enumerate(titles):
            draw_text(draw, (MARGIN, MARGIN - 2 + n * line_height(TITLE)), line, TITLE, strong=True)
        y = top
        for n, row in enumerate(cells):
            x = MARGIN
            for text, w, r in zip(row, widths, right, strict=True):
                place, anchor = (x + w, "r") if r else (x, "l")
                draw_text(draw, (place, y), text, SIZE, fill=INK if n else SOFT, anchor=anchor, tabular=r)
                x += w + PAD
            y += step
            draw.line((MARGIN, y - 4, MARGIN + width, y - 4), SOFT if n == 0 else HAIR)
        y += 16
        for line in notes:
            draw_text(draw, (MARGIN, y), line, SIZE, fill=SOFT)
            y += line_height(SIZE)
        return image

    def _encoded(self, suffix: str) -> bytes:
        # A name of a file may hold what no text can.
        if suffix == ".txt":
            return (self.to_text() + "\n").encode("utf-8", "backslashreplace")
        if suffix == ".csv":
            buffer = io.StringIO()
            writer = csv.writer(buffer, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(self.rows)
            return buffer.getvalue().encode("utf-8", "backslashreplace")
        return super()._encoded(suffix)

    def _numeric(self) -> list[bool]:
        found = []
        for k in range(len(self.columns)):
            filled = [row[k] for row in self.rows if row[k] != ""]
            found.append(bool(filled) and all(map(_is_number, filled)))
        return found


def _number(cell: object) -> float:
    return (
        float(cell) if isinstance(cell, int | float | np.number) and not isinstance(cell, bool) else math.nan
    )


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float | np.number) and not isinstance(cell, bool)


def _shown(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | np.integer):
        return f"{int(cell):,}"
    if isinstance(cell, float | np.floating):
        return f"{float(cell):.4g}"
    return str(cell)


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese letters take two."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _set(text: str, width: int, right: bool) -> str:
    """Fill or shorten a text to a width."""
    if _cells(text) > width:
        while _cells(text) > width - 1:
            text = text[:-1]
        text += "…"
    blank = " " * (width - _cells(text))
    return blank + text if right else text + blank
