"""Maps on their way to the page: no finer than it can show."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.network.receptive_field import Lattice

__all__ = ["coarser", "in_blocks"]


def in_blocks(maps: Float[Tensor, "n c rows columns"], block: int) -> Float[Tensor, "n c fewer narrower"]:
    """Take the largest value of each block of cells: what is strong stays to be seen.

    Args:
        maps: raw.
        block: cells along a block's side; those at the lower and right edge may have fewer.

    >>> import torch
    >>> in_blocks(torch.arange(6.0).view(1, 1, 2, 3), 2).tolist()
    [[[[4.0, 5.0]]]]
    """
    return F.max_pool2d(maps, block, ceil_mode=True) if block > 1 else maps


def coarser(
    maps: Float[Tensor, "n c rows columns"], lattice: Lattice, most: int
) -> tuple[Float[Tensor, "n c fewer narrower"], Lattice]:
    """Give maps of at most so many cells a side, and where these cells lie.

    Args:
        maps: raw.
        lattice: where their cells lie.
        most: cells that the longer side may have.

    >>> import torch
    >>> maps, lattice = coarser(torch.zeros(1, 1, 6, 6), Lattice((0.5, 0.5), (1.0, 1.0)), 3)
    >>> maps.shape, lattice
    (torch.Size([1, 1, 3, 3]), Lattice(start=(1.0, 1.0), step=(2.0, 2.0)))
    """
    block = -(-max(maps.shape[2:]) // most)
    if block == 1:
        return maps, lattice
    (top, left), (down, right) = lattice.start, lattice.step
    middle = (block - 1) / 2
    return in_blocks(maps, block), Lattice(
        (top + middle * down, left + middle * right), (block * down, block * right)
    )
