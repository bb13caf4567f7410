"""How strongly a layer answers, whatever it is that it answers to: what a dream pushes up."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import SupportsIndex

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["mean_square"]


def mean_square(layer: str, channels: SupportsIndex | Sequence[SupportsIndex] | None = None) -> Objective:
    """Score images by the mean square of a layer's activation: its gradient there is the activation itself.

    Args:
        layer: any of its names.
        channels: only these, 0-based; None takes all.

    Raises:
        BadSetting: for no channels; at scoring, for a channel that the layer does not have.

    Source: Mordvintsev, Olah and Tyka, "Inceptionism: going deeper into neural networks" (2015).

    >>> import torch
    >>> mean_square("conv1").score({"conv1": torch.tensor([[[[1.0, 2.0]], [[0.0, 3.0]]]])})
    tensor([3.5000])
    >>> mean_square("conv1", [1]).score({"conv1": torch.tensor([[[[1.0, 2.0]], [[0.0, 3.0]]]])})
    tensor([4.5000])
    """
    several = channels if isinstance(channels, Sequence) or channels is None else [channels]
    wanted = None if several is None else [operator.index(c) for c in several]
    if wanted == []:
        raise BadSetting("channels needs at least one, got none: leave it out for all")

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        if wanted is not None:
            most = values.shape[1] if values.dim() > 1 else 0
            for c in wanted:
                if not 0 <= c < most:
                    raise BadSetting(
                        f"{layer} has {f'channels 0 to {most - 1}' if most else 'no channels'}, got {c}"
                    )
            values = values[:, wanted]
        return values.square().flatten(1).mean(1)

    told = layer if wanted is None else f"{layer}:{', '.join(map(str, wanted))}"
    return Objective(f"mean square of {told}", (layer,), score)
