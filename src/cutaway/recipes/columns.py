"""What all channels of a layer answer at chosen places of a scan's photos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.purity import homogeneity
from cutaway.network.capture import capture
from cutaway.network.map_layer import as_map
from cutaway.network.network import Network
from cutaway.network.progress import report

__all__ = ["Spot", "columns_at", "maps_of", "mean_column", "yardstick"]

_BATCH = 16
_YARDSTICK = 64


class Spot(NamedTuple):
    """A place in a photo's map; (0, 0) of a layer without places.

    Args:
        photo: its number in the index.
        y: row.
        x: column.
    """

    photo: int
    y: int
    x: int


def maps_of(
    network: Network, images: Float[Tensor, "n c h w"], layer: str
) -> Float[Tensor, "n channels rows columns"]:
    """Read a layer as maps; one without places has maps of one unit."""
    values = capture(network, images, layer)[layer]
    if not layer.startswith("@"):
        values = as_map(network, images, network.find(layer, network.trace(images)), values)
    return values if values.dim() == 4 else values[:, :, None, None]


def columns_at(
    network: Network, index: ActivationIndex, layer: str, spots: Sequence[Spot]
) -> Float[np.ndarray, "k channels"]:
    """Read the layer's column at each place: what all its channels answer there. Each photo runs once.

    Args:
        network: of the scan, with its preprocessing.
        index: of the photos.
        layer: its name in the index.
        spots: the places.
    """
    by_photo: dict[int, list[int]] = defaultdict(list)
    for at, spot in enumerate(spots):
        by_photo[spot.photo].append(at)
    photos = sorted(by_photo)
    found = np.empty((len(spots), index.channels(layer)), np.float32)
    for start in range(0, len(photos), _BATCH):
        here = photos[start : start + _BATCH]
        images = torch.cat([network.prepare(index.path(photo)).as_subclass(Tensor) for photo in here])
        maps = maps_of(network, images, layer).float().cpu().numpy()
        for one, photo in zip(maps, here, strict=True):
            for at in by_photo[photo]:
                found[at] = one[:, spots[at].y, spots[at].x]
        report("photos", start + len(here), len(photos))
    return found


def yardstick(network: Network, index: ActivationIndex, layer: str, seed: int = 0) -> float:
    """Tell how alike places at random are: one in each of up to 64 photos."""
    source = np.random.default_rng(seed)
    present = np.flatnonzero(index.present)
    photos = source.permutation(present)[:_YARDSTICK]
    h, w = index.map_size(layer) or (1, 1)
    spots = [Spot(int(photo), int(source.integers(h)), int(source.integers(w))) for photo in photos]
    return homogeneity(columns_at(network, index, layer, spots), mean_column(index, layer))


def mean_column(index: ActivationIndex, layer: str) -> Float[np.ndarray, " channels"]:
    """Give the mean of all columns of a layer, over places and photos."""
    found: np.ndarray = np.nanmean(index.means(layer), 0)
    return found
