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
    """Draw boxes on a photo; a dark rim keeps them apart from any background.

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
    for i, (box, name) in enumerate(boxes.items()):
        top, left, bottom, right = box
        colour = COLOURS[i % len(COLOURS)]
        edge = (left, top, right - 1, bottom - 1)
        inner = (left + width, top + width, right - 1 - width, bottom - 1 - width)
        # A box of a few pixels has no room for a rim.
        small = inner[2] <= inner[0] or inner[3] <= inner[1]
        pen.rectangle(edge, outline="#000000", width=3 * width)
        pen.rectangle(edge if small else inner, outline=colour, width=width)
        pen.rectangle(_label(name, left, top, size, width), fill="#000000")
        draw_text(pen, (left + 3 * width, top + 2 * width), name, size, fill=ImageColor.getrgb(colour)[:3])
    return replace(photo, pixels=np.asarray(image), caption=caption, raw=None)


def _label(name: str, left: int, top: int, size: int, width: int) -> tuple[int, int, int, int]:
    """The ground on which a name is written, in the box's upper left corner."""
    return left, top, left + text_width(name, size) + 6 * width, top + line_height(size) + 2 * width
