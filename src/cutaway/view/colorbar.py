"""The colours of a scale with its numbers."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from cutaway.view.colormap import apply
from cutaway.view.scale import Range, number
from cutaway.view.text import HAIR, PAPER, SOFT, draw_text, line_height, text_width

__all__ = ["colorbar", "ticks"]


def colorbar(scale: Range, colormap: str, width: int, text_size: int = 13) -> Image.Image:
    """Draw a horizontal bar of a scale's colours with numbers below; its true ends are labelled.

    >>> colorbar(Range(0.0, 1.0, "cell"), "gray", 200).width
    200
    """
    bar_height = max(6, round(text_size * 0.7))
    image = Image.new("RGB", (width, bar_height + 4 + line_height(text_size)), PAPER)
    spread = scale.high - scale.low
    unit = np.linspace(0, 1, max(1, width - 2), dtype=np.float32)[None].repeat(bar_height - 2, 0)
    if not spread > 0:
        unit[:] = 0.5
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width - 1, bar_height - 1), outline=HAIR)
    image.paste(Image.fromarray(apply(unit, colormap)), (1, 1))
    named = [(scale.low, number(scale.low, spread))]
    if spread > 0:
        named.append((scale.high, number(scale.high, spread)))
        # Zero before all others: where labels would touch, the first one stays.
        inner = sorted(ticks(scale.low, scale.high, max(2, width // 72)), key=lambda value: value != 0)
        named += [(value, number(value)) for value in inner]
    taken: list[tuple[float, float]] = []
    for value, text in named:
        half = text_width(text, text_size) / 2
        share = 0.5
        if math.isinf(spread):  # the ends lie further apart than a float can say: all is halved first
            share = (value / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
        elif spread > 0:
            share = (value - scale.low) / spread
        place = round(share * (width - 1))
        middle = min(max(place, half), width - half)
        if any(middle + half + 12 > low and middle - half - 12 < high for low, high in taken):
            continue
        taken.append((middle - half, middle + half))
        draw.line((place, bar_height, place, bar_height + 2), SOFT)
        draw_text(draw, (middle, bar_height + 4), text, text_size, fill=SOFT, anchor="m")
    return image


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Give round numbers within a range: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0.0, 10.0)
    [2.0, 4.0, 6.0, 8.0]
    >>> ticks(1.0, 1.0)
    []
    """
    spread = high - low
    # So near to each other, or so far apart, there is no round number to write between them.
    if not 1e-9 * max(abs(low), abs(high)) < spread < 1e300 or spread < 1e-300:
        return []
    exponent = math.floor(math.log10(spread / most))
    step = next(m * 10.0**exponent for m in (1, 2, 5, 10, 20) if spread / (m * 10.0**exponent) <= most)
    first = math.floor(low / step) + 1
    found = [float(f"{i * step:.12g}") for i in range(first, first + most + 2)]
    return [value for value in found if low < value < high]
