"""What a scan computes, as one value of which any worker can carry out a shard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from safetensors.numpy import save
from torch import Tensor

from cutaway.dataset.listing import Listing
from cutaway.dataset.strongest import Strongest
from cutaway.errors import BadImage, NonFinite
from cutaway.images.read import read
from cutaway.jobs.job import Made
from cutaway.network.capture import capture
from cutaway.network.map_layer import as_map
from cutaway.network.network import Network
from cutaway.network.place import Images, Place

__all__ = ["LOWEST", "MAXIMA", "MEANS", "PIXELS", "PLACES", "TOP", "Plan", "small"]

# What a shard's file holds: of each layer the maxima and means (photos, channels); of its strongest and its lowest
# photos the value, the photo's number and the unit (k, channels); where each photo's image lies in it; and the image
# itself, very small.
MAXIMA, MEANS, TOP, LOWEST, PLACES, PIXELS = "maxima", "means", "top", "lowest", "places", "pixels"
_SMALL = 16


@dataclass(frozen=True)
class Plan:
    """A network, photos, and what is kept of them.

    Args:
        network: with a preprocessing that makes images of one size.
        listing: the photos.
        layers: in the order of execution.
        top: how many of the strongest and of the lowest photos of each channel.
        shard: photos in a shard.
        batch: photos in one pass. Which photos run together is fixed, so that every run gives the same bytes.
        layout: the memory format that the network runs in.
    """

    network: Network
    listing: Listing
    layers: tuple[str, ...]
    top: int
    shard: int
    batch: int
    layout: torch.memory_format

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
        return -(-len(self.listing) // self.shard)

    def photos(self, number: int) -> range:
        """Give the numbers of the photos of a shard."""
        return range(number * self.shard, min((number + 1) * self.shard, len(self.listing)))

    def pieces(self, number: int) -> int:
        """Count the photos of a shard."""
        return len(self.photos(number))

    def fresh(self) -> Plan:
        """Give it with a network that has not run yet."""
        return replace(self, network=replace(self.network))

    def make(self, number: int) -> Made:
        """Compute a shard.

        Photos that cannot be read, or that the network answers without a number, are left out and told.
        """
        skipped: dict[int, str] = {}
        while True:
            folded, ids = _Folded(self, self.photos(number)), list[int]()
            try:
                for ids, images in self._batches(number, skipped):
                    folded.add(ids, images)
            except NonFinite:
                # The shard begins anew without whoever is guilty: some of its layers have been counted already.
                guilty = self._unsound(ids, images)
                if not guilty:
                    raise
                skipped |= guilty
                continue
            return Made(number, folded.saved(), tuple(sorted(skipped.items())))

    def _batches(self, number: int, skipped: dict[int, str]) -> Iterator[tuple[list[int], Images]]:
        settings = self.network.preprocessing
        assert settings is not None
        ids: list[int] = []
        cut: list[tuple[np.ndarray, Place]] = []
        for photo in self.photos(number):
            if photo not in skipped:
                try:
                    cut.append(settings.cut(read(self.listing.path(photo))))
                    ids.append(photo)
                except BadImage as error:
                    skipped[photo] = error.reason
            if len(ids) == self.batch or (ids and photo == self.photos(number)[-1]):
                # All at once, and as the pixels lie: what is prepared one by one has to be copied twice more.
                plain = settings.normalized(np.stack([pixels for pixels, _ in cut]))
                plain = plain.to(self.network.device, self.network.dtype)
                yield ids, Images.of(plain.contiguous(memory_format=self.layout), [place for _, place in cut])
                ids, cut = [], []

    def _unsound(self, ids: list[int], images: Images) -> dict[int, str]:
        found = {}
        for photo, image in zip(ids, images.as_subclass(Tensor), strict=True):
            try:
                _Folded(self, range(photo, photo + 1)).add(
                    [photo], Images.of(image[None], [images.places[0]])
                )
            except NonFinite as error:
                found[photo] = str(error)
        return found


def small(network: Network, images: Float[Tensor, "n c h w"]) -> UInt8[np.ndarray, "n 16 16 3"]:
    """Give images as 16 × 16 pixels of colour: what photos are compared by that no network has seen.

    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> small(Network(nn.ReLU(), Preprocessing(size=64)), torch.zeros(2, 3, 64, 64)).shape
    (2, 16, 16, 3)
    """
    assert network.preprocessing is not None
    shrunk = F.adaptive_avg_pool2d(images.float().contiguous(), _SMALL)
    return np.stack([picture.pixels for picture in network.preprocessing.show(shrunk)])


class _Folded:
    """What is kept of the photos of one shard so far."""

    def __init__(self, plan: Plan, photos: range) -> None:
        self._plan, self._first = plan, photos.start
        self._arrays: dict[str, np.ndarray] = {}
        self._count = len(photos)
        self._top = {layer: Strongest(plan.top) for layer in plan.layers}
        self._lowest = {layer: Strongest(plan.top, lowest=True) for layer in plan.layers}
        self._places = np.full((self._count, 6), np.nan)
        self._pixels = np.zeros((self._count, _SMALL, _SMALL, 3), np.uint8)

    def add(self, ids: list[int], images: Images) -> None:
        numbers = torch.tensor(ids, device=self._plan.network.device)
        network, plain = self._plan.network, images.as_subclass(Tensor)
        trace = network.trace(plain)
        calls = {
            layer: network.find(layer, trace) for layer in self._plan.layers if not layer.startswith("@")
        }

        def keep(layer: str, values: Tensor) -> Tensor:
            maps = as_map(network, plain, calls[layer], values) if layer in calls else values
            if maps.dim() < 3:
                maxima = means = maps
            else:
                maxima, means = maps.amax((2, 3)), maps.mean((2, 3))
            if bool(torch.isfinite(maxima).all()):
                self._top[layer].add(maxima, numbers, maps)
                self._lowest[layer].add(maxima, numbers, maps)
            return torch.stack([maxima, means])

        found = capture(network, plain, self._plan.layers, keep=keep)
        rows = np.array(ids) - self._first
        for layer, (maxima, means) in found.items():
            for kind, values in ((MAXIMA, maxima), (MEANS, means)):
                whole = self._arrays.setdefault(
                    f"{kind}/{layer}", np.full((self._count, values.shape[1]), np.nan, np.float32)
                )
                whole[rows] = values.float().cpu().numpy()
        self._places[rows] = [_numbers(place) for place in images.places]
        self._pixels[rows] = small(network, plain)

    def saved(self) -> bytes:
        arrays = dict(self._arrays) | {PLACES: self._places, PIXELS: self._pixels}
        for kind, lists in ((TOP, self._top), (LOWEST, self._lowest)):
            for layer, one in lists.items():
                arrays[f"{kind}.values/{layer}"] = one.values.float().cpu().numpy()
                arrays[f"{kind}.photos/{layer}"] = one.images.cpu().numpy()
                arrays[f"{kind}.units/{layer}"] = one.units.cpu().numpy()
        return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _numbers(place: Place) -> tuple[float, ...]:
    """Write where an image lies in its photo as numbers: the photo's size, the scale, the offset."""
    return (*place.photo_size, *place.scale, *place.offset)
