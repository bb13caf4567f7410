"""How places without a number look: hatched, so that they pass for no value of any colour map, nor in print."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, UInt8

__all__ = ["hatch"]

GROUND, LINE, APART = (214, 214, 219), (160, 160, 170), 6


def hatch(
    image: UInt8[np.ndarray, "*n h w 3"], where: Bool[np.ndarray, "*n h w"]
) -> UInt8[np.ndarray, "*n h w 3"]:
    """Give the image with thin diagonals on light gray where there is no number; as it was where there is none such.

    >>> hatch(np.zeros((1, 6, 3), np.uint8), np.array([[False, True, True, True, True, True]]))[
    ...     0, :, 0
    ... ].tolist()
    [0, 214, 214, 214, 214, 160]
    """
    if not where.any():
        return image
    h, w = where.shape[-2:]
    diagonal = (np.arange(h)[:, None] + np.arange(w)) % APART == APART - 1
    pattern = np.where(diagonal[..., None], LINE, GROUND).astype(np.uint8)
    hatched: np.ndarray = np.where(where[..., None], pattern, image)
    return hatched
