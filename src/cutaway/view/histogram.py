"""How numbers are spread: bars over their range, some of them in colour, and lines at chosen places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw

from cutaway.errors import BadSetting
from cutaway.view.colorbar import ticks
from cutaway.view.picture import Picture
from cutaway.view.scale import number
from cutaway.view.scatter import COLOURS
from cutaway.view.sheet import FINE
from cutaway.view.text import HAIR, INK, SOFT, draw_text, line_height, text_width

__all__ = ["histogram"]

_LEFT, _BOTTOM, _HEAD = 44, 22, 40
_REST = (178, 182, 190)


def histogram(
    values: Float[np.ndarray, " n"],
    *,
    marked: Bool[np.ndarray, " n"] | None = None,
    names: tuple[str, str] = ("", ""),
    lines: Mapping[str, float] | None = None,
    bins: int = 32,
    size: tuple[int, int] = (260, 560),
    caption: str = "",
) -> Picture:
    """Draw how many numbers lie where.

    Args:
        values: the numbers; those that are not finite are left out.
        marked: which of them are drawn in colour, at the foot of each bar.
        names: of the marked ones and of the others, for the legend.
        lines: upright lines, by their names; those outside of the range are left out.
        bins: bars, of equal width from the least number to the largest.
        size: (h, w) in pixels.
        caption: below.

    Returns:
        A Picture whose `values` are the counts, (bins,), or (2, bins): of the marked ones and of the others.

    Raises:
        BadSetting: where there is no number.

    >>> histogram(np.array([0.0, 1.0, 1.0, 2.0]), bins=2).values.tolist()
    [1.0, 3.0]
    """
    known = np.isfinite(values)
    if not known.any() or bins < 1:
        raise BadSetting(f"a histogram needs at least one number and one bar, got {int(known.sum())}, {bins}")
    low, high = float(values[known].min()), float(values[known].max())
    if not high > low:
        low, high = low - 0.5, high + 0.5
    own = known if marked is None else known & marked
    several = [own] if marked is None else [own, known & ~marked]
    counts = [np.histogram(values[some], bins, (low, high))[0] for some in several]
    total = np.sum(counts, 0)
    most = int(total.max())
    h, w = size
    wide, tall = w - _LEFT - 12, h - _BOTTOM - _HEAD
    sheet = Image.new("RGB", (w, h), "white")
    draw = ImageDraw.Draw(sheet)
    floor = _HEAD + tall
    draw.line((_LEFT, floor, _LEFT + wide, floor), fill=SOFT)
    for value in [most, *(tick for tick in ticks(0.0, float(most), 4) if tick < 0.9 * most)]:
        y = floor - value / most * tall
        text = f"{value:,.0f}"
        draw.line((_LEFT, y, _LEFT + wide, y), fill=HAIR)
        draw_text(draw, (_LEFT - 6 - text_width(text, FINE), y - FINE * 0.7), text, FINE, fill=SOFT)
    edges = [_LEFT + round(k * wide / bins) for k in range(bins + 1)]
    colours = [COLOURS[0], _REST]
    for k in range(bins):
        y = float(floor)
        for count, colour in zip(counts, colours, strict=False):
            if count[k]:
                # A single photo among thousands is still seen.
                top = min(y - count[k] / most * tall, y - 1)
                draw.rectangle((edges[k] + 1, top, edges[k + 1] - 1, y - 1), fill=colour)
                y = top
    taken = 0.0
    for name, value in (lines or {}).items():
        if not low <= value <= high:
            continue
        x = _LEFT + (value - low) / (high - low) * wide
        draw.line((x, _HEAD - 2, x, floor), fill=INK)
        half = text_width(name, FINE) / 2
        if x - half > taken:
            middle = min(x, w - half)
            draw_text(draw, (middle, _HEAD - 4 - line_height(FINE)), name, FINE, fill=INK, anchor="m")
            taken = middle + half + 8
    for value in [low, *ticks(low, high, 6), high]:
        x = _LEFT + (value - low) / (high - low) * wide
        inner = value not in (low, high)
        if inner and min(x - _LEFT, _LEFT + wide - x) < 40:
            continue
        text = number(value, high - low)
        half = text_width(text, FINE) / 2
        draw_text(draw, (min(max(x, half), w - half), floor + 5), text, FINE, fill=SOFT, anchor="m")
    x = _LEFT
    for name, colour in zip(names, colours, strict=True):
        if name:
            draw.rectangle((x, 4, x + 10, 14), fill=colour)
            draw_text(draw, (x + 15, 2), name, FINE)
            x += text_width(name, FINE) + 34
    raw = np.stack(counts).astype(np.float64)
    return Picture(np.asarray(sheet), caption, raw=raw if marked is not None else raw[0])
