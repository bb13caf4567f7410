"""Images for all channels of whole networks, made into a folder that can be taken up again."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cutaway.errors import BadSetting
from cutaway.jobs.engines import engine_named
from cutaway.jobs.fold import fold
from cutaway.network.aliases import layer_aliases
from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.capture import capture
from cutaway.network.fingerprint import fingerprint
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.workers import one_thread
from cutaway.recipes.filter_choice import chosen_channels, chosen_layers
from cutaway.recipes.filter_folder import SCHEMA, FilterFolder, colours_told, filter_store
from cutaway.recipes.filter_job import FilterJob, saved
from cutaway.recipes.making import making_of
from cutaway.recipes.opened import opened
from cutaway.synthesis.parametrization.seeded import image_size

__all__ = ["FilterCost", "filters_cost", "filters_into"]

# Images of a shard: what is lost at most of each worker when it is stopped. More at once than the batch gains nothing
# on a CPU; a GPU is idle with few.
_SHARD, _BATCH, _GPU_BATCH = 16, 8, 64
# Steps that tell how long all will take.
_TRIED = 3


@dataclass(frozen=True)
class FilterCost:
    """What it will take to make images.

    Args:
        images: how many in all.
        left: of these, to be made.
        layers: that they are of.
        seconds: of one worker's time, for those that are left.
        size: of all, in bytes.
    """

    images: int
    left: int
    layers: tuple[str, ...]
    seconds: float
    size: int


def filters_into(
    network: Network | str | nn.Module,
    layers: str | Sequence[str],
    folder: str | os.PathLike[str],
    *,
    channels: Sequence[int] | None = None,
    size: int | tuple[int, int] | None = None,
    steps: int | None = None,
    recipe: str = "fourier",
    seed: int = 0,
    engine: str = "processes",
    workers: int | None = None,
    batch: int | None = None,
) -> FilterFolder:
    """Make the image that excites each channel most, as `filters` does, for whole networks, into a folder.

    The same call goes on where an earlier one was stopped. The folder has the same bytes whoever made it, on a CPU.

    Args:
        network: the network, or its name.
        layers: a layer, several, or a range such as "conv1..", of which the layers that everything goes through are
            taken.
        folder: for the images.
        channels: 0-based; None takes all. Of several layers, each takes those that it has.
        size: of an image, in pixels: its side, or (h, w); None takes the recipe's own.
        steps: of the ascent; None takes the recipe's own.
        recipe: "fourier" or "classic", as for `filters`.
        seed: of the noise and of the changes between steps.
        engine: "processes" of one thread each, "serial", "ray", or "ray:ADDRESS" of a cluster.
        workers: how many at once; as many as there are cores by default, and one on a GPU.
        batch: images in one pass; as many as help, where memory allows, or as the folder has it.

    Raises:
        BadIndex, BadSetting, NonFinite, OutOfSpace, UnknownLayer, UnsupportedNetwork: with what to do instead.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32), name="tiny")
    >>> made = filters_into(net, "0..", tempfile.mkdtemp() + "/made", size=16, steps=4, engine="serial")
    >>> made.layers, made.channels("0"), made.filter("0", 2).picture.size
    (('0',), (0, 1, 2, 3), (16, 16))
    """
    job = _planned(network, layers, folder, channels, size, steps, recipe, seed, batch)
    store = filter_store(Path(folder))
    if workers is None and job.device.type == "cuda":
        workers = 1
    fold(job, store, engine_named(engine), _manifest(job), {}, what="images", workers=workers)
    return FilterFolder(store.folder)


def filters_cost(
    network: Network | str | nn.Module,
    layers: str | Sequence[str],
    folder: str | os.PathLike[str],
    *,
    channels: Sequence[int] | None = None,
    size: int | tuple[int, int] | None = None,
    steps: int | None = None,
    recipe: str = "fourier",
    seed: int = 0,
    batch: int | None = None,
) -> FilterCost:
    """Tell what `filters_into` will cost, from a few steps for each layer; nothing is written.

    Args:
        network: as for `filters_into`, and so are all others.
        layers: names and ranges.
        folder: for the images; those that are there already cost nothing.
        channels: None takes all.
        size: of an image.
        steps: of the ascent.
        recipe: "fourier" or "classic".
        seed: of the noise.
        batch: images in one pass.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32), name="tiny")
    >>> cost = filters_cost(net, "0..", "nowhere", size=16, steps=4)
    >>> cost.images, cost.left, cost.layers
    (4, 4, ('0',))
    """
    job = _planned(network, layers, folder, channels, size, steps, recipe, seed, batch)
    store = filter_store(Path(folder))
    store.agrees(_manifest(job))
    images = {name: len(several) for name, several in job.layers}
    left = dict.fromkeys(images, 0)
    for number in range(job.shards):
        if store.note(number) is None:
            left[job.cut(number)[0]] += job.pieces(number)
    seconds, written = 0.0, 0
    with one_thread():
        for layer, several in job.layers:
            if left[layer]:
                spent, size_of_one = _tried(job, layer, several[: job.batch])
                seconds += spent * left[layer]
                written = max(written, size_of_one)
    total = sum(images.values())
    return FilterCost(total, sum(left.values()), tuple(images), seconds, written * total)


def _tried(job: FilterJob, layer: str, channels: Sequence[int]) -> tuple[float, int]:
    """The seconds and the bytes of one image, from a few steps of a first batch."""
    few = min(_TRIED, job.steps)
    spent = []
    data = b""
    for steps in (0, few):  # the first also learns of the network
        start = time.perf_counter()
        short = replace(job, steps=steps)
        data = saved(short.images(layer, channels), short)
        spent.append(time.perf_counter() - start)
    fixed = min(spent)
    each = max(0.0, spent[1] - fixed) / max(1, few)
    return (fixed + each * job.steps) / len(channels), len(data) // len(channels)


def _planned(
    network: Network | str | nn.Module,
    layers: str | Sequence[str],
    folder: str | os.PathLike[str],
    channels: Sequence[int] | None,
    size: int | tuple[int, int] | None,
    steps: int | None,
    recipe: str,
    seed: int,
    batch: int | None,
) -> FilterJob:
    model = opened(network)
    making = making_of(recipe)
    names = chosen_layers(model, layers)
    count = making.steps if steps is None else steps
    if count < 0:
        raise BadSetting(f"steps must be at least 0, got {count}")
    if batch is not None and batch < 1:
        raise BadSetting(f"batch must be at least 1, got {batch}")
    wanted = tuple(
        (name, tuple(dict.fromkeys(chosen_channels(model, name, channels, alone=len(names) == 1))))
        for name in names
    )
    side = image_size(making.size if size is None else size)
    colours = making.begun(model, 1, side, seed=seed).images().detach().clamp(0, 1)
    settings = known_preprocessing(model.preprocessing, model.name)
    blank = settings.normalize(colours).to(model.device, model.dtype)
    capture(model, blank, names)  # what cannot run, or gives no number, is refused before hours have gone by
    together = batch or _batch(model, blank, Path(folder))
    shard = -(-_SHARD // together) * together
    return FilterJob(model, wanted, recipe, side, count, seed, shard, together)


def _batch(network: Network, blank: torch.Tensor, folder: Path) -> int:
    """As many images at once as the folder was begun with, or as help and as memory allows."""
    if (folder / "manifest.json").is_file():
        return int(filter_store(folder).manifest()["batch"])
    gpu = network.device.type == "cuda"
    fit = chunk(network, blank, gradient=True, most=_GPU_BATCH if gpu else _BATCH * (os.cpu_count() or 1))
    # Workers on all cores share the memory; how many there are must not change what is made.
    return fit if gpu else max(1, fit // (os.cpu_count() or 1))


def _manifest(job: FilterJob) -> dict[str, Any]:
    network = job.network
    trace, aliases = network.trace(network.example_inputs()), layer_aliases(network)
    layers = []
    for name, channels in job.layers:
        readers = trace.children(network.find(name, trace).index)
        read = [one.name for one in readers if len(readers) == 1 and one.kind in ACTIVATIONS]
        # The activation goes by its other names, too.
        activation = [alias for one in read for alias in (one, *aliases.get(one, []))]
        layers.append(
            {
                "name": name,
                "channels": list(channels),
                "aliases": aliases.get(name, []),
                "activation": activation,
            }
        )
    return {
        "schema": SCHEMA,
        "kind": "filters",
        "network": network.name,
        "weights": fingerprint(network.module),
        "colours": colours_told(network),
        "recipe": job.recipe,
        "size": list(job.size),
        "steps": job.steps,
        "seed": job.seed,
        "layers": layers,
        "batch": job.batch,
        "shard": job.shard,
    }
