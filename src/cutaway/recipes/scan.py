"""A folder of photos read once by a network, and an index of what excites what."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.listing import Labels, Listing
from cutaway.dataset.plan import Plan
from cutaway.dataset.scan import Cost, fold, planned, trial
from cutaway.dataset.store import index_store
from cutaway.jobs.engines import engine_named
from cutaway.network.head import LOGITS
from cutaway.network.network import Network
from cutaway.network.selection import select_layers
from cutaway.recipes.opened import opened

__all__ = ["scan", "scan_cost"]


def scan(
    network: Network | str | nn.Module,
    photos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    layers: str | Sequence[str] | None = None,
    labels: Labels = "folders",
    engine: str = "processes",
    workers: int | None = None,
    top: int = 9,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    fit: str | None = None,
    batch: int = 32,
    strict: bool = False,
) -> ActivationIndex:
    """Fold photos into an index: for each photo and channel the maximum and the mean, for each channel its strongest.

    The same call goes on where an earlier one was stopped. The index has the same bytes whoever made it.

    Args:
        network: to look with, or its name.
        photos: a folder, or files and folders.
        out: the folder of the index.
        layers: to keep: names, or a range "conv1..fire4"; None for those that everything goes through, and the logits.
        labels: "folders", a table ("photos.csv", "photos.csv:column"), a mapping from names, or None.
        engine: "processes" of one thread each, "serial", "ray", or "ray:ADDRESS" of a cluster.
        workers: how many at once; as many as there are cores by default.
        top: how many of the strongest, and of the lowest, places of each channel.
        size: of the images; the network's own by default.
        fit: "exact" (the whole photo squeezed to the images' shape) or "crop" (the largest middle part); None takes the
            network's own way, and "exact" where that makes images of many sizes.
        batch: photos in one pass.
        strict: stop at the first photo that cannot be read, instead of leaving it out.

    Raises:
        BadImage, BadIndex, BadSetting, OutOfSpace, UnknownLayer: with what to do instead.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", Path(tempfile.mkdtemp()) / "index", engine="serial")
    >>> len(index.top("1", channel=2, k=2)), index.layers
    (2, ('1',))
    """
    plan = _planned(network, photos, layers, labels, top, size, fit, batch)
    store = index_store(Path(out))
    fold(plan, store, engine_named(engine), workers=workers, strict=strict)
    return ActivationIndex(store.folder, plan.listing.root)


def scan_cost(
    network: Network | str | nn.Module,
    photos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    layers: str | Sequence[str] | None = None,
    top: int = 9,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    fit: str | None = None,
    batch: int = 32,
) -> tuple[Cost, tuple[str, ...]]:
    """Tell what a scan will cost, from a first batch, and which layers it will keep; nothing is written.

    Args:
        network: as for `scan`, and so are all others.
        photos: a folder, or files and folders.
        layers: to keep.
        top: how many of the strongest.
        size: of the images.
        fit: "crop" or "exact".
        batch: photos in one pass.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> cost, layers = scan_cost(net, "examples/photos")
    >>> cost.photos, layers
    (3, ('1',))
    """
    plan = _planned(network, photos, layers, None, top, size, fit, batch)
    return trial(plan), plan.layers


def _planned(
    network: Network | str | nn.Module,
    photos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    layers: str | Sequence[str] | None,
    labels: Labels,
    top: int,
    size: int | tuple[int, int] | Literal["photo"] | None,
    fit: str | None,
    batch: int,
) -> Plan:
    chosen = opened(network).at(size)
    asked = None if layers is None else [layers] if isinstance(layers, str) else list(layers)
    names = (
        None
        if asked is None
        else [n for one in asked for n in ([one] if one == LOGITS else select_layers(chosen, one))]
    )
    return planned(chosen, Listing.of(photos, labels), names, top=top, batch=batch, fit=fit)
