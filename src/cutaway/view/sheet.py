"""Laying out: pictures with words, in rows and columns, on an 8-pixel rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from cutaway.view.text import INK, PAPER, SOFT, cut, draw_text, line_height, text_width, wrapped

__all__ = ["Tile", "captioned", "laid_out"]

MARGIN, GAP = 32, 16
TITLE, STRONG, SMALL = 24, 16, 13


@dataclass(frozen=True)
class Tile:
    """A picture with the words below it; the first line is stronger."""

    image: Image.Image
    lines: tuple[str, ...] = ()


def captioned(image: Image.Image, lines: Sequence[str], bar: Image.Image | None = None) -> Image.Image:
    """Put words, and a colour bar, below one picture.

    >>> captioned(Image.new("RGB", (200, 100)), ["conv1"]).size > (200, 100)
    True
    """
    return laid_out([[Tile(image, tuple(lines))]], bar=bar, margin=16)


def laid_out(
    rows: Sequence[Sequence[Tile | None]],
    *,
    title: str = "",
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    footer: str = "",
    bar: Image.Image | None = None,
    margin: int = MARGIN,
    gap: int = GAP,
) -> Image.Image:
    """Lay tiles out in rows and columns, with a title above and a footer with the colour bar below.

    >>> tile = Tile(Image.new("RGB", (64, 64)), ("a cat", "conv1"))
    >>> laid_out([[tile, None], [tile, tile]], title="Two by two").size > (128, 128)
    True
    """
    columns = max((len(row) for row in rows), default=0)
    side = max((text_width(text, SMALL) for text in row_titles), default=0)
    side = min(side, 200) + gap if side else 0
    widths = [max([t.image.width for row in rows for t in row[c : c + 1] if t] + [1]) for c in range(columns)]
    tiles_width = side + sum(widths) + gap * max(0, columns - 1)
    content = max(tiles_width, _narrowest(rows, widths, title, footer))
    small = wrapped(footer, SMALL, min(content, 960)) if footer else []
    heads = wrapped(title, TITLE, content, strong=True) if title else []
    image_heights = [max([t.image.height for t in row if t] + [1]) for row in rows]
    words = [[_fitted(t, widths[c]) if t else [] for c, t in enumerate(row)] for row in rows]
    text_heights = [max([_text_height(lines) for lines in row_words] + [0]) for row_words in words]
    top = margin + len(heads) * line_height(TITLE) + (8 if heads else 0)
    top += line_height(SMALL) + 4 if any(column_titles) else 0
    below = (bar.height + gap if bar else 0) + (len(small) * line_height(SMALL) + gap if small else 0)
    body = sum(image_heights) + sum(text_heights) + gap * max(0, len(rows) - 1)
    sheet = Image.new("RGB", (margin + content + margin, top + body + below + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    y = margin
    for line in heads:
        draw_text(draw, (margin, y - 4), line, TITLE, strong=True)
        y += line_height(TITLE)
    lefts = [margin + side + sum(widths[:c]) + gap * c for c in range(columns)]
    for left, width, text in zip(lefts, widths, column_titles, strict=False):
        draw_text(draw, (left, top - line_height(SMALL) - 4), cut(text, SMALL, width), SMALL, fill=SOFT)
    y = top
    for r, row in enumerate(rows):
        if r < len(row_titles):
            for n, line in enumerate(wrapped(row_titles[r], SMALL, max(side - gap, 40))):
                draw_text(draw, (margin, y + n * line_height(SMALL)), line, SMALL, fill=SOFT)
        for c, tile in enumerate(row):
            if tile is None:
                continue
            sheet.paste(tile.image, (lefts[c], y))
            _write(draw, words[r][c], lefts[c], y + image_heights[r])
        y += image_heights[r] + text_heights[r] + gap
    if bar:
        sheet.paste(bar, (margin + side, y))
        y += bar.height + gap
    for line in small:
        draw_text(draw, (margin, y), line, SMALL, fill=SOFT)
        y += line_height(SMALL)
    return sheet


def _narrowest(rows: Sequence[Sequence[Tile | None]], widths: list[int], title: str, footer: str) -> int:
    """How wide the sheet must at least be for its words."""
    if title or footer:
        return max(480 if footer else 0, min(text_width(title, TITLE, strong=True), 640) if title else 0)
    if len(widths) == 1:
        longest = max((text_width(line, STRONG) for row in rows for t in row if t for line in t.lines), default=0)
        return min(longest, 480)
    return 0


def _fitted(tile: Tile, width: int) -> list[tuple[str, int, bool]]:
    """The words below a tile with their sizes, cut to its column; none where the column is too narrow."""
    if width < 40:
        return []
    strong = STRONG if width >= 200 else SMALL if width >= 72 else 11
    small = SMALL if width >= 200 else 11
    bold = width >= 200
    lines = [(cut(tile.lines[0], strong, width, strong=bold), strong, bold)] if tile.lines else []
    return lines + [(piece, small, False) for text in tile.lines[1:] for piece in wrapped(text, small, width)]


def _text_height(lines: Sequence[tuple[str, int, bool]]) -> int:
    return (6 if lines else 0) + sum(line_height(size) for _, size, _ in lines)


def _write(draw: ImageDraw.ImageDraw, lines: Sequence[tuple[str, int, bool]], left: int, top: int) -> None:
    y = top + 6
    for place, (text, size, strong) in enumerate(lines):
        draw_text(draw, (left, y), text, size, fill=INK if place == 0 else SOFT, strong=strong)
        y += line_height(size)
