"""Bars beside each other, before bands that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from cutaway.view.colorbar import ticks
from cutaway.view.picture import Picture
from cutaway.view.scale import number
from cutaway.view.scatter import COLOURS
from cutaway.view.sheet import FINE
from cutaway.view.text import HAIR, INK, SOFT, cut, draw_text, line_height, text_width

__all__ = ["bars"]

_ROW, _SCALE = 22, 3
# Behind the bars: pale grounds, and lines in the middle of them.
_BANDS = (((214, 214, 220), (110, 110, 120)), ((250, 226, 190), (213, 130, 0)))


def bars(
    values: Mapping[str, float],
    bands: Mapping[str, tuple[float, float]],
    *,
    width: int = 420,
    high: float | None = None,
    caption: str = "",
) -> Picture:
    """Draw numbers of zero and above as bars, and what they are compared with as bands: a mean, and a spread around it.

    Args:
        values: by their names, from above.
        bands: at most two, (mean, standard deviation) by their names.
        width: in pixels.
        high: the end of the axis; a little beyond all by default.
        caption: below.

    >>> bars({"eye": 0.1, "nose": 0.2}, {"random": (0.3, 0.05)}, width=300).size
    (94, 300)
    """
    most = high
    if most is None:
        most = 1.04 * max([*values.values(), *(mean + spread for mean, spread in bands.values()), 1e-9])
    left = min(max(text_width(name, FINE) for name in values) + 10, width // 3)
    wide = width - left - 48

    def at(value: float) -> float:
        return left + min(max(value / most, 0.0), 1.0) * wide

    head = line_height(FINE) + 8
    tall = _ROW * len(values) + 6
    plane = Image.new("RGB", (width * _SCALE, tall * _SCALE), "white")
    for (ground, _), (mean, spread) in zip(_BANDS, bands.values(), strict=False):
        band = Image.new("RGB", plane.size, "white")
        ends = (at(mean - spread) * _SCALE, 0, at(mean + spread) * _SCALE, tall * _SCALE)
        ImageDraw.Draw(band).rectangle(ends, fill=ground)
        plane = ImageChops.multiply(plane, band)  # where both lie, both are seen
    draw = ImageDraw.Draw(plane)
    for (_, line), (mean, _) in zip(_BANDS, bands.values(), strict=False):
        draw.line((at(mean) * _SCALE, 0, at(mean) * _SCALE, tall * _SCALE), fill=line, width=_SCALE + 1)
    for row, value in enumerate(values.values()):
        top = row * _ROW + 7
        draw.rectangle(
            (left * _SCALE, top * _SCALE, at(value) * _SCALE, (top + _ROW - 10) * _SCALE), fill=COLOURS[0]
        )
    draw.line((left * _SCALE, 0, left * _SCALE, tall * _SCALE), fill=SOFT, width=_SCALE)
    plane = plane.resize((width, tall), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (width, head + tall + line_height(FINE) + 6), "white")
    sheet.paste(plane, (0, head))
    draw = ImageDraw.Draw(sheet)
    x = float(left)
    for (ground, line), name in zip(_BANDS, bands, strict=False):
        draw.rectangle((x, 3, x + 13, 3 + FINE), fill=ground)
        draw.line((x + 7, 3, x + 7, 3 + FINE), fill=line, width=2)
        draw_text(draw, (x + 18, 0), name, FINE)
        x += text_width(name, FINE) + 32
    for row, (name, value) in enumerate(values.items()):
        y = head + row * _ROW + 13 - FINE * 0.8
        draw_text(draw, (left - 8, y), cut(name, FINE, left - 8), FINE, anchor="r")
        _beside(draw, at(value) + 5, y, number(value, most))
    foot = head + tall
    draw.line((left, foot, left + wide, foot), HAIR)
    for value in [0.0, *ticks(0.0, most, 5)]:
        draw.line((at(value), foot, at(value), foot + 3), SOFT)
        draw_text(draw, (at(value), foot + 4), number(value), FINE, fill=SOFT, anchor="m")
    return Picture(np.asarray(sheet), caption)


def _beside(draw: ImageDraw.ImageDraw, x: float, top: float, text: str) -> None:
    """Write a number on a white ground, so that no band runs through it."""
    draw.rectangle((x - 2, top, x + text_width(text, FINE) + 2, top + FINE + 3), fill="white")
    draw_text(draw, (x, top), text, FINE, fill=INK)
