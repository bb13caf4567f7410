"""Fold a folder of photos into an index, shard by shard, so that it can be stopped and taken up again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cutaway.dataset.fields import told_field
from cutaway.dataset.listing import Listing
from cutaway.dataset.plan import Plan
from cutaway.dataset.store import SCHEMA
from cutaway.errors import BadImage, BadSetting
from cutaway.jobs.engines import Engine
from cutaway.jobs.fold import fold as folded
from cutaway.jobs.job import Made
from cutaway.jobs.store import Store
from cutaway.network.aliases import layer_aliases
from cutaway.network.fingerprint import fingerprint
from cutaway.network.head import LOGITS, before_classifier
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.main_layers import main_layers
from cutaway.network.many import quickest_format
from cutaway.network.network import OUTPUT, Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.network.token_grid import token_grid
from cutaway.network.workers import one_thread

__all__ = ["Cost", "fold", "planned", "shard_size", "trial"]

# Bytes of a place among the strongest: its value, its photo, its unit.
_PLACE = 4 + 8 + 4


@dataclass(frozen=True)
class Cost:
    """What a scan will take.

    Args:
        photos: how many.
        seconds: of one worker's time for all of them.
        size: of the index, in bytes.
    """

    photos: int
    seconds: float
    size: int


def planned(
    network: Network,
    listing: Listing,
    layers: Sequence[str] | None = None,
    *,
    top: int = 9,
    batch: int = 32,
    fit: str | None = None,
) -> Plan:
    """Say what a scan will do.

    Args:
        network: with its preprocessing.
        listing: the photos.
        layers: to keep, by any of their names; None for those through which everything goes, and the logits.
        top: how many of the strongest and of the lowest photos of each channel.
        batch: photos in one pass.
        fit: "exact" squeezes the whole photo to the images' shape, "crop" cuts the largest middle out that has it.
            None takes the network's own way, and "exact" where that makes images of many sizes.

    Raises:
        BadSetting: for settings outside these, or a network without preprocessing.
        UnknownLayer: with the closest names.
    """
    if top < 1 or batch < 1:
        raise BadSetting(f"top and batch must be at least 1, got {top} and {batch}")
    settings = known_preprocessing(network.preprocessing, network.name)
    ready = replace(network, preprocessing=_of_one_size(settings, fit))
    trace = ready.trace(ready.example_inputs())
    chosen = list(layers) if layers is not None else main_layers(ready)
    names = [name if name in (LOGITS, OUTPUT) else ready.find(name, trace).name for name in chosen]
    order = {call.name: call.index for call in trace.calls}
    names = sorted(dict.fromkeys(names), key=lambda name: order.get(name, len(order)))
    if not names:
        raise BadSetting("layers needs at least one layer, got none")
    blank = ready.example_inputs()
    layout = quickest_format(ready, blank) if isinstance(blank, Tensor) else torch.contiguous_format
    return Plan(ready, listing, tuple(names), top, shard_size(len(listing)), batch, layout)


def shard_size(photos: int) -> int:
    """Give how many photos go into one shard: what is lost at most when a scan is stopped.

    >>> shard_size(420), shard_size(1_281_167)
    (64, 1024)
    """
    return 64 if photos < 2_000 else 256 if photos < 20_000 else 1024


def fold(
    plan: Plan, store: Store, engine: Engine, *, workers: int | None = None, strict: bool = False
) -> None:
    """Do what of a plan is not done yet.

    Args:
        plan: of the scan.
        store: where it goes.
        engine: who does it.
        workers: how many at once.
        strict: stop at the first photo that cannot be read.

    Raises:
        BadIndex: where the folder holds something else, or another scan writes.
        BadImage: the first photo that cannot be read, where `strict`; what was done stays.
        OutOfSpace: where the disk is full; what was done stays.
    """
    listing = plan.listing
    listed = {
        "root": str(listing.root),
        "names": list(listing.names),
        "sizes": list(listing.sizes),
        "digest": listing.digest,
    }

    def check(made: Made) -> None:
        if strict and made.skipped:
            photo, reason = made.skipped[0]
            raise BadImage(listing.path(photo), reason)

    files = {"photos.json": listed, "labels.json": list(listing.labels)}
    folded(plan, store, engine, _manifest(plan), files, what="photos", workers=workers, check=check)


def trial(plan: Plan) -> Cost:
    """Tell what a scan will cost, from its first photos."""
    few = replace(plan, shard=min(plan.batch, len(plan.listing)))
    with one_thread():
        few.make(0)  # the first pass also learns of the network
        start = time.perf_counter()
        made = few.make(0)
        passed = time.perf_counter() - start
    count = max(1, len(few.photos(0)) - len(made.skipped))
    # Its lists of the strongest are as long for a shard of any size; all else grows with the photos.
    channels = sum(int(one["shape"][0]) for one in _layers(plan))
    lists = 2 * plan.top * channels * _PLACE
    photos = len(plan.listing)
    rest = (len(made.data) - min(1.0, count / plan.top) * lists) / len(few.photos(0))
    return Cost(photos, passed / count * photos, round(plan.shards * lists + rest * photos))


def _of_one_size(settings: Preprocessing, fit: str | None) -> Preprocessing:
    if fit not in (None, "crop", "exact"):
        raise BadSetting(f"fit must be crop or exact, got {fit!r}: a scan needs images of one size")
    if settings.size is None:
        raise BadSetting("a scan needs images of one size, and the photos' own differ: give size=224")
    h, w = settings.example_size()
    if fit == "crop":
        share = settings.crop_share if settings.fit == "crop" else 1.0
        return replace(settings, size=(h, w), fit="crop", crop_share=share)
    if fit == "exact" or settings.fit in ("shortest", "none"):
        return replace(settings, size=(h, w), fit="exact")
    return settings


def _layers(plan: Plan) -> list[dict[str, Any]]:
    network = plan.network
    trace = network.trace(network.example_inputs())
    aliases = layer_aliases(network)
    found: list[dict[str, Any]] = []
    for name in plan.layers:
        if name.startswith("@"):
            shape, field = trace.calls[trace.outputs[0][1]].shape[1:], None
        else:
            call, row = network.find(name, trace), network.layer(name, network.example_inputs())
            grid, field, shape = token_grid(trace, call), row.field, row.shape[1:]
            if grid is not None:
                shape, field = (call.shape[-1], grid.rows, grid.columns), None
        found.append(
            {
                "name": name,
                "shape": list(shape),
                "field": told_field(field),
                "aliases": aliases.get(name, []),
            }
        )
    return found


def _manifest(plan: Plan) -> dict[str, object]:
    network = plan.network
    assert network.preprocessing is not None
    settings = asdict(network.preprocessing)
    kept = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    features = before_classifier(network)
    return {
        "schema": SCHEMA,
        "network": network.name,
        "weights": fingerprint(network.module),
        "preprocessing": kept,
        "image_size": list(network.preprocessing.example_size()),
        "layers": _layers(plan),
        "features": features if features in plan.layers else plan.layers[-1],
        "photos": plan.listing.digest,
        "classes": list(network.classes) if network.classes is not None else None,
        "top": plan.top,
        "shard": plan.shard,
        "batch": plan.batch,
        "layout": str(plan.layout),
    }
