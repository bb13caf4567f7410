"""Channel numbers on a sheet: figures drawn once and stamped, so that two thousand of them cost nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from cutaway.view.text import PAPER, SOFT, draw_text, line_height, text_width

__all__ = ["stamp"]


def stamp(sheet: UInt8[np.ndarray, "h w 3"], y: int, x: int, text: str, size: int) -> None:
    """Write a short text onto a sheet, with its upper left corner at (y, x); what does not fit is left out.

    >>> sheet = np.full((20, 40, 3), 255, np.uint8)
    >>> stamp(sheet, 2, 2, "17", 11)
    >>> bool((sheet < 200).any())
    True
    """
    if text.isascii() and text.isdigit():
        drawn = np.concatenate([_drawn(figure, size) for figure in text], axis=1)
    else:
        drawn = _drawn(text, size)
    place = sheet[y : y + drawn.shape[0], x : x + drawn.shape[1]]
    place[:] = drawn[: place.shape[0], : place.shape[1]]


@cache
def _drawn(text: str, size: int) -> UInt8[np.ndarray, "h w 3"]:
    image = Image.new("RGB", (max(1, text_width(text, size)), line_height(size)), PAPER)
    draw_text(ImageDraw.Draw(image), (0, 0), text, size, fill=SOFT)
    return np.asarray(image)
