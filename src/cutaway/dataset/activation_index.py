"""What was kept of a folder of photos: the strongest places of every channel, and every photo's features."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from cutaway.dataset.fields import field_of
from cutaway.dataset.plan import LOWEST, MAXIMA, MEANS, PIXELS, PLACES, TOP
from cutaway.dataset.row import Row
from cutaway.dataset.store import index_store
from cutaway.errors import BadIndex, BadSetting, UnknownLayer, closest
from cutaway.jobs.arrays import Shards
from cutaway.jobs.sealed import read_sealed
from cutaway.network.place import Place
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.receptive_field import ReceptiveField

__all__ = ["ActivationIndex", "open_index"]


class ActivationIndex:
    """An index on the disk, opened for reading; numbers are read when they are asked for, and checked then.

    Args:
        folder: of the index.
        photos: where the photos lie now, if they were moved.

    Raises:
        BadIndex: where it is none, is damaged, or unfinished.
    """

    def __init__(self, folder: str | os.PathLike[str], photos: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder)
        self._store = index_store(self.folder)
        self.manifest: dict[str, Any] = self._store.manifest()
        listed = read_sealed(self.folder / "photos.json")
        if listed["digest"] != self.manifest["photos"]:
            raise BadIndex(f"{self.folder}: photos.json is of other photos than manifest.json")
        self.root = Path(photos) if photos is not None else Path(listed["root"])
        self.names: tuple[str, ...] = tuple(listed["names"])
        self.labels: tuple[str | None, ...] = tuple(read_sealed(self.folder / "labels.json"))
        missing = [n for n in range(self.shards) if self._store.note(n) is None]
        if missing:
            done = self.shards - len(missing)
            raise BadIndex(
                f"{self.folder} is unfinished: {done} of {self.shards} shards are there. The same scan again goes on"
            )
        self._layers: dict[str, dict[str, Any]] = {one["name"]: one for one in self.manifest["layers"]}
        self._shards = Shards(self._store, self.shards)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"ActivationIndex({str(self.folder)!r}: {len(self)} photos, {self.network}, {len(self.layers)} layers)"

    @property
    def network(self) -> str:
        """The name of the network that was scanned with."""
        return str(self.manifest["network"])

    @property
    def weights(self) -> str:
        """The hash of its weights."""
        return str(self.manifest["weights"])

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that were kept, in the order of execution."""
        return tuple(self._layers)

    @property
    def kept(self) -> int:
        """How many of the strongest, and of the lowest, places of each channel were kept."""
        return int(self.manifest["top"])

    @property
    def shards(self) -> int:
        """In how many files the numbers are."""
        return -(-len(self.names) // int(self.manifest["shard"]))

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """How the photos were prepared: to images of one size."""
        told: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in self.manifest["preprocessing"].items()
        }
        return Preprocessing(**told)

    @cached_property
    def skipped(self) -> tuple[tuple[Path, str], ...]:
        """The photos that are not in the index, each with the reason."""
        notes = [self._store.note(n) or {} for n in range(self.shards)]
        return tuple(
            (self.path(photo), reason) for note in notes for photo, reason in note.get("skipped", ())
        )

    @cached_property
    def present(self) -> Bool[np.ndarray, " n"]:
        """Which photos are in the index: not skipped."""
        found: np.ndarray = ~np.isnan(self._places[:, 0])
        found.setflags(write=False)
        return found

    def path(self, photo: int) -> Path:
        """Give where a photo lies."""
        return self.root / self.names[photo]

    def photo(self, wanted: int | str | os.PathLike[str]) -> int:
        """Give a photo's number, from that number, its name in the index, or its path.

        Raises:
            BadSetting: for one that is not there, with the closest names.
        """
        if isinstance(wanted, int | np.integer):
            if 0 <= wanted < len(self):
                return int(wanted)
            raise BadSetting(f"the index has photos 0 to {len(self) - 1}, got {wanted}")
        text = os.fspath(wanted)
        if text in self.names:
            return self.names.index(text)
        inside = Path(os.path.abspath(text))  # noqa: PTH100 (resolve would follow links)
        for photo, name in enumerate(self.names):
            if Path(os.path.abspath(self.root / name)) == inside:  # noqa: PTH100
                return photo
        near = closest(text, self.names)
        raise BadSetting(
            f"the index has no photo {text!r}" + (f". Closest: {', '.join(near)}" if near else "")
        )

    def layer(self, name: str) -> str:
        """Give a layer's name in the index from any of its names.

        Raises:
            UnknownLayer: for one that was not kept.
        """
        if name in self._layers:
            return name
        for one in self._layers.values():
            if name in one["aliases"]:
                return str(one["name"])
        near = closest(name, self.layers) or self.layers[:3]
        raise UnknownLayer(
            f"the index {self.folder} did not keep {name!r}. Closest: {', '.join(near)}. It has {len(self.layers)}: "
            f"cutaway scan … --layers says which to keep"
        )

    def channels(self, layer: str) -> int:
        """Give how many channels a layer has."""
        return int(self._layers[self.layer(layer)]["shape"][0])

    def map_size(self, layer: str) -> tuple[int, int] | None:
        """Give the size (h, w) of a layer's maps; None for a layer without places."""
        _, *size = self._layers[self.layer(layer)]["shape"]
        return (int(size[0]), int(size[1])) if len(size) == 2 else None

    def field(self, layer: str) -> ReceptiveField | None:
        """Give what a layer's units see of the image; None where they have no place."""
        return field_of(self._layers[self.layer(layer)]["field"])

    def maxima(self, layer: str) -> Float[np.ndarray, "n channels"]:
        """Give the strongest activation of each photo and channel; NaN for photos that were skipped."""
        return self._shards.joined(f"{MAXIMA}/{self.layer(layer)}")

    def means(self, layer: str) -> Float[np.ndarray, "n channels"]:
        """Give the mean activation over space of each photo and channel; NaN for photos that were skipped."""
        return self._shards.joined(f"{MEANS}/{self.layer(layer)}")

    def features(self, layer: str | None = None) -> Float[np.ndarray, "n channels"]:
        """Give each photo's features: the means of a layer, by default of the one that the classifier reads."""
        return self.means(layer if layer is not None else self.manifest["features"])

    def pixels(self) -> UInt8[np.ndarray, "n 16 16 3"]:
        """Give every photo as 16 × 16 pixels."""
        return self._shards.joined(PIXELS)

    def channel(self, layer: str, channel: int) -> Float[np.ndarray, " n"]:
        """Give the strongest activation of one channel in each photo, without reading the others."""
        name = f"{MAXIMA}/{self.layer(layer)}"
        self._check_channel(layer, channel)
        return self._shards.joined(name, channel)

    def top(self, layer: str, channel: int, k: int | None = None, *, lowest: bool = False) -> list[Row]:
        """List the strongest places of a channel, one in each photo, strongest first; of equals the earlier first.

        Args:
            layer: by any of its names.
            channel: 0-based.
            k: how many; as many as were kept by default.
            lowest: the photos in which the channel's strongest activation is the lowest, instead.

        Raises:
            BadSetting: for more than were kept, or a channel that is not there.
        """
        name, most = self.layer(layer), self.kept
        k = most if k is None else k
        if not 1 <= k <= most:
            raise BadSetting(
                f"the index keeps the {most} strongest of a channel, got k={k}. Scan again with top={k}"
            )
        self._check_channel(layer, channel)
        kind = LOWEST if lowest else TOP
        values, photos, units = (
            self._shards.joined(f"{kind}.{what}/{name}", channel) for what in ("values", "photos", "units")
        )
        order = np.lexsort((photos, values if lowest else -values))[:k]
        return [self._row(name, float(values[i]), int(photos[i]), int(units[i])) for i in order]

    def place(self, photo: int) -> Place:
        """Tell where the image that the network saw lies in a photo."""
        h, w, *rest = self._places[photo]
        if np.isnan(h):
            raise BadSetting(f"{self.names[photo]} was skipped: it is not in the index")
        return Place((int(h), int(w)), self.image_size, (rest[0], rest[1]), (rest[2], rest[3]))

    @property
    def image_size(self) -> tuple[int, int]:
        """The size (h, w) of the images that the network saw."""
        h, w = self.manifest["image_size"]
        return int(h), int(w)

    def verify(self) -> None:
        """See that every file is what was written.

        Raises:
            BadIndex: naming the first that is not.
        """
        self._shards.verify()

    @cached_property
    def _places(self) -> np.ndarray:
        return self._shards.joined(PLACES)

    def _row(self, layer: str, value: float, photo: int, unit: int) -> Row:
        field, shape = self.field(layer), self._layers[layer]["shape"]
        y, x = divmod(unit, shape[2]) if len(shape) == 3 else (None, None)
        whole = (0, 0, *self.image_size)
        seen = field.box(y, x) if field is not None and y is not None and x is not None else whole
        box = self.place(photo).box(seen)
        return Row(self.path(photo), value, y, x, box, self.labels[photo], photo, seen)

    def _check_channel(self, layer: str, channel: int) -> None:
        if not 0 <= channel < self.channels(layer):
            raise BadSetting(f"{layer} has channels 0 to {self.channels(layer) - 1}, got {channel}")


def open_index(
    folder: str | os.PathLike[str], photos: str | os.PathLike[str] | None = None
) -> ActivationIndex:
    """Open an index that `scan` made.

    Args:
        folder: of the index.
        photos: where the photos lie now, if they were moved.

    Raises:
        BadIndex: where it is none, is damaged, or unfinished.

    >>> open_index("nowhere")
    Traceback (most recent call last):
    cutaway.errors.BadIndex: nowhere is no index: it has no manifest.json. Make one: cutaway scan PHOTOS --out …
    """
    return ActivationIndex(folder, photos)
