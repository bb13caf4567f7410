"""The mean activation of one channel of a layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import SupportsIndex

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["channel"]


def channel(layer: str, index: SupportsIndex) -> Objective:
    """Score images by the mean of one channel over all its places.

    Args:
        layer: any of its names.
        index: the channel, 0-based.

    Raises:
        BadSetting: at scoring, for a channel that the layer does not have.

    >>> import torch
    >>> channel("conv1", 1).score({"conv1": torch.arange(12.0).view(1, 2, 2, 3)})
    tensor([8.5000])
    """
    c = operator.index(index)

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        if values.dim() < 2 or not 0 <= c < values.shape[1]:
            most = f"channels 0 to {values.shape[1] - 1}" if values.dim() > 1 else "no channels"
            raise BadSetting(f"{layer} has {most}, got {c}")
        return values[:, c].flatten(1).mean(1) if values.dim() > 2 else values[:, c]

    return Objective(f"{layer}:{c}", (layer,), score)
