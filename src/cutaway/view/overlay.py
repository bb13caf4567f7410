"""A map laid over its photo."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8

from cutaway.view.colormap import apply

__all__ = ["camshow", "gray_of", "overlay"]


def overlay(
    photo: UInt8[np.ndarray, "h w 3"], unit: Float[np.ndarray, "h w"], colormap: str, opacity: float
) -> UInt8[np.ndarray, "h w 3"]:
    """Lay a map over a photo: the stronger a place, the more of the colour and the less of the photo.

    The photo steps back into half-dark gray where the map is weak, so brightness rises with the map also in black
    and white. Where the map is NaN, outside of what the network saw, the photo is pale and nothing is coloured.

    Args:
        photo: RGB.
        unit: 0..1, NaN outside.
        colormap: its name.
        opacity: of the colour where the map is 1; 0..1. With "diverging" also where it is 0.

    >>> overlay(np.full((1, 2, 3), 200, np.uint8), np.array([[0.0, np.nan]]), "inferno", 0.8).shape
    (1, 2, 3)
    """
    colours = apply(unit, colormap).astype(np.float32)
    strength = np.abs(2 * unit - 1) if colormap == "diverging" else unit
    alpha = (opacity * np.nan_to_num(strength).astype(np.float32) ** 0.75)[..., None]
    gray = gray_of(photo)[..., None]
    # A little of the photo's own colour keeps it recognisable.
    quiet = 0.42 * (0.75 * gray + 0.25 * photo.astype(np.float32))
    if colormap == "diverging":
        quiet = 0.55 * gray + 90
    # Fine detail of the photo stays visible through the colour.
    relief = 0.72 + 0.28 * gray / 255
    mixed = (1 - alpha) * quiet + alpha * colours * relief
    outside = np.isnan(unit)
    mixed[outside] = 0.25 * np.broadcast_to(gray, mixed.shape)[outside] + 0.75 * 236
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def camshow(
    photo: UInt8[np.ndarray, "h w 3"], values: Float[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    """The look of MATLAB's CAMshow: min–max, below 0.2 to zero, jet times a ramp, over the gray photo at half brightness.

    Args:
        photo: RGB.
        values: the map at the photo's size; NaN counts as its minimum.

    >>> camshow(np.full((2, 2, 3), 128, np.uint8), np.array([[0.0, 1.0], [0.1, 0.5]])).dtype
    dtype('uint8')
    """
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    unit = np.nan_to_num(_unit(values.astype(np.float64), low, high))
    unit[unit < 0.2] = 0
    coloured = apply(unit.astype(np.float32), "jet").astype(np.float64) / 255 * unit[..., None]
    combined = 0.5 * gray_of(photo)[..., None] / 255 + coloured
    return np.round(255 * _unit(combined, float(combined.min()), float(combined.max()))).astype(np.uint8)


def gray_of(photo: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w"]:
    """Give a photo's brightness, 0..255 (ITU-R BT.601, as MATLAB's rgb2gray).

    >>> float(gray_of(np.full((1, 1, 3), 100, np.uint8))[0, 0].round(3))
    100.0
    """
    weights = np.array([0.2989, 0.587, 0.1141], np.float32)
    gray: np.ndarray = photo.astype(np.float32) @ weights
    return gray


def _unit(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
