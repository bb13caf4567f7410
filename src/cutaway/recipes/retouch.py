"""Changing a photo where a mask says so: soft edges, and holes filled from what is around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from cutaway.view.mask import Box

__all__ = ["boxed", "filled", "hull", "softened"]

# Of 64: how wide the border of a change is.
_SOFT = 2


def softened(
    mask: Bool[np.ndarray, "rows columns"], size: tuple[int, int], around: int = 2
) -> Float[Tensor, "1 1 h w"]:
    """Bring a mask to an image's size, a little larger, with a soft edge: 1 inside, 0 outside.

    Args:
        mask: coarse.
        size: (h, w) of the image.
        around: cells of the mask by which it grows.

    >>> mask = np.zeros((8, 8), bool)
    >>> mask[4, 4] = True
    >>> soft = softened(mask, (80, 80), around=1)
    >>> float(soft[0, 0, 45, 45]), float(soft[0, 0, 0, 0])
    (1.0, 0.0)
    """
    inside = torch.from_numpy(mask)[None, None].float()
    width = 2 * _SOFT + 1
    grown = F.max_pool2d(inside, 2 * around + 1, 1, around)
    soft = torch.maximum(grown, F.avg_pool2d(grown, width, 1, _SOFT, count_include_pad=False))
    return F.interpolate(soft, size, mode="bilinear", align_corners=False)


def hull(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Fill a mask between the ends of its rows and of its columns: a guess at an object with its hollows.

    >>> hull(np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1]], bool)).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    found = mask.copy()
    for axis in (0, 1):
        before = np.maximum.accumulate(mask, axis)
        after = np.flip(np.maximum.accumulate(np.flip(mask, axis), axis), axis)
        found |= before & after
    return found


def boxed(boxes: Sequence[Box], size: tuple[int, int], cells: int = 64) -> Bool[np.ndarray, "cells cells"]:
    """Draw boxes, in pixels of an image, on as many cells both ways.

    >>> int(boxed([(0, 0, 50, 50)], (100, 100), cells=4).sum())
    4
    """
    mask = np.zeros((cells, cells), bool)
    h, w = size
    for top, left, bottom, right in boxes:
        down = slice(int(top * cells / h), max(1, -int(-bottom * cells // h)))
        across = slice(int(left * cells / w), max(1, -int(-right * cells // w)))
        mask[down, across] = True
    return mask


def filled(image: Float[Tensor, "1 c h w"], gone: Bool[Tensor, "1 1 h w"]) -> Float[Tensor, "1 c h w"]:
    """Fill a part of an image smoothly from what is around it.

    >>> image = torch.ones(1, 3, 8, 8)
    >>> hole = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    >>> hole[..., 2:6, 2:6] = True
    >>> bool((filled(image, hole) == 1).all())
    True
    """
    known = (~gone).to(image)
    if not bool(known.any()):
        return image
    levels = [(image * known, known)]
    while min(levels[-1][0].shape[2:]) > 1:
        values, weight = levels[-1]
        levels.append((F.avg_pool2d(values, 2, ceil_mode=True), F.avg_pool2d(weight, 2, ceil_mode=True)))
    colour = levels[-1][0] / levels[-1][1].clamp_min(1e-6)
    for values, weight in reversed(levels[:-1]):
        coarse = F.interpolate(colour, values.shape[2:], mode="bilinear", align_corners=False)
        colour = values + coarse * (1 - weight)
    return torch.where(gone, colour, image)
