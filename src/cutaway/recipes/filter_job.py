"""Images for the channels of whole networks, as one value of which any worker can carry out a shard."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save

from cutaway.errors import NonFinite
from cutaway.jobs.job import Made
from cutaway.network.network import Network
from cutaway.network.progress import watched
from cutaway.recipes.made_filters import MadeFilter, made_filters
from cutaway.recipes.making import making_of

__all__ = ["CHANNELS", "ENDS", "IMAGES", "PICTURES", "TOLD", "FilterJob", "cuts"]

# What a shard's file holds: which channels; their images, colours as floats (n, h, w, 3); the same as they are drawn,
# PNG files one after the other, and where each ends; and the numbers of each, as JSON.
CHANNELS, IMAGES, PICTURES, ENDS, TOLD = "channels", "images", "pictures", "ends", "told"


@dataclass(frozen=True)
class FilterJob:
    """A network, channels of its layers, and how an image is made for each.

    Args:
        network: with its preprocessing.
        layers: their names, each with the channels.
        recipe: the name of a making.
        size: of an image, (h, w).
        steps: of the ascent.
        seed: of every image.
        shard: the most channels in a shard, all of one layer.
        batch: images at once. Which run together is fixed, so that every run gives the same bytes.
    """

    network: Network
    layers: tuple[tuple[str, tuple[int, ...]], ...]
    recipe: str
    size: tuple[int, int]
    steps: int
    seed: int
    shard: int
    batch: int

    @property
    def name(self) -> str:
        """The network's."""
        return self.network.name

    @property
    def device(self) -> torch.device:
        """The network's."""
        return self.network.device

    @property
    def shards(self) -> int:
        """How many there are."""
        return sum(-(-len(channels) // self.shard) for _, channels in self.layers)

    def cut(self, number: int) -> tuple[str, tuple[int, ...]]:
        """Give the layer and the channels of a shard."""
        return cuts(self.layers, self.shard)[number]

    def pieces(self, number: int) -> int:
        """Count the channels of a shard."""
        return len(self.cut(number)[1])

    def fresh(self) -> FilterJob:
        """Give it with a network that has not run yet."""
        return replace(self, network=replace(self.network))

    def make(self, number: int) -> Made:
        """Make the images of a shard.

        Channels whose image leads to no number are left out and told.

        Raises:
            KeyboardInterrupt: where it was stopped: half an ascent is none.
        """
        layer, channels = self.cut(number)
        made: list[MadeFilter] = []
        skipped: list[tuple[int, str]] = []
        # Shards are what the progress counts, whoever makes them.
        with watched(lambda what, done, total: None):
            for start in range(0, len(channels), self.batch):
                together = channels[start : start + self.batch]
                try:
                    made += self.images(layer, together)
                except NonFinite:
                    for channel in together:
                        try:
                            made += self.images(layer, [channel])
                        except NonFinite as error:
                            skipped.append((channel, str(error)))
        return Made(number, saved(made, self), tuple(skipped))

    def images(self, layer: str, channels: Sequence[int]) -> list[MadeFilter]:
        """Make the images of these channels, together."""
        making = making_of(self.recipe)
        made, stopped = made_filters(
            self.network, layer, channels, making, self.size, self.steps, self.seed, batch=len(channels)
        )
        if stopped:
            raise KeyboardInterrupt
        return made


def cuts(layers: Sequence[tuple[str, Sequence[int]]], shard: int) -> list[tuple[str, tuple[int, ...]]]:
    """Cut channels into shards: the layer and the channels of each.

    >>> cuts([("a", range(5)), ("b", [7])], 3)
    [('a', (0, 1, 2)), ('a', (3, 4)), ('b', (7,))]
    """
    return [
        (layer, tuple(channels[start : start + shard]))
        for layer, channels in layers
        for start in range(0, len(channels), shard)
    ]


def saved(made: Sequence[MadeFilter], job: FilterJob) -> bytes:
    """Write images as a shard's file.

    Args:
        made: of one layer.
        job: that they are of.
    """
    making = making_of(job.recipe)
    pictures, told = [], []
    # Half precision tells colours to a tenth of a level of 255; they are drawn from what is kept.
    images = np.zeros((len(made), *job.size, 3), np.float16)
    for row, one in zip(images, made, strict=True):
        row[:] = one.image.permute(1, 2, 0).numpy()
        drawn = making.drawn(torch.from_numpy(row).permute(2, 0, 1))
        file = io.BytesIO()
        Image.fromarray(drawn.pixels).save(file, "PNG")
        pictures.append(file.getvalue())
        told.append({"ascended": one.ascended, "after": one.after} | _numbers(one))
    arrays: dict[str, np.ndarray] = {
        CHANNELS: np.array([one.channel for one in made], np.int64),
        IMAGES: images,
        PICTURES: np.frombuffer(b"".join(pictures), np.uint8),
        ENDS: np.cumsum([len(one) for one in pictures], dtype=np.int64),
        TOLD: np.frombuffer(json.dumps(told).encode(), np.uint8),
    }
    return save(arrays)


def _numbers(one: MadeFilter) -> dict[str, float]:
    return {"start": one.start, "mean": one.mean, "max": one.max}
