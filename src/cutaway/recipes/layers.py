"""Everything in a network that can be looked at, as a table."""

from __future__ import annotations

import torch

from cutaway.errors import BadSetting
from cutaway.network.analysis import findings
from cutaway.network.layer import Layer
from cutaway.network.network import Network
from cutaway.recipes.origin import origin
from cutaway.view.table import Table

__all__ = ["layers"]

COLUMNS = (
    "#",
    "layer",
    "kind",
    "shape c × h × w",
    "parameters",
    "MACs",
    "kernel",
    "stride",
    "receptive field",
    "jump",
)


def layers(network: Network, *, size: int | tuple[int, int] | None = None) -> Table:
    """Tabulate a network's layers in the order of execution, with what is odd about it.

    Args:
        network: the network to analyse.
        size: input size to tell shapes, costs and fields for: an int for a square, or (h, w); None takes the
            network's own.

    Returns:
        A Table: name, kind, shape, parameters, MACs, kernel, stride, receptive field and jump in input pixels;
        its notes say what was found (dead parts, several outputs, which map CAM reads).

    >>> from torch import nn
    >>> table = layers(Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), size=16)
    >>> [row[1] for row in table.rows]
    ['0', '1']
    """
    images = network.example_inputs()
    if size is not None and isinstance(images, torch.Tensor):
        h, w = (size, size) if isinstance(size, int) else size
        if min(h, w) < 1:
            raise BadSetting(f"size must be at least 1 pixel, got {size}")
        images = torch.zeros(1, images.shape[1], h, w)
    rows = network.layers_for(images)
    total = sum(row.parameters for row in rows)
    macs = sum(row.macs for row in rows)
    shape = images.shape if isinstance(images, torch.Tensor) else None
    told = f" for an input of {shape[-2]} × {shape[-1]}" if shape is not None else ""
    return Table(
        columns=COLUMNS,
        rows=tuple(_row(row) for row in rows),
        title=f"{network.name}: {len(rows)} layers, {total:,} parameters, {_short(macs)} MACs{told}",
        notes=findings(network, images),
        provenance=origin(network, f"cutaway.layers(cutaway.load({network.name!r}))", size=str(size)),
    )


def _row(layer: Layer) -> tuple[object, ...]:
    whole = layer.field is None
    field = "whole image" if whole else _pair(layer.receptive_field)
    if layer.field is not None and layer.field.whole_image:
        field += " + whole image"
    return (
        layer.index,
        layer.name,
        layer.kind,
        " × ".join(str(s) for s in layer.shape[1:]),
        layer.parameters,
        layer.macs,
        _pair(layer.kernel) if layer.kernel else "",
        _pair(layer.stride) if layer.stride else "",
        field,
        "" if layer.jump is None else _pair(layer.jump),
    )


def _pair(values: tuple[float, float]) -> str:
    return f"{values[0]:g} × {values[1]:g}" if values[0] != values[1] else f"{values[0]:g}"


def _short(number: int) -> str:
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return str(number)
