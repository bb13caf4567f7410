"""A mask on its photo: the object in colour, the rest pale, and a line between them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from cutaway.errors import BadSetting
from cutaway.view.mask import bounding_box
from cutaway.view.picture import Picture

__all__ = ["cutout"]

LINE = np.array([255, 176, 0], np.uint8)


def cutout(photo: Picture, mask: Bool[np.ndarray, "h w"], caption: str = "") -> Picture:
    """Draw a photo with what a mask leaves out made pale and gray, its edge as a line and its box as a thin one.

    Args:
        photo: not changed.
        mask: of the photo's size; the result's `values` are it, as 0 and 1.
        caption: below.

    Raises:
        BadSetting: for a mask of another size.

    >>> cutout(Picture(np.zeros((4, 6, 3), np.uint8)), np.ones((4, 6), bool)).values.sum()
    np.float32(24.0)
    """
    if mask.shape != photo.size:
        raise BadSetting(f"the mask is {mask.shape}, the photo {photo.size}")
    pale = 160 + photo.gray().pixels.astype(np.float32) * (80 / 255)
    pixels = np.where(mask[..., None], photo.pixels, pale.astype(np.uint8))
    width = max(1, round(min(photo.size) / 200))
    inside = mask.copy()
    for _ in range(width):
        shrunk = inside.copy()
        shrunk[1:] &= inside[:-1]
        shrunk[:-1] &= inside[1:]
        shrunk[:, 1:] &= inside[:, :-1]
        shrunk[:, :-1] &= inside[:, 1:]
        inside = shrunk
    pixels[mask & ~inside] = LINE
    box = bounding_box(mask)
    if box is not None:
        top, left, bottom, right = box
        for rows, columns in (
            (slice(top, top + 1), slice(left, right)),
            (slice(bottom - 1, bottom), slice(left, right)),
            (slice(top, bottom), slice(left, left + 1)),
            (slice(top, bottom), slice(right - 1, right)),
        ):
            pixels[rows, columns] = LINE
    return Picture(pixels, caption, photo.path, raw=mask.astype(np.float32))
