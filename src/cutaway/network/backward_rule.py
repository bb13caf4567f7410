"""Another way back through some operations: the forward values stay, the signal that returns is changed.

A rule is chosen by the operation, not by the module that made the call, so functional, in-place and re-used ReLUs
are all met. A rule gets the call's input and the call; what it gives has the call's own value, and a gradient of
the rule's choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cutaway.network.calls import Visit, replaced, tensors

__all__ = [
    "ACTIVATIONS",
    "Rule",
    "Rules",
    "fill",
    "is_activation",
    "positive_signal",
    "rectified_signal",
    "ruled",
]

Rule = Callable[[Tensor, Visit], Tensor]
Rules = Mapping[str, Rule]

# Operations whose way back a rule for ReLUs replaces; `is_activation` tells of the last four by their arguments.
ACTIVATIONS = frozenset(
    "relu relu6 leaky_relu elu selu celu gelu silu mish hardswish prelu rrelu softplus "
    "clamp clamp_min threshold hardtanh".split()
)


def ruled(visit: Visit, rule: Rule, *, in_place: bool) -> Any:
    """Carry a call out by a rule.

    Args:
        visit: the call.
        rule: the way back.
        in_place: whether the call overwrites its input; what others hold of it must then change too.

    >>> from cutaway.network.calls import Key
    >>> x = torch.tensor([-1.0, 2.0], requires_grad=True)
    >>> call = Visit(Key("", "relu", 1), torch.relu, (x,), {})
    >>> torch.autograd.grad(ruled(call, rectified_signal, in_place=False).sum(), x)[0]
    tensor([1., 1.])
    """
    source = tensors((visit.args, visit.kwargs))[0]
    if not in_place:
        return rule(source, visit)
    beside = {id(source): source.clone()}
    fresh = visit._replace(args=replaced(visit.args, beside), kwargs=replaced(visit.kwargs, beside))
    source.copy_(rule(source, fresh))
    return source


def is_activation(visit: Visit) -> bool:
    """Tell whether a call is one of the `ACTIVATIONS`: a clamp is one where it cuts at zero.

    >>> from cutaway.network.calls import Key
    >>> x = torch.zeros(1)
    >>> (
    ...     is_activation(Visit(Key("", "clamp", 1), torch.clamp, (x,), {"min": 0})),
    ...     is_activation(Visit(Key("", "clamp", 1), torch.clamp, (x, -1, 1), {})),
    ... )
    (True, False)
    """
    operation = visit.key.operation
    if operation not in ACTIVATIONS:
        return False
    if operation in ("clamp", "clamp_min"):
        low = visit.args[1] if len(visit.args) > 1 else visit.kwargs.get("min", visit.kwargs.get("min_val"))
    elif operation == "hardtanh":
        low = visit.args[1] if len(visit.args) > 1 else visit.kwargs.get("min_val", -1)
    elif operation == "threshold":
        low = visit.args[2] if len(visit.args) > 2 else visit.kwargs.get("value")
    else:
        return True
    return not isinstance(low, Tensor) and low is not None and float(low) == 0.0


def positive_signal(source: Tensor, visit: Visit) -> Tensor:
    """Guided backpropagation's rule: drop negative signal, then the activation's own derivative.

    Source: Springenberg et al., "Striving for simplicity: the all convolutional net", 2014, section 3.4.
    """
    if not is_activation(visit):
        return _run(visit)
    return _Positive.apply(_run(visit))  # type: ignore[no-any-return, no-untyped-call]


def rectified_signal(source: Tensor, visit: Visit) -> Tensor:
    """Deconvnet's rule: the signal itself passes through a ReLU; where the forward pass was negative does not matter.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 2.1.
    """
    if not is_activation(visit):
        return _run(visit)
    with torch.no_grad():
        value = _run(visit).detach()
    return _Positive.apply(_Given.apply(source, value))  # type: ignore[no-any-return, no-untyped-call]


def fill(source: Tensor, visit: Visit) -> Tensor:
    """Give every cell of an average's window the whole signal; the gradient's share would be 1/n.

    >>> from cutaway.network.calls import Key
    >>> x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    >>> call = Visit(Key("", "avg_pool2d", 1), F.avg_pool2d, (x, 2), {})
    >>> torch.autograd.grad(fill(x, call).sum(), x)[0].flatten()
    tensor([1., 1., 1., 1.])
    """
    value = _run(visit)
    if visit.key.operation == "mean" and value.shape[:2] != source.shape[:2]:
        return value  # over channels or images: no pool
    if visit.key.operation == "mean":
        total = value * (source.numel() // max(1, value.numel()))
    elif visit.key.operation == "avg_pool2d":
        names = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
        given = dict(zip(names, visit.args[:6], strict=False)) | visit.kwargs
        total = F.avg_pool2d(**(given | {"divisor_override": 1}))
    else:
        total = value * _window_sizes(source.shape, value.shape).to(value)
    return _Given.apply(total, value.detach())  # type: ignore[no-any-return, no-untyped-call]


def _window_sizes(whole: torch.Size, pooled: torch.Size) -> Tensor:
    """How many cells each output of an adaptive pool averages, (rows, columns)."""
    sides = []
    for size, count in zip(whole[-2:], pooled[-2:], strict=True):
        ends = [(i * size // count, math.ceil((i + 1) * size / count)) for i in range(count)]
        sides.append(torch.tensor([float(stop - start) for start, stop in ends]))
    return sides[0][:, None] * sides[1][None, :]


def _run(visit: Visit) -> Tensor:
    found: Tensor = visit.run()
    return found


class _Positive(torch.autograd.Function):
    """Hands a tensor on; of the signal that returns, only what is positive."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Tensor:
        return signals[0].clamp_min(0)


class _Given(torch.autograd.Function):
    """Has a value that was computed elsewhere; the signal that returns goes on to the first tensor unchanged."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, value: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> tuple[Tensor, None]:
        return signals[0], None
