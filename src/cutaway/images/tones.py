"""Pictures with more than 8 bits a channel (16-bit, 32-bit, float), brought to 8."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, UInt8, UInt16
from PIL import Image

__all__ = ["eight_bits", "sixteen_to_eight", "stretched"]

_BITS_PER_SAMPLE = 258  # TIFF 6.0, section 8
_PHOTOMETRIC = 262  # TIFF 6.0, section 8: 0 says that small values are white

# A table, because arithmetic on a large scan would need it two to four times wider in memory.
_SIXTEEN_TO_EIGHT = ((np.arange(65536) + 128) // 257).astype(np.uint8)


def sixteen_to_eight(values: UInt16[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Divide 16-bit values by 257 and round, so that 65535 becomes 255 and 0 stays 0.

    >>> sixteen_to_eight(np.array([0, 128, 129, 65535], np.uint16)).tolist()
    [0, 0, 1, 255]
    """
    eight: UInt8[np.ndarray, "*shape"] = np.take(_SIXTEEN_TO_EIGHT, values)
    return eight


def stretched(
    values: Float[np.ndarray, "h w"] | Int[np.ndarray, "h w"],
) -> tuple[UInt8[np.ndarray, "h w"], str]:
    """Bring values of unknown range to 8 bits: 0..1 as it is, anything else from its least to its greatest.

    Args:
        values: (h, w), any unit; NaN and infinite values become black.

    Returns:
        The 8-bit values, and a note that says what was done.

    >>> stretched(np.array([[0.0, 0.5, 1.0]]))
    (array([[  0, 128, 255]], dtype=uint8), 'values 0 … 1 shown from black to white')
    """
    finite = np.isfinite(values)
    bad = int(values.size - np.count_nonzero(finite))
    if bad == values.size:
        return np.zeros(values.shape, np.uint8), "no finite value: shown black"
    # Extremes first, in the values' own type: a float copy of everything is the last thing to make.
    low = float(np.min(values, where=finite, initial=np.inf)) if bad else float(values.min())
    high = float(np.max(values, where=finite, initial=-np.inf)) if bad else float(values.max())
    if values.dtype.kind == "f" and low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    # Scaling by halves keeps the span of ±1e308 finite; a flat picture has no span and becomes mid-gray.
    span = high / 2 - low / 2
    with np.errstate(all="ignore"):
        unit = (values / 2 - low / 2) / span if span > 0 else np.full(values.shape, 0.5)
        eight = np.where(finite, np.clip(np.rint(unit * 255), 0, 255), 0).astype(np.uint8)
    note = f"values {low:.6g} … {high:.6g} shown from black to white"
    return eight, f"{note}; {bad} not finite, shown black" if bad else note


def eight_bits(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Bring a decoded image to 8 bits a channel; one that has 8 already is given back as it is.

    Args:
        image: a loaded image of any mode.

    Returns:
        The image, and notes that say what was done.
    """
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return _from_sixteen(image)
    if image.mode in ("I", "F"):
        eight, note = stretched(np.asarray(image))
        return Image.fromarray(_dark_is_small(image, eight)), (note,)
    return image, ()


def _from_sixteen(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    values = np.asarray(image).astype(np.uint16, copy=False)  # in native byte order
    bits = _tag(image, _BITS_PER_SAMPLE, 16)
    if bits < 16:
        eight = np.rint(np.minimum(values, 2**bits - 1) * (255 / (2**bits - 1))).astype(np.uint8)
    else:
        eight = sixteen_to_eight(values)
    gray = Image.fromarray(_dark_is_small(image, eight))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        gray = Image.merge("LA", (gray, Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))))
    return gray, (f"{bits}-bit values reduced to 8 bits",)


def _dark_is_small(image: Image.Image, eight: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    # Pillow turns "small is white" round for 8-bit TIFF only.
    return 255 - eight if _tag(image, _PHOTOMETRIC, 1) == 0 else eight


def _tag(image: Image.Image, number: int, default: int) -> int:
    tags = getattr(image, "tag_v2", None)
    value = tags.get(number, default) if tags is not None else default
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) else default
