"""NumPy arrays as pictures."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image

from cutaway.errors import BadImage
from cutaway.images.tones import sixteen_to_eight

__all__ = ["image_of_array"]

_ALLOWED = "Allowed: uint8, uint16, or float from 0 to 1; shapes (h, w), (h, w, 1), (h, w, 3), (h, w, 4)"
_SLACK = 1e-3  # how far resizing and 32-bit rounding may carry a value over the edge of 0..1


def image_of_array(values: Shaped[np.ndarray, "*shape"]) -> Image.Image:
    """Make an 8-bit image of an array; a fourth channel is transparency.

    Args:
        values: (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), of uint8 in 0..255, uint16 in 0..65535 or float in
            0..1.

    Raises:
        BadImage: for any other shape, type or range, with what is allowed.

    >>> image_of_array(np.ones((2, 3))).getpixel((0, 0))
    255
    """
    described = f"array of {values.dtype} {values.shape}"
    channels = 1 if values.ndim == 2 else values.shape[-1] if values.ndim == 3 else 0
    if channels not in (1, 3, 4):
        hint = ""
        if values.ndim == 3 and values.shape[0] in (1, 3, 4):
            hint = "; channels come last: numpy.moveaxis(values, 0, -1)"
        if values.ndim == 4:
            hint = "; give one picture of the batch at a time"
        raise BadImage(described, f"its shape is not that of a picture{hint}. {_ALLOWED}")
    if values.size == 0:
        raise BadImage(described, f"it has no pixels. {_ALLOWED}")
    return Image.fromarray(_eight(values[:, :, 0] if values.shape[2:] == (1,) else values, described))


def _eight(values: Shaped[np.ndarray, "*shape"], described: str) -> UInt8[np.ndarray, "*shape"]:
    if values.dtype.str[1:] == "u1":
        return np.ascontiguousarray(values)
    if values.dtype.str[1:] == "u2":  # in either byte order
        return sixteen_to_eight(values.astype(np.uint16))
    if values.dtype.kind != "f":
        raise BadImage(described, f"its values are of type {values.dtype}. {_ALLOWED}")
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise BadImage(described, f"it has values that are NaN or infinite. {_ALLOWED}")
    if low < -_SLACK or high > 1 + _SLACK:
        hint = "; divide by 255, or give uint8" if low >= 0 and 1 < high <= 255 else ""
        raise BadImage(described, f"its values go from {low:.6g} to {high:.6g}{hint}. {_ALLOWED}")
    eight: UInt8[np.ndarray, "*shape"] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return eight
