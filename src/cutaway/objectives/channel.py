"""The mean activation of one channel of a layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import SupportsIndex

import torch
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["channel"]


def channel(layer: str, index: SupportsIndex | Sequence[SupportsIndex]) -> Objective:
    """Score images by the mean of one channel over all its places.

    Args:
        layer: any of its names.
        index: the channel, 0-based; or one channel for each image.

    Raises:
        BadSetting: at scoring, for a channel that the layer does not have.

    >>> import torch
    >>> channel("conv1", 1).score({"conv1": torch.arange(12.0).view(1, 2, 2, 3)})
    tensor([8.5000])
    >>> channel("conv1", [1, 0]).score({"conv1": torch.arange(24.0).view(2, 2, 2, 3)})
    tensor([ 8.5000, 14.5000])
    """
    wanted = [operator.index(c) for c in (index if isinstance(index, Sequence) else [index])]

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        most = values.shape[1] if values.dim() > 1 else 0
        for c in wanted:
            if not 0 <= c < most:
                raise BadSetting(
                    f"{layer} has {f'channels 0 to {most - 1}' if most else 'no channels'}, got {c}"
                )
        if len(wanted) not in (1, len(values)):
            raise BadSetting(f"{len(wanted)} channels were given for a batch of {len(values)} images")
        if len(wanted) == 1:
            chosen = values[:, wanted[0]]
        else:
            chosen = values[torch.arange(len(values), device=values.device), wanted]
        return chosen.flatten(1).mean(1) if values.dim() > 2 else chosen

    return Objective(f"{layer}:{', '.join(map(str, wanted))}", (layer,), score)
