"""The activation of one unit: one channel at one place of a layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import SupportsIndex

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective, Unit

__all__ = ["unit"]


def unit(
    layer: str, channel: SupportsIndex, y: SupportsIndex | None = None, x: SupportsIndex | None = None
) -> Objective:
    """Score images by the activation of one unit.

    Args:
        layer: any of its names.
        channel: 0-based.
        y: row of the unit, 0-based; None takes the middle one.
        x: column of the unit, 0-based; None takes the middle one.

    Raises:
        BadSetting: at scoring, for a unit that the layer does not have.

    >>> import torch
    >>> unit("conv1", 1, 0, 2).score({"conv1": torch.arange(12.0).view(1, 2, 2, 3)})
    tensor([8.])
    >>> unit("fc", 3).score({"fc": torch.arange(5.0)[None]})
    tensor([3.])
    """
    c = operator.index(channel)
    place = [None if v is None else operator.index(v) for v in (y, x)]
    told = ":".join([layer, str(c)])
    if place != [None, None]:
        told += f" at ({', '.join('middle' if v is None else str(v) for v in place)})"

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        _check(layer, values, 1, "channel", c)
        if values.dim() == 2:
            if place != [None, None]:
                raise BadSetting(f"{layer} has no places, only {values.shape[1]} channels: leave y and x out")
            return values[:, c]
        if values.dim() != 4:
            raise BadSetting(
                f"a unit needs a layer (n,c,h,w) or (n,c); {layer} has shape {tuple(values.shape)}. "
                "Write an Objective of your own for it"
            )
        at = []
        for dim, name, wanted in zip((2, 3), ("row", "column"), place, strict=True):
            at.append(values.shape[dim] // 2 if wanted is None else wanted)
            _check(layer, values, dim, name, at[-1])
        return values[:, c, at[0], at[1]]

    return Objective(told, (layer,), score, (Unit(layer, c, *place),))


def _check(layer: str, values: Tensor, dim: int, name: str, wanted: int) -> None:
    most = values.shape[dim]
    if not 0 <= wanted < most:
        raise BadSetting(f"{layer} has {name}s 0 to {most - 1}, got {wanted}")
