"""The mean of a layer over a box of its units."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import SupportsIndex

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["region"]


def region(layer: str, channel: SupportsIndex | None, box: Sequence[SupportsIndex]) -> Objective:
    """Score images by the mean of a layer over a box of its units: a part of a map, or of a mask of classes.

    Args:
        layer: any of its names; "@output" for a network that returns a map.
        channel: 0-based; None takes the mean over all channels.
        box: (top, left, bottom, right) in units of the layer, the last two exclusive.

    Raises:
        BadSetting: for a box without units; at scoring, for one that the layer does not have.

    >>> import torch
    >>> region("conv1", 1, (0, 1, 2, 3)).score({"conv1": torch.arange(12.0).view(1, 2, 2, 3)})
    tensor([9.])
    """
    c = None if channel is None else operator.index(channel)
    sides = tuple(operator.index(side) for side in box)
    if len(sides) != 4:
        raise BadSetting(f"a box is (top, left, bottom, right), got {len(sides)} numbers")
    top, left, bottom, right = sides
    if not (0 <= top < bottom and 0 <= left < right):
        raise BadSetting(f"a box (top, left, bottom, right) must hold at least one unit, got {sides}")

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        if values.dim() != 4:
            raise BadSetting(
                f"a region needs a map (n,c,h,w); {layer} has shape {tuple(values.shape)}. "
                "For one number of it: output_value, unit or channel"
            )
        channels, h, w = values.shape[1:]
        if bottom > h or right > w:
            raise BadSetting(f"{layer} has {h} × {w} units, the box ends at ({bottom}, {right})")
        if c is not None and not 0 <= c < channels:
            raise BadSetting(f"{layer} has channels 0 to {channels - 1}, got {c}")
        chosen = values if c is None else values[:, c : c + 1]
        return chosen[:, :, top:bottom, left:right].mean((1, 2, 3))

    told = layer if c is None else f"{layer}:{c}"
    return Objective(f"{told} in rows {top} to {bottom - 1}, columns {left} to {right - 1}", (layer,), score)
