"""Laying out: pictures with words, in rows and columns, on an 8-pixel rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from cutaway.view.text import HAIR, INK, PAPER, SOFT, cut, draw_text, line_height, text_width, wrapped

__all__ = ["GAP", "MARGIN", "MEASURE", "Tile", "captioned", "laid_out", "zoom_of"]

MARGIN, GAP, HALF = 32, 16, 8
TITLE, STRONG, SMALL, FINE = 24, 16, 13, 11
# As wide as text may run, and be read with ease.
MEASURE = 960
# A sheet is seen, or printed, shrunk to the width of a screen: beyond this one its words grow with it, within reason.
SCREEN, LARGEST = 1440, 1.75


@dataclass(frozen=True)
class Tile:
    """A picture with the words, and the colour bar, below it; the first line is stronger."""

    image: Image.Image
    lines: tuple[str, ...] = ()
    bar: Image.Image | None = None


# A line of words: its text, size, whether it is strong, its colour.
Line = tuple[str, int, bool, tuple[int, int, int]]


def captioned(image: Image.Image, lines: Sequence[str], bar: Image.Image | None = None) -> Image.Image:
    """Put words, and a colour bar, below one picture.

    >>> captioned(Image.new("RGB", (200, 100)), ["conv1"]).size > (200, 100)
    True
    """
    return laid_out([[Tile(image, tuple(lines), bar)]], margin=GAP)


def zoom_of(widths: Sequence[int]) -> float:
    """How much larger than usual the words of a sheet must be, for the widths of its columns.

    >>> zoom_of([400, 400]), zoom_of([1080, 1080]), zoom_of([5000])
    (1.0, 1.5, 1.75)
    """
    return min(max(1.0, sum(widths) / SCREEN), LARGEST)


def laid_out(
    rows: Sequence[Sequence[Tile | None]],
    *,
    title: str = "",
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    bars: Sequence[tuple[int, Image.Image] | None] = (),
    bar: Image.Image | None = None,
    footer: str = "",
    origin: str = "",
    margin: int = MARGIN,
    gap: int = GAP,
) -> Image.Image:
    """Lay tiles out in rows and columns, aligned, with a title above and a footer below.

    Args:
        rows: of tiles; None leaves a place empty. The tiles of a row stand on one line, their words below it.
        title: above.
        column_titles: above the columns.
        row_titles: left of the rows.
        bars: below each row its colour bar, and the column under which it begins.
        bar: the colour bar of the whole sheet.
        footer: below, wrapped.
        origin: one fine line at the very end.
        margin: around all, in pixels.
        gap: between tiles, in pixels.

    >>> tile = Tile(Image.new("RGB", (64, 64)), ("a cat", "conv1"))
    >>> laid_out([[tile, None], [tile, tile]], title="Two by two").size > (128, 128)
    True
    """
    columns = max((len(row) for row in rows), default=0)
    widths = [max([t.image.width for row in rows for t in row[c : c + 1] if t] + [1]) for c in range(columns)]
    zoom = zoom_of(widths)
    large, small, fine = (round(size * zoom) for size in (TITLE, SMALL, FINE))
    side = min(max((text_width(text, small) for text in row_titles), default=0), round(200 * zoom))
    side += gap if side else 0
    body = side + sum(widths) + gap * max(0, columns - 1)
    reaches = [_reach(b, widths, side, gap) for b in bars]
    content = max(body, _least(rows, title, footer, large), *reaches, side + bar.width if bar else 0)
    heads = wrapped(title, large, content, strong=True) if title else []
    measure = min(content, round(MEASURE * zoom))
    feet = [(line, small) for line in wrapped(footer, small, measure)] if footer else []
    feet += [(line, fine) for line in wrapped(origin, fine, content)] if origin else []
    words = [[_fitted(t, widths[c], zoom) if t else [] for c, t in enumerate(row)] for row in rows]
    under = [
        max([_below(lines, t.bar if t else None) for lines, t in zip(line, row, strict=True)] + [0])
        for line, row in zip(words, rows, strict=True)
    ]
    each_bar = [*bars, *[None] * (len(rows) - len(bars))]
    heights = [max([t.image.height for t in row if t] + [1]) for row in rows]
    deep = [u + (b[1].height + HALF if b else 0) for u, b in zip(under, each_bar, strict=True)]
    top = margin + len(heads) * line_height(large) + (HALF if heads else 0)
    top += line_height(small) + HALF // 2 if any(column_titles) else 0
    total = top + sum(heights) + sum(deep) + gap * max(0, len(rows) - 1)
    total += bar.height + gap if bar else 0
    total += gap + HALF + sum(line_height(size) for _, size in feet) + HALF // 2 if feet else 0
    sheet = Image.new("RGB", (margin + content + margin, total + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    for n, line in enumerate(heads):
        draw_text(draw, (margin, margin - 4 + n * line_height(large)), line, large, strong=True)
    lefts = [margin + side + sum(widths[:c]) + gap * c for c in range(columns)]
    for left, width, text in zip(lefts, widths, column_titles, strict=False):
        draw_text(
            draw, (left, top - line_height(small) - HALF // 2), cut(text, small, width), small, fill=SOFT
        )
    y = top
    for r, row in enumerate(rows):
        if r < len(row_titles):
            for n, line in enumerate(wrapped(row_titles[r], small, max(side - gap, 40))):
                draw_text(draw, (margin, y + n * line_height(small)), line, small, fill=SOFT)
        floor = y + heights[r]
        for tile, lines, left in zip(row, words[r], lefts, strict=False):
            if tile is not None:
                sheet.paste(tile.image, (left, floor - tile.image.height))
                _write(sheet, draw, lines, tile.bar, left, floor)
        here = each_bar[r]
        if here is not None:
            sheet.paste(here[1], (lefts[here[0]], floor + under[r] + HALF))
        y = floor + deep[r] + gap
    if bar:
        sheet.paste(bar, (margin + side, y))
        y += bar.height + gap
    if feet:
        draw.line((margin, y, margin + content - 1, y), HAIR)
        y += HALF
        for line, size in feet:
            y += HALF // 2 if size == fine else 0
            draw_text(draw, (margin, y), line, size, fill=SOFT)
            y += line_height(size) - (HALF // 2 if size == fine else 0)
    return sheet


def _reach(bar: tuple[int, Image.Image] | None, widths: list[int], side: int, gap: int) -> int:
    """How far right the colour bar of a row reaches."""
    return 0 if bar is None else side + sum(widths[: bar[0]]) + gap * bar[0] + bar[1].width


def _least(rows: Sequence[Sequence[Tile | None]], title: str, footer: str, large: int) -> int:
    """How wide the sheet must at least be for its words."""
    least = max(480 if footer else 0, min(text_width(title, large, strong=True), 640) if title else 0)
    if max((len(row) for row in rows), default=0) == 1:
        tiles = [tile for row in rows for tile in row if tile]
        longest = max((text_width(line, STRONG) for tile in tiles for line in tile.lines), default=0)
        bars = max((tile.bar.width for tile in tiles if tile.bar), default=0)
        least = max(least, min(longest, 480), bars)
    return least


def _fitted(tile: Tile, width: int, zoom: float) -> list[Line]:
    """The words below a tile with their sizes, wrapped to its column; none where the column is too narrow."""
    if width < 24:
        return []
    first = STRONG if width >= 200 else SMALL if width >= 72 else FINE
    small = SMALL if width >= 200 else FINE
    if width >= 200:  # a narrower column has no room for larger words
        first, small = round(first * zoom), round(small * zoom)
    bold = width >= 200 or (width >= 72 and len(tile.lines) > 1)
    found: list[Line] = []
    for n, text in enumerate(tile.lines):
        size, strong, fill = (first, bold, INK) if n == 0 else (small, False, SOFT)
        pieces = wrapped(text, size, width, strong=strong)
        if len(pieces) > 3:
            pieces = [*pieces[:2], cut(" ".join(pieces[2:]), size, width, strong=strong)]
        found += [(piece, size, strong, fill) for piece in pieces]
    return found


def _below(lines: Sequence[Line], bar: Image.Image | None) -> int:
    height = sum(line_height(size) for _, size, _, _ in lines)
    return (HALF if lines else 0) + height + (HALF + bar.height if bar else 0)


def _write(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    lines: Sequence[Line],
    bar: Image.Image | None,
    left: int,
    floor: int,
) -> None:
    y = floor + (HALF if lines else 0)
    for text, size, strong, fill in lines:
        draw_text(draw, (left, y), text, size, fill=fill, strong=strong)
        y += line_height(size)
    if bar:
        sheet.paste(bar, (left, y + HALF))
