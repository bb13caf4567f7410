"""The look of MATLAB's CAMshow, for those who know it: jet that fades to nothing, over the gray photo."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8

from cutaway.view.colormap import jet
from cutaway.view.overlay import gray_of

__all__ = ["camshow"]


def camshow(
    photo: UInt8[np.ndarray, "h w 3"], values: Float[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw a map as CAMshow does.

    Min–max; below 0.2 to zero; 255 colours of jet times a ramp from 0 to 1; plus the gray photo at half brightness;
    min–max again. A map, or a sum, that is the same everywhere is drawn as zero.

    Args:
        photo: RGB.
        values: the map at the photo's size; NaN counts as its minimum.

    >>> camshow(np.full((1, 2, 3), 128, np.uint8), np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0], [255, 0, 0]]]
    """
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    unit = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    unit = _stretched(unit, low, high)
    unit[unit < 0.2] = 0
    level = np.minimum(np.floor(unit * 255 + 0.5), 255).astype(np.intp)
    gray = np.floor(gray_of(photo) + np.float32(0.5)).astype(np.intp)
    # There are only so many pairs of a gray and a colour: compute each pair once, then look pixels up.
    pair = gray * 256 + level
    colours = jet(255) * np.linspace(0, 1, 255)[:, None]
    colours = np.concatenate([colours, colours[-1:]])  # an index beyond the last colour takes the last
    combined = (np.arange(256)[:, None, None] / 2 + 255 * colours).reshape(-1, 3)
    present = combined[np.bincount(pair.ravel(), minlength=256 * 256) > 0]
    drawn = 255 * _stretched(combined, float(present.min()), float(present.max()))
    looked_up: np.ndarray = np.clip(np.floor(drawn + 0.5), 0, 255).astype(np.uint8)[pair]
    return looked_up


def _stretched(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
