"""How alike two pictures are, as numbers."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from cutaway.errors import BadSetting

__all__ = ["correlation", "psnr"]


def correlation(one: Float[np.ndarray, "h w 3"], other: Float[np.ndarray, "h2 w2 3"]) -> float:
    """Give Pearson's correlation over all pixel values, of all colours together: −1..1.

    1 is the same picture, up to brightness and contrast; NaN where either has one value only.

    Args:
        one: a picture's values.
        other: another's, of the same size.

    Raises:
        BadSetting: for pictures of different sizes.

    >>> ramp = np.arange(12.0).reshape(2, 2, 3)
    >>> round(correlation(ramp, 3 * ramp + 5), 6), round(correlation(ramp, -ramp), 6)
    (1.0, -1.0)
    """
    a, b = (np.asarray(each, np.float64) - np.mean(each, dtype=np.float64) for each in _same(one, other))
    size = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else math.nan


def psnr(one: Float[np.ndarray, "h w 3"], other: Float[np.ndarray, "h2 w2 3"]) -> float:
    """Give the peak signal-to-noise ratio in decibels: 10·log₁₀ of 1 over the mean squared difference.

    Args:
        one: a picture's values, 0..1.
        other: another's, of the same size.

    Raises:
        BadSetting: for pictures of different sizes.

    >>> round(psnr(np.zeros((2, 2, 3)), np.full((2, 2, 3), 0.1)), 6)
    20.0
    >>> psnr(np.zeros((2, 2, 3)), np.zeros((2, 2, 3)))
    inf
    """
    a, b = _same(one, other)
    error = float(np.square(np.asarray(a, np.float64) - b).mean())
    return -10 * math.log10(error) if error > 0 else math.inf


def _same(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if one.shape != other.shape:
        raise BadSetting(f"only pictures of one size are compared, got {one.shape} and {other.shape}")
    return one, other
