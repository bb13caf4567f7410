"""Rows and columns of words and numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, final

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
        numbers = [[float(c) if _is_number(c) else np.nan for c in row] for row in self.rows]
        return np.array(numbers, np.float64).reshape(len(self.rows), len(self.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """One name per row: its first words."""
        return tuple(next((str(c) for c in row if isinstance(c, str)), str(k)) for k, row in enumerate(self.rows))

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The kinds of file that it can be saved as."""
        return (*super().suffixes, ".csv", ".txt")

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the numbers as `values`, `names`, and every cell as text in `cells`."""
        cells = np.array([[str(c) for c in row] for row in self.rows]).reshape(len(self.rows), len(self.columns))
        return {"values": self.values, "names": np.array(self.names), "columns": np.array(self.columns), "cells": cells}

    def to_text(self) -> str:
        """Set it in plain text, for a terminal."""
        cells = [[_shown(c) for c in row] for row in self.rows]
        widths = [max([len(head), *(len(row[k]) for row in cells)]) for k, head in enumerate(self.columns)]
        right = self._numeric()

        def line(row: list[str]) -> str:
            set_ = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
            return "  ".join(set_).rstrip()

        parts = [line(list(self.columns)), "  ".join("─" * w for w in widths), *map(line, cells)]
        head = [self.title, ""] if self.title else []
        notes = ["", *(f"• {note}" for note in self.notes)] if self.notes else []
        return "\n".join([*head, *parts, *notes])

    def to_html(self) -> str:
        """Set it as a table of a page."""
        right = self._numeric()
        heads = "".join(f'<th scope="col"{_class(r)}>{escape(c)}</th>' for c, r in zip(self.columns, right, strict=True))
        body = "".join(
            "<tr>" + "".join(f"<td{_class(r)}>{escape(_shown(c))}</td>" for c, r in zip(row, right, strict=True)) + "</tr>"
            for row in self.rows
        )
        notes = f'<ul class="notes">{"".join(f"<li>{escape(n)}</li>" for n in self.notes)}</ul>' if self.notes else ""
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        return f'<div class="scroll"><table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{notes}'

    def to_image(self) -> Image.Image:
        """Draw it."""
        cells = [list(self.columns), *([_shown(c) for c in row] for row in self.rows)]
        widths = [max(text_width(row[k], SIZE) for row in cells) for k in range(len(self.columns))]
        right = self._numeric()
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
                draw_text(draw, (place, y), text, SIZE, fill=INK if n else SOFT, anchor=anchor)
                x += w + PAD
            y += step
            draw.line((MARGIN, y - 4, MARGIN + width, y - 4), SOFT if n == 0 else HAIR)
        y += 16
        for line in notes:
            draw_text(draw, (MARGIN, y), line, SIZE, fill=SOFT)
            y += line_height(SIZE)
        return image

    def _encoded(self, suffix: str) -> bytes:
        if suffix == ".txt":
            return (self.to_text() + "\n").encode()
        if suffix == ".csv":
            buffer = io.StringIO()
            writer = csv.writer(buffer, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(self.rows)
            return buffer.getvalue().encode()
        return super()._encoded(suffix)

    def _numeric(self) -> list[bool]:
        columns = range(len(self.columns))
        return [any(_is_number(row[k]) for row in self.rows) and all(_is_number(row[k]) or row[k] == "" for row in self.rows) for k in columns]


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


def _class(numeric: bool) -> str:
    return ' class="number"' if numeric else ""
