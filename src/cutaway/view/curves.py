"""Lines over one axis, with round numbers at both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw

from cutaway.view.colorbar import ticks
from cutaway.view.picture import Picture
from cutaway.view.scale import number
from cutaway.view.scatter import COLOURS
from cutaway.view.sheet import FINE
from cutaway.view.text import HAIR, SOFT, draw_text, line_height, text_width

__all__ = ["curves"]

_LEFT, _BOTTOM, _SCALE = 44, 22, 3


def curves(
    x: Float[np.ndarray, " n"],
    lines: Mapping[str, Float[np.ndarray, " n"]],
    *,
    size: tuple[int, int] = (220, 420),
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    caption: str = "",
) -> Picture:
    """Draw lines in one frame, each named at its own colour above it.

    Args:
        x: rising; the same for all.
        lines: by their names.
        size: (h, w) of the frame with its numbers, without the names.
        low: of the upright axis; the lines' least by default.
        high: of the upright axis; the lines' largest by default.
        unit: written after the numbers of x.
        caption: below.

    >>> curves(np.array([0.0, 1.0]), {"a": np.array([0.0, 1.0])}, size=(100, 200)).size
    (118, 200)
    """
    values = np.concatenate([np.asarray(line, np.float64) for line in lines.values()])
    values = values[np.isfinite(values)]
    least = float(values.min(initial=np.inf)) if low is None else low
    most = float(values.max(initial=-np.inf)) if high is None else high
    if not most > least:
        least, most = least - 0.5, least + 0.5
    h, w = size
    wide, tall = w - _LEFT - 8, h - _BOTTOM - 8

    def at(u: float, v: float) -> tuple[float, float]:
        return (
            _LEFT + (u - float(x[0])) / max(float(x[-1] - x[0]), 1e-300) * wide,
            8 + (most - v) / (most - least) * tall,
        )

    plane = Image.new("RGB", (w * _SCALE, h * _SCALE), "white")
    draw = ImageDraw.Draw(plane)
    frame = [side * _SCALE for side in (*at(float(x[0]), most), *at(float(x[-1]), least))]
    draw.rectangle(frame, outline=HAIR, width=_SCALE)
    for k, line in enumerate(lines.values()):
        points = [
            tuple(side * _SCALE for side in at(float(u), float(np.clip(v, least, most))))
            for u, v in zip(x, line, strict=True)
            if np.isfinite(v)
        ]
        draw.line(points, fill=COLOURS[k % len(COLOURS)], width=2 * _SCALE, joint="curve")
    plane = plane.resize((w, h), Image.Resampling.LANCZOS)
    head = _names(list(lines), w)
    sheet = Image.new("RGB", (w, h + head.height), "white")
    sheet.paste(head, (0, 0))
    sheet.paste(plane, (0, head.height))
    draw = ImageDraw.Draw(sheet)
    for value in [least, *ticks(least, most, 4), most]:
        place = head.height + at(0.0, value)[1]
        if (
            value in (least, most)
            or min(abs(place - head.height - at(0.0, end)[1]) for end in (least, most)) > FINE
        ):
            text = number(value, most - least)
            draw_text(draw, (_LEFT - 6 - text_width(text, FINE), place - FINE * 0.7), text, FINE, fill=SOFT)
    for value in [float(x[0]), *ticks(float(x[0]), float(x[-1]), 5), float(x[-1])]:
        place = at(value, least)[0]
        text = f"{number(value)}{unit}"
        half = text_width(text, FINE) / 2
        draw_text(
            draw,
            (min(max(place, half), w - half), head.height + h - _BOTTOM),
            text,
            FINE,
            fill=SOFT,
            anchor="m",
        )
    return Picture(np.asarray(sheet), caption)


def _names(names: list[str], width: int) -> Image.Image:
    """The names of the lines in their colours, as many in a row as fit."""
    places: list[tuple[int, int]] = []
    x = y = 0
    for name in names:
        wide = text_width(name, FINE) + 26
        if x and x + wide > width:
            x, y = 0, y + line_height(FINE)
        places.append((x, y))
        x += wide
    image = Image.new("RGB", (width, y + line_height(FINE) + 3), "white")
    draw = ImageDraw.Draw(image)
    for k, (name, (left, top)) in enumerate(zip(names, places, strict=True)):
        middle = top + line_height(FINE) // 2
        draw.line((left, middle, left + 12, middle), fill=COLOURS[k % len(COLOURS)], width=3)
        draw_text(draw, (left + 16, top), name, FINE)
    return image
