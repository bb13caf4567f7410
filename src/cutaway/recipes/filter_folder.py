"""A folder of images made for the channels of a network, opened for reading."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from cutaway.errors import BadIndex, BadSetting, UnknownLayer, closest
from cutaway.jobs.arrays import Shards
from cutaway.jobs.store import Kind, Store
from cutaway.network.fingerprint import fingerprint
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.recipes.filter_job import CHANNELS, ENDS, IMAGES, PICTURES, TOLD, cuts
from cutaway.recipes.filter_sheet import caption_of, told_filter
from cutaway.recipes.made_filters import MadeFilter
from cutaway.recipes.making import Making, making_of
from cutaway.view.picture import Picture

__all__ = ["SCHEMA", "FilterFolder", "KeptFilter", "colours_told", "filter_store", "open_filters"]

SCHEMA = 1
_KIND = Kind(
    "filters", "a folder of filters", "run", "cutaway filters LAYERS --into …", "make them again", SCHEMA
)


class KeptFilter(NamedTuple):
    """An image that was made for a channel.

    Args:
        picture: as it is drawn, with what it reaches as its caption; `picture.values` are its raw colours.
        numbers: of it, for a machine.
        made: the image and its numbers, as `filters` makes them.
    """

    picture: Picture
    numbers: dict[str, object]
    made: MadeFilter


class FilterFolder:
    """A folder of filters on the disk; images are read when they are asked for, and checked then.

    It may be opened while it is made: what is there can be read.

    Args:
        folder: that `filters_into` made.

    Raises:
        BadIndex: where it is none, or is damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._store = filter_store(self.folder)
        self.manifest: dict[str, Any] = self._store.manifest()
        self._layers: dict[str, dict[str, Any]] = {one["name"]: one for one in self.manifest["layers"]}
        wanted = [(name, one["channels"]) for name, one in self._layers.items()]
        self._cuts = cuts(wanted, int(self.manifest["shard"]))
        self._shards = Shards(self._store, len(self._cuts))

    def __len__(self) -> int:
        return sum(len(self.channels(layer)) for layer in self.layers)

    def __repr__(self) -> str:
        return f"FilterFolder({str(self.folder)!r}: {len(self)} images, {self.network}, {len(self.layers)} layers)"

    @property
    def network(self) -> str:
        """The name of the network that they excite."""
        return str(self.manifest["network"])

    @property
    def weights(self) -> str:
        """The hash of its weights."""
        return str(self.manifest["weights"])

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that images are made for, in the order of execution."""
        return tuple(self._layers)

    @property
    def making(self) -> Making:
        """How the images are made."""
        return making_of(str(self.manifest["recipe"]))

    @property
    def settings(self) -> dict[str, Any]:
        """The recipe, size, steps and seed of all images."""
        h, w = self.manifest["size"]
        told = {name: self.manifest[name] for name in ("recipe", "steps", "seed")}
        return told | {"size": (int(h), int(w))}

    @cached_property
    def skipped(self) -> dict[tuple[str, int], str]:
        """The channels that have no image, each with the reason."""
        return {
            (layer, channel): reason
            for number, (layer, _) in enumerate(self._cuts)
            for channel, reason in (self._store.note(number) or {}).get("skipped", ())
        }

    @property
    def missing(self) -> int:
        """How many images are still to be made."""
        left = (n for n, _ in enumerate(self._cuts) if self._store.note(n) is None)
        return sum(len(self._cuts[number][1]) for number in left)

    def layer(self, name: str) -> str:
        """Give a layer's name in the folder from any of its names, or from that of the activation that reads it.

        Raises:
            UnknownLayer: for one that no images were made for.
        """
        if name in self._layers:
            return name
        for kind in ("aliases", "activation"):
            for one in self._layers.values():
                if name in one[kind]:
                    return str(one["name"])
        near = closest(name, self.layers) or self.layers[:3]
        raise UnknownLayer(
            f"{self.folder} has no images of {name!r}. Closest: {', '.join(near)}. It has {len(self.layers)} layers; "
            f"others go into another folder: cutaway filters {name} --into …"
        )

    def channels(self, layer: str) -> tuple[int, ...]:
        """List the channels of a layer whose images are there."""
        name, found = self.layer(layer), list[int]()
        for number, (one, channels) in enumerate(self._cuts):
            if one == name and (note := self._store.note(number)) is not None:
                left_out = {channel for channel, _ in note["skipped"]}
                found += [channel for channel in channels if channel not in left_out]
        return tuple(found)

    def filter(self, layer: str, channel: int) -> KeptFilter:
        """Give the image of a channel, and what it reaches.

        Args:
            layer: by any of its names.
            channel: 0-based.

        Raises:
            BadIndex: where it is damaged, or not made yet.
            BadSetting, UnknownLayer: where it is not to be had.
        """
        made = self.made(layer, channel)
        numbers = told_filter(made, None)
        name = f"{made.layer}:{channel}"
        return KeptFilter(self.making.drawn(made.image, caption_of(made, numbers, name)), numbers, made)

    def made(self, layer: str, channel: int) -> MadeFilter:
        """Give the image of a channel with its numbers, as it came from the ascent."""
        name = self.layer(layer)
        number, row = self._place(name, channel)
        told = json.loads(self._shards.part(number, TOLD).tobytes())[row]
        image = torch.from_numpy(self._shards.part(number, IMAGES, slice(row, row + 1))[0].astype(np.float32))
        where, of = told["ascended"]
        start, mean, most = told["start"], told["mean"], told["max"]
        return MadeFilter(
            name, channel, (where, of), image.permute(2, 0, 1), start, mean, most, told["after"]
        )

    def png(self, layer: str, channel: int) -> bytes:
        """Give the image of a channel as it is drawn, as a PNG file: nothing is computed."""
        number, row = self._place(self.layer(layer), channel)
        ends = self._shards.part(number, ENDS)
        start = int(ends[row - 1]) if row else 0
        return self._shards.part(number, PICTURES, slice(start, int(ends[row]))).tobytes()

    def check(self, network: Network) -> None:
        """See that the images are of a network.

        Raises:
            BadIndex: where it has other weights, or takes its colours otherwise.
        """
        weights, colours = fingerprint(network.module), colours_told(network)
        if weights != self.weights:
            raise BadIndex(
                f"{self.folder} was made with {self.network}, weights {self.weights}; this one is {network.name}, "
                f"weights {weights}"
            )
        if colours != self.manifest["colours"]:
            raise BadIndex(
                f"{self.folder} was made with {self.network} whose colours are {self.manifest['colours']}; those of "
                f"this one are {colours}: give the same preprocessing"
            )

    def verify(self) -> None:
        """See that every file that is there is what was written.

        Raises:
            BadIndex: naming the first that is not.
        """
        for number in range(len(self._cuts)):
            if self._store.note(number) is not None:
                self._store.check(number)

    def _place(self, layer: str, channel: int) -> tuple[int, int]:
        """The shard of a channel, and its row there."""
        for number, (name, channels) in enumerate(self._cuts):
            if name != layer or channel not in channels:
                continue
            if self._store.note(number) is None:
                raise BadIndex(
                    f"{self.folder} has no image of {layer}:{channel} yet: {self.missing:,} of its images are still to "
                    "be made. The same command again goes on"
                )
            rows = np.flatnonzero(self._shards.part(number, CHANNELS) == channel)
            if not len(rows):
                raise BadSetting(
                    f"{layer}:{channel} has no image in {self.folder}: {self.skipped[layer, channel]}"
                )
            return number, int(rows[0])
        there = self._layers[layer]["channels"]
        raise BadSetting(
            f"{self.folder} has images of {len(there)} channels of {layer}, {there[0]} to {there[-1]}, got {channel}. "
            f"Others are made without it, or into another folder: cutaway filters {layer} --into …"
        )


def colours_told(network: Network) -> dict[str, object]:
    """Write how a network takes its colours, for a manifest."""
    settings = known_preprocessing(network.preprocessing, network.name)
    return {
        "mean": list(settings.mean),
        "std": list(settings.std),
        "channels": settings.channels,
        "value_range": settings.value_range,
    }


def filter_store(folder: Path) -> Store:
    """Give the files of a folder of filters.

    >>> filter_store(Path("made")).shard(17).name
    '00017.safetensors'
    """
    return Store(folder, _KIND)


def open_filters(folder: str | os.PathLike[str]) -> FilterFolder:
    """Open a folder of images made for a network's channels.

    Args:
        folder: that `filters_into`, or `cutaway filters --into`, made.

    Raises:
        BadIndex: where it is none, or is damaged.

    >>> open_filters("nowhere")
    Traceback (most recent call last):
    cutaway.errors.BadIndex: nowhere is no folder of filters: it has no manifest.json. Make one: cutaway filters ...
    """
    return FilterFolder(folder)
