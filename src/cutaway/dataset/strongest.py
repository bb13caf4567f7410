"""The strongest places of every channel over many images, kept as the images go by."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["Strongest"]


class Strongest:
    """The k strongest images of each channel of one layer, and where in them the channel is strongest.

    The order is total: by value, then by the image's number; so it does not matter in which pieces images come.

    Args:
        keep: how many.
        lowest: keep those whose maximum is the lowest instead.

    >>> one = Strongest(2)
    >>> one.add(torch.tensor([[1.0], [5.0], [3.0]]), torch.tensor([0, 1, 2]), torch.zeros(3, 1, 1, 1))
    >>> one.values.tolist(), one.images.tolist()
    ([[5.0], [3.0]], [[1], [2]])
    """

    def __init__(self, keep: int, *, lowest: bool = False) -> None:
        self._keep, self._lowest = keep, lowest
        # Channels first: each channel's own few are sorted again with every batch.
        self._values = torch.empty(0, 0)
        self._images = torch.empty(0, 0, dtype=torch.int64)
        self._units = torch.empty(0, 0, dtype=torch.int32)

    @property
    def values(self) -> Float[Tensor, "k channels"]:
        """The strongest values, strongest first."""
        return self._values.T.contiguous()

    @property
    def images(self) -> Int[Tensor, "k channels"]:
        """The numbers of the images that they are in."""
        return self._images.T.contiguous()

    @property
    def units(self) -> Int[Tensor, "k channels"]:
        """The places in the maps, row · columns + column; the first of several that are as strong."""
        return self._units.T.contiguous()

    def add(
        self,
        maxima: Float[Tensor, "n channels"],
        images: Int[Tensor, " n"],
        maps: Float[Tensor, "n channels ..."],
    ) -> None:
        """Take in some images.

        Args:
            maxima: of each image and channel.
            images: their numbers, rising, above all that came before.
            maps: of which these are the maxima; looked at only where one of them is among the strongest.
        """
        channels = maxima.shape[1]
        if not len(self._values):
            self._values = maxima.new_empty(channels, 0)
            self._images = images.new_empty(channels, 0)
            self._units = images.new_empty(channels, 0, dtype=torch.int32)
        before, rows = self._values.shape[1], torch.arange(len(maxima), device=maxima.device)
        if before == self._keep:
            worst = self._values[:, -1]
            rows = (maxima < worst if self._lowest else maxima > worst).any(1).nonzero()[:, 0]
            if not len(rows):
                return
        # Earlier images stand first, so a stable sort puts the lower number first among equals.
        joined = torch.cat([self._values, maxima[rows].T], 1)
        order = joined.sort(dim=1, descending=not self._lowest, stable=True).indices[:, : self._keep]
        self._values = joined.gather(1, order)
        self._images = torch.cat([self._images, images[rows].expand(channels, -1)], 1).gather(1, order)
        blank = self._units.new_zeros(channels, len(rows))
        self._units = torch.cat([self._units, blank], 1).gather(1, order)
        channel, rank = (order >= before).nonzero(as_tuple=True)
        if maps.dim() == 4:
            row = rows[order[channel, rank] - before]
            self._units[channel, rank] = _strongest_places(maps, row, channel)


def _strongest_places(maps: Tensor, rows: Tensor, channels: Tensor) -> Tensor:
    """Find where some maps are strongest, image by image: of a map whose channels lie last whole rows are read."""
    found = torch.empty(len(rows), dtype=torch.int32, device=maps.device)
    for row in sorted(set(rows.tolist())):
        here = (rows == row).nonzero()[:, 0]
        if maps.is_contiguous(memory_format=torch.channels_last):
            few = maps[row].permute(1, 2, 0).flatten(0, 1).index_select(1, channels[here]).T.contiguous()
        else:
            few = maps[row].flatten(1).index_select(0, channels[here])
        found[here] = few.argmax(1).to(torch.int32)
    return found
