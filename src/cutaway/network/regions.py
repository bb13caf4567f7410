"""Regions of an unchanged map with new values in a part of them: what a changed window's next operation reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from cutaway.network.spread import Windows

__all__ = ["Patch", "Side", "as_maps", "as_rows", "joined", "padded", "side"]


@dataclass(frozen=True, eq=False)
class Patch:
    """New values of a map inside a window for each position.

    Args:
        values: (k,c,h,w), the positions row by row.
        y: the windows along the height, one for each row of positions.
        x: along the width, one for each column.
    """

    values: Tensor
    y: Windows
    x: Windows


class Side(NamedTuple):
    """Along one axis, the cells of the regions to cut, one row for each position.

    Args:
        kept: their places in the padded map.
        new: their places in the window of new values.
        inside: whether that window has them.
        same: the regions are those windows, and nothing need be cut.
    """

    kept: Int[Tensor, "n cells"]
    new: Int[Tensor, "n cells"]
    inside: Bool[Tensor, "n cells"]
    same: bool


def side(firsts: Sequence[int], size: int, before: int, inner: Windows, device: torch.device) -> Side:
    """Lay regions over windows of new values along one axis.

    Args:
        firsts: of the regions, in cells of the map; negative ones lie in the padding.
        size: of a region.
        before: padding before the map.
        inner: the windows.
        device: of the map.

    >>> side([-1], 4, 1, Windows((0,), 2), torch.device("cpu")).inside
    tensor([[False,  True,  True, False]])
    """
    cells = torch.tensor(firsts, device=device)[:, None] + torch.arange(size, device=device)
    new = cells - torch.tensor(inner.firsts, device=device)[:, None]
    same = tuple(firsts) == inner.firsts and size == inner.size
    return Side(cells + before, new, (new >= 0) & (new < inner.size), same)


def padded(
    values: Float[Tensor, "1 c h w"], before: tuple[int, int], size: tuple[int, int], outside: float
) -> Tensor:
    """Give a map inside padding, one row of channels for each cell.

    Args:
        values: the map.
        before: rows above and columns to the left.
        size: (h, w) with all padding.
        outside: the padding's value.

    >>> padded(torch.ones(1, 2, 1, 1), (1, 0), (2, 2), 0.0)[:, 0]
    tensor([0., 0., 1., 0.])
    """
    h, w = values.shape[2:]
    around = (before[1], size[1] - w - before[1], before[0], size[0] - h - before[0])
    return as_rows(F.pad(values, around, value=outside) if any(around) else values).contiguous()


def joined(kept: Tensor, width: int, patch: Patch, y: Side, x: Side) -> Float[Tensor, "k c h w"]:
    """Cut the regions out of a padded map, with the new values in them.

    Args:
        kept: the padded map's cells, (cells, c).
        width: of the padded map.
        patch: the new values.
        y: the regions along the height.
        x: along the width.

    Returns:
        In channels-last memory.
    """
    if y.same and x.same:
        return patch.values
    rows, columns = len(y.kept), len(x.kept)
    h, w = y.kept.shape[1], x.kept.shape[1]
    start = len(kept) + torch.arange(rows * columns, device=kept.device) * (patch.y.size * patch.x.size)
    new_y = start.view(rows, columns, 1) + (y.new * patch.x.size)[:, None]
    new = new_y[..., None] + x.new[None, :, None]
    old = (y.kept * width)[:, None, :, None] + x.kept[None, :, None]
    place = torch.where(y.inside[:, None, :, None] & x.inside[None, :, None], new, old)
    found = torch.cat([kept, as_rows(patch.values)]).index_select(0, place.flatten())
    return as_maps(found, rows * columns, h, w)


def as_rows(maps: Float[Tensor, "k c h w"]) -> Float[Tensor, "cells c"]:
    """Give one row of channels for each cell.

    >>> as_rows(torch.zeros(2, 3, 4, 5)).shape
    torch.Size([40, 3])
    """
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def as_maps(rows: Float[Tensor, "cells c"], count: int, h: int, w: int) -> Float[Tensor, "count c h w"]:
    """Give rows of channels as maps in channels-last memory.

    >>> as_maps(torch.zeros(40, 3), 2, 4, 5).shape
    torch.Size([2, 3, 4, 5])
    """
    return rows.view(count, h, w, rows.shape[1]).permute(0, 3, 1, 2)
