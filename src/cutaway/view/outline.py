"""Boxes drawn on a photo, each with its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from cutaway.view.picture import Picture
from cutaway.view.text import draw_text, line_height, text_width

__all__ = ["outlined"]

# Far apart in hue and all light enough for a dark line around them.
COLOURS = ("#ffb000", "#33bbee", "#ee3377", "#7fd34e", "#ffffff", "#cc79ff", "#ff7f3f", "#00d1b2", "#f0e442")


def outlined(photo: Picture, boxes: Mapping[tuple[int, int, int, int], str], caption: str = "") -> Picture:
    """Draw boxes on a photo; a dark rim keeps them apart from any background, and no name lies on another.

    A name stands in the first corner of its box that is free, the upper left one before the others.

    Args:
        photo: not changed.
        boxes: (top, left, bottom, right) in its pixels, the last two exclusive → a short name.
        caption: of the result.

    >>> outlined(Picture(np.zeros((40, 40, 3), np.uint8)), {(5, 5, 30, 30): "7"}).size
    (40, 40)
    """
    image = Image.fromarray(photo.pixels)
    pen = ImageDraw.Draw(image)
    width = max(1, round(min(photo.size) / 200))
    size = max(10, min(photo.size) // 24)
    for i, box in enumerate(boxes):
        top, left, bottom, right = box
        colour = COLOURS[i % len(COLOURS)]
        edge = (left, top, right - 1, bottom - 1)
        inner = (left + width, top + width, right - 1 - width, bottom - 1 - width)
        # A box of a few pixels has no room for a rim.
        small = inner[2] <= inner[0] or inner[3] <= inner[1]
        pen.rectangle(edge, outline="#000000", width=3 * width)
        pen.rectangle(edge if small else inner, outline=colour, width=width)
    taken: list[_Ground] = []
    for i, (box, name) in enumerate(boxes.items()):
        ground = min(_corners(name, box, size, width), key=lambda one: sum(_common(one, t) for t in taken))
        taken.append(ground)
        pen.rectangle(ground, fill="#000000")
        fill = ImageColor.getrgb(COLOURS[i % len(COLOURS)])[:3]
        draw_text(pen, (ground[0] + 3 * width, ground[1] + 2 * width), name, size, fill=fill)
    return replace(photo, pixels=np.asarray(image), caption=caption, raw=None)


# (left, top, right, bottom) of what a name is written on, both ends included.
_Ground = tuple[int, int, int, int]


def _corners(name: str, box: tuple[int, int, int, int], size: int, width: int) -> list[_Ground]:
    """The grounds on which a name may be written, in the corners of its box."""
    top, left, bottom, right = box
    w, h = text_width(name, size) + 6 * width, line_height(size) + 2 * width
    # A box smaller than its name has one corner only.
    across, down = (left, max(left, right - 1 - w)), (top, max(top, bottom - 1 - h))
    return [(x, y, x + w, y + h) for y in down for x in across]


def _common(one: _Ground, other: _Ground) -> int:
    """How many pixels two grounds share."""
    w, h = (min(one[k + 2], other[k + 2]) - max(one[k], other[k]) + 1 for k in (0, 1))
    return max(0, w) * max(0, h)
