"""Regions of an unchanged map with new values in a part of them: what a changed window's next operation reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from cutaway.network.spread import Span, Windows

__all__ = ["Patch", "Run", "Side", "as_maps", "as_rows", "hidden", "joined", "padded", "side", "sums"]


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


class Run(NamedTuple):
    """Neighbouring positions whose windows lie alike in their regions: where these, and which cells of both."""

    positions: slice
    region: slice
    window: slice


@dataclass(frozen=True)
class Side:
    """Along one axis, the cells of the regions to cut, one row for each position.

    Args:
        firsts: of the regions, in cells of the padded map.
        size: of a region.
        runs: where the new values go.
        same: the regions are the windows of new values, and nothing need be cut.
    """

    firsts: tuple[int, ...]
    size: int
    runs: tuple[Run, ...]
    same: bool

    @cached_property
    def cells(self) -> Int[Tensor, "n cells"]:
        """The places of all cells in the padded map."""
        return _cells(Windows(self.firsts, self.size), torch.device("cpu"))


def side(firsts: Sequence[int], size: int, before: int, inner: Windows) -> Side:
    """Lay regions over windows of new values along one axis.

    Args:
        firsts: of the regions, in cells of the map; negative ones lie in the padding.
        size: of a region.
        before: padding before the map.
        inner: the windows.

    >>> side([-1], 4, 1, Windows((0,), 2)).runs
    (Run(positions=slice(0, 1, None), region=slice(1, 3, None), window=slice(0, 2, None)),)
    """
    runs: list[Run] = []
    # From a region's first cell to its window's.
    for k, ahead in enumerate(new - first for new, first in zip(inner.firsts, firsts, strict=True)):
        start, stop = max(ahead, 0), min(ahead + inner.size, size)
        if stop <= start:
            continue
        region, window = slice(start, stop), slice(start - ahead, stop - ahead)
        if runs and runs[-1][1:] == (region, window) and runs[-1].positions.stop == k:
            runs[-1] = Run(slice(runs[-1].positions.start, k + 1), region, window)
        else:
            runs.append(Run(slice(k, k + 1), region, window))
    same = tuple(firsts) == inner.firsts and size == inner.size
    return Side(tuple(first + before for first in firsts), size, tuple(runs), same)


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
    rows, columns = len(y.firsts), len(x.firsts)
    place = (y.cells * width)[:, None, :, None] + x.cells[None, :, None]
    found = kept.index_select(0, place.flatten().to(kept.device))
    regions = found.view(rows, columns, y.size, x.size, -1)
    new = as_rows(patch.values).view(rows, columns, patch.y.size, patch.x.size, -1)
    for down in y.runs:
        for across in x.runs:
            there = regions[down.positions, across.positions, down.region, across.region]
            there.copy_(new[down.positions, across.positions, down.window, across.window])
    return as_maps(found, rows * columns, y.size, x.size)


def hidden(
    image: Float[Tensor, "1 c h w"],
    filled: Float[Tensor, "1 c h w"],
    at: tuple[Windows, Windows],
    spans: tuple[Sequence[Span], Sequence[Span]],
) -> Patch:
    """Replace a part of an image at each position; a window that is larger than its part holds the image beyond it.

    Args:
        image: unchanged.
        filled: what the parts are replaced by, at every place.
        at: the windows along the height and the width.
        spans: the parts to replace, likewise.

    >>> windows, spans = Windows((0, 1), 3), [Span(0, 3), Span(2, 4)]
    >>> image, filled = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    >>> hidden(image, filled, (windows, windows), (spans, spans)).values.sum((1, 2, 3))
    tensor([9., 6., 6., 4.])
    """
    y, x = at
    new = _cut(filled, y, x)
    if any(
        Span(first, first + here.size) != span
        for here, several in zip(at, spans, strict=True)
        for first, span in zip(here.firsts, several, strict=True)
    ):
        in_y, in_x = (_inside(here, several, image.device) for here, several in zip(at, spans, strict=True))
        inside = (in_y[:, None, :, None] & in_x[None, :, None]).flatten()
        new = torch.where(inside[:, None], new, _cut(image, y, x))
    return Patch(as_maps(new, len(y.firsts) * len(x.firsts), y.size, x.size), y, x)


def _cut(image: Float[Tensor, "1 c h w"], y: Windows, x: Windows) -> Float[Tensor, "cells c"]:
    row, column = (_cells(here, image.device) for here in (y, x))
    place = (row[:, None, :, None] * image.shape[3] + column[None, :, None]).flatten()
    return as_rows(image).index_select(0, place)


def _inside(here: Windows, spans: Sequence[Span], device: torch.device) -> Bool[Tensor, "n cells"]:
    first, stop = (torch.tensor([span[end] for span in spans], device=device)[:, None] for end in (0, 1))
    cells = _cells(here, device)
    return (cells >= first) & (cells < stop)


def _cells(here: Windows, device: torch.device) -> Int[Tensor, "n cells"]:
    return torch.tensor(here.firsts, device=device)[:, None] + torch.arange(here.size, device=device)


def sums(base: Float[Tensor, "1 c h w"]) -> Float[Tensor, "h1 w1 c"]:
    """Sums over all cells above and to the left, in double precision."""
    return F.pad(base[0].permute(1, 2, 0).double().cumsum(0).cumsum(1), (0, 0, 1, 0, 1, 0))


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
