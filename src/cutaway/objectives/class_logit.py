"""A class's score before the softmax, and its probability after it."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex

import torch
from jaxtyping import Float, Int
from torch import Tensor

from cutaway.errors import BadSetting, UnknownClass
from cutaway.network.head import LOGITS, PROBABILITIES
from cutaway.network.network import OUTPUT
from cutaway.objectives.objective import Objective

__all__ = ["class_indices", "class_logit", "class_probability", "output_layer", "told_classes"]


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
    layer = output_layer(output)
    return Objective(
        f"logit of class {told_classes(index)}",
        (layer,),
        lambda a: _pick(a, layer, index),
        columns=frozenset(_all(index)),
    )


def class_probability(
    index: SupportsIndex | Sequence[SupportsIndex], output: int | str | None = None
) -> Objective:
    """Score images by one class's probability, in 0..1: the network's sigmoid if it ends in one, else a softmax.

    What it reads, "@probabilities", is made by the method that asks, from the network's logits.

    Args:
        index: the class, 0-based; or one class per image.
        output: which output, for a network with several: its place (0, 1, …) or its key ("out").

    >>> class_probability(0).score({"@probabilities": torch.tensor([[0.25, 0.75]])})
    tensor([0.2500])
    """
    layer = output_layer(output, PROBABILITIES)
    return Objective(
        f"probability of class {told_classes(index)}",
        (layer,),
        lambda a: _pick(a, layer, index),
        columns=frozenset(_all(index)),
    )


def output_layer(output: int | str | None, root: str = LOGITS) -> str:
    """Name what is read of an output, by its place or its key; none where the network has one.

    Args:
        output: its place, its key, or the name of it as a layer ("@output[1]").
        root: what of it: "@logits", "@probabilities" or "@output".

    >>> output_layer(None), output_layer("out"), output_layer(1, "@output")
    ('@logits', "@logits['out']", '@output[1]')
    """
    if output is None:
        return root
    if isinstance(output, str) and output.startswith(OUTPUT):
        return root + output.removeprefix(OUTPUT)
    place = int(output) if isinstance(output, str) and output.isdecimal() else output
    return f"{root}[{place!r}]"


def told_classes(index: SupportsIndex | Sequence[SupportsIndex]) -> str:
    """Write classes for a name.

    >>> told_classes([3, 1])
    '3, 1'
    """
    return ", ".join(map(str, _all(index)))


def _is_one(index: SupportsIndex | Sequence[SupportsIndex]) -> bool:
    """Whether it is one number: an int, or what numpy and torch have for one."""
    return isinstance(index, int) or getattr(index, "ndim", 1) == 0


def _all(index: SupportsIndex | Sequence[SupportsIndex]) -> list[int]:
    several: Any = [index] if _is_one(index) else index
    found = [operator.index(k) for k in several]
    if not found:
        raise BadSetting(
            "no class was given: class_logit(285), or one class per image, class_logit([285, 281])"
        )
    return found


def class_indices(
    logits: Float[Tensor, "..."], layer: str, index: SupportsIndex | Sequence[SupportsIndex]
) -> Int[Tensor, " n"]:
    """Give the class asked of each image.

    Raises:
        UnknownClass: for an index that the output does not have.
        BadSetting: for an output that is no (n, classes), with what to use instead.

    >>> class_indices(torch.zeros(3, 5), "@logits", 2)
    tensor([2, 2, 2])
    """
    if logits.dim() != 2:
        raise BadSetting(
            f"a class needs an output (n, classes), got {tuple(logits.shape)}. {_instead(logits, layer, index)}"
        )
    n, classes = logits.shape
    wanted = _all(index)
    wanted *= n if len(wanted) == 1 else 1
    if len(wanted) != n:
        raise BadSetting(f"{len(wanted)} classes were given for a batch of {n} images")
    for k in wanted:
        if not 0 <= k < classes:
            raise UnknownClass(f"the output has classes 0 to {classes - 1}, got {k}")
    return torch.tensor(wanted, device=logits.device)


def _pick(
    activations: Mapping[str, Tensor], layer: str, index: SupportsIndex | Sequence[SupportsIndex]
) -> Tensor:
    logits = activations[layer]
    wanted = class_indices(logits, layer, index)
    return logits[torch.arange(len(logits), device=logits.device), wanted]


def _instead(output: Tensor, layer: str, index: SupportsIndex | Sequence[SupportsIndex]) -> str:
    """What to ask of an output that is no vector of classes."""
    k, place = _all(index)[0], OUTPUT + "".join(layer.partition("[")[1:])
    if output.dim() == 4:
        h, w = output.shape[2:]
        return (
            f"For a map of classes: region({place!r}, {k}, (top, left, bottom, right)) within 0..{h} × 0..{w}, "
            f"channel({place!r}, {k}) for all of it, or unit({place!r}, {k}, y, x) for one place"
        )
    several = ", ".join("…" for _ in output.shape[1:])
    ask = f"output_value(({several}))" if output.dim() > 2 else "output_value()"
    return f"For a number of it: {ask}; for anything else an Objective of your own: Objective(name, layers, score)"
