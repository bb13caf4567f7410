"""One number of the output: for regression, or for outputs of any shape."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.network import OUTPUT
from cutaway.objectives.class_logit import output_layer
from cutaway.objectives.objective import Objective

__all__ = ["output_value"]


def output_value(
    index: SupportsIndex | Sequence[SupportsIndex] | None = None, output: int | str | None = None
) -> Objective:
    """Score images by one number of the network's output, as the network returns it.

    Args:
        index: which number of each image's output, 0-based: 3 of (n,5), (2,10,12) of (n,classes,h,w); None where
            there is only one.
        output: which output, for a network with several: its place (0, 1, …) or its key ("out").

    Raises:
        BadSetting: at scoring, for a number that the output does not have.

    >>> import torch
    >>> output_value().score({"@output": torch.tensor([[7.0], [8.0]])})
    tensor([7., 8.])
    >>> output_value((1, 0)).score({"@output": torch.arange(6.0).view(1, 3, 2)})
    tensor([2.])
    """
    layer = output_layer(output, OUTPUT)
    given: Any = index
    single = index is not None and (hasattr(index, "__index__") or getattr(index, "ndim", 1) == 0)
    wanted: tuple[int, ...] | None = None
    if index is not None:
        wanted = tuple(operator.index(at) for at in ([given] if single else given))

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        shape = tuple(values.shape[1:])
        if wanted is None:
            if values[:1].numel() != 1:
                raise BadSetting(
                    f"the output has shape {tuple(values.shape)}: say which number: output_value({_example(shape)})"
                )
            return values.flatten()
        if len(wanted) != len(shape):
            raise BadSetting(
                f"the output has shape {tuple(values.shape)}: a number of it has {len(shape)} indices, "
                f"got {len(wanted)}: output_value({_example(shape)})"
            )
        for axis, (at, most) in enumerate(zip(wanted, shape, strict=True)):
            if not 0 <= at < most:
                raise BadSetting(f"axis {axis + 1} of the output has 0 to {most - 1}, got {at}")
        for at in wanted:
            values = values[:, at]
        return values

    told = "" if wanted is None else f"[{', '.join(map(str, wanted))}]"
    return Objective(f"{'output' if output is None else layer}{told}", (layer,), score)


def _example(shape: tuple[int, ...]) -> str:
    last = tuple(side - 1 for side in shape)
    return str(last[0]) if len(last) == 1 else str(last) if last else ""
