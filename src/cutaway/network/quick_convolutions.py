"""Convolutions of many channels by Winograd's way, forward and back: for ascents of large networks on a CPU."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from cutaway.network.backward_rule import Rules
from cutaway.network.calls import Visit
from cutaway.network.winograd import Winograd, worthwhile

__all__ = ["QuickConvolutions"]

# With fewer channels its rounding turns enough ReLUs and maxima the other way to be seen in the gradient.
_FEWEST = 256
_NAMES = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")


class QuickConvolutions:
    """A rule for `differentiate`: convolutions are the same up to rounding, and some are quicker.

    Transformed filters are kept, four times as large as the filters and once for each direction. Weights must not
    collect gradients meanwhile, as they never do in `differentiate`.

    >>> import torch
    >>> from cutaway.network.calls import Key
    >>> x, weight = torch.randn(1, 256, 20, 20, requires_grad=True), torch.randn(256, 256, 3, 3) / 50
    >>> call = Visit(Key("", "conv2d", 1), F.conv2d, (x, weight), {"padding": 1})
    >>> quick = QuickConvolutions()
    >>> torch.allclose(quick(x, call), F.conv2d(x, weight, padding=1), atol=1e-3)
    True
    """

    def __init__(self) -> None:
        self._ready: dict[tuple[int, int], tuple[Tensor, Winograd, Winograd]] = {}

    def rules(self) -> Rules:
        """Give it as `differentiate` takes it."""
        return {"conv2d": self}

    def __call__(self, source: Tensor, visit: Visit) -> Tensor:
        """Carry a convolution out."""
        given = dict(zip(_NAMES, visit.args, strict=False)) | visit.kwargs
        images, weight, pad = given["input"], given["weight"], _pair(given.get("padding", 0))
        stride, dilation = _pair(given.get("stride", 1)), _pair(given.get("dilation", 1))
        plain: Tensor
        if pad is None or stride is None or dilation is None or max(pad) > 2 or images.dim() != 4:
            plain = visit.run()
            return plain
        size = [side + 2 * p for side, p in zip(images.shape[2:], pad, strict=True)]
        fits = worthwhile(weight, stride, dilation, given.get("groups", 1), size)
        if not fits or images.dtype != weight.dtype or min(weight.shape[:2]) < _FEWEST:
            plain = visit.run()
            return plain
        key = (weight.data_ptr(), weight._version)
        if key not in self._ready:
            filters = weight.detach()
            # The way back is a convolution with the filters turned round.
            turned = Winograd(filters.transpose(0, 1).flip(2, 3), None)
            self._ready[key] = weight, Winograd(filters, None), turned
        _, forward, back = self._ready[key]
        found: Tensor = _Convolved.apply(images, forward, back, pad)  # type: ignore[no-untyped-call]
        bias = given.get("bias")
        # Either way new memory, which what follows may write to.
        return found.clone() if bias is None else found + bias.detach()[:, None, None]


class _Convolved(Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, forward: Winograd, back: Winograd, pad: tuple[int, int]) -> Tensor:
        ctx.back, ctx.pad = back, pad
        return forward(F.pad(images, (pad[1], pad[1], pad[0], pad[0])))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *signals: Tensor) -> tuple[Tensor, None, None, None]:
        y, x = (2 - p for p in ctx.pad)
        return ctx.back(F.pad(signals[0], (x, x, y, y))), None, None, None


def _pair(value: Any) -> tuple[int, int] | None:
    """Give both axes' value; None for a padding that is told by a word."""
    if isinstance(value, str):
        return None
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    return (int(values[0]), int(values[-1]))
