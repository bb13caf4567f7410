"""A class's score before the softmax, and its probability after it."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex

import torch
from torch import Tensor

from cutaway.errors import BadSetting, UnknownClass
from cutaway.network.head import LOGITS
from cutaway.network.network import OUTPUT
from cutaway.objectives.objective import Objective

__all__ = ["class_logit", "class_probability"]


def class_logit(index: SupportsIndex | Sequence[SupportsIndex], output: int | str | None = None) -> Objective:
    """Score images by one class's logit: the network's output, before its softmax if it ends in one.

    Args:
        index: the class, 0-based; or one class per image.
        output: which output, for a network with several: its place (0, 1, …) or its key ("out").

    Raises:
        UnknownClass: at scoring, for an index that the output does not have.

    >>> class_logit(1).score({"@logits": torch.tensor([[1.0, 2.0], [3.0, 4.0]])})
    tensor([2., 4.])
    >>> class_logit([0, 1]).score({"@logits": torch.tensor([[1.0, 2.0], [3.0, 4.0]])})
    tensor([1., 4.])
    """
    layer = _layer(output)
    return Objective(f"logit of class {_told(index)}", (layer,), lambda a: _pick(a, layer, index))


def class_probability(
    index: SupportsIndex | Sequence[SupportsIndex], output: int | str | None = None
) -> Objective:
    """Score images by one class's softmax probability, in 0..1.

    Args:
        index: the class, 0-based; or one class per image.
        output: which output, for a network with several: its place (0, 1, …) or its key ("out").

    >>> class_probability(0).score({"@logits": torch.zeros(1, 4)})
    tensor([0.2500])
    """
    layer = _layer(output)

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        logits = _pick(activations, layer, index)
        return torch.exp(logits - torch.logsumexp(activations[layer], dim=1))

    return Objective(f"probability of class {_told(index)}", (layer,), score)


def _layer(output: int | str | None) -> str:
    if output is None:
        return LOGITS
    if isinstance(output, str) and output.startswith(OUTPUT):
        return output
    return (
        f"{OUTPUT}[{int(output)}]"
        if isinstance(output, str) and output.isdecimal()
        else f"{OUTPUT}[{output!r}]"
    )


def _told(index: SupportsIndex | Sequence[SupportsIndex]) -> str:
    return ", ".join(map(str, _all(index)))


def _is_one(index: SupportsIndex | Sequence[SupportsIndex]) -> bool:
    """Whether it is one number: an int, or what numpy and torch have for one."""
    return isinstance(index, int) or getattr(index, "ndim", 1) == 0


def _all(index: SupportsIndex | Sequence[SupportsIndex]) -> list[int]:
    several: Any = [index] if _is_one(index) else index
    return [operator.index(k) for k in several]


def _pick(
    activations: Mapping[str, Tensor], layer: str, index: SupportsIndex | Sequence[SupportsIndex]
) -> Tensor:
    logits = activations[layer]
    if logits.dim() != 2:
        raise BadSetting(
            f"a class needs an output (n, classes), got {tuple(logits.shape)}. "
            "For other outputs write an Objective: Objective(name, layers, score)"
        )
    n, classes = logits.shape
    wanted = _all(index) * (n if _is_one(index) else 1)
    if len(wanted) != n:
        raise BadSetting(f"{len(wanted)} classes were given for a batch of {n} images")
    for k in wanted:
        if not 0 <= k < classes:
            raise UnknownClass(f"the output has classes 0 to {classes - 1}, got {k}")
    return logits[torch.arange(n, device=logits.device), torch.tensor(wanted, device=logits.device)]
