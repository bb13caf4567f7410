"""The sliding windows of convolutions and pools, read from the arguments of their calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Window", "window_of"]

_CONV = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_TRANSPOSED = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
_MAX_POOL = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVG_POOL = (
    "input",
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
    "divisor_override",
)
_LP_POOL = ("input", "norm_type", "kernel_size", "stride", "ceil_mode")
_SIGNATURES = {
    "conv2d": _CONV,
    "conv_transpose2d": _TRANSPOSED,
    "max_pool2d": _MAX_POOL,
    "avg_pool2d": _AVG_POOL,
    "lp_pool2d": _LP_POOL,
}


@dataclass(frozen=True)
class Window:
    """How a convolution or pool slides over its input; every pair is (y, x).

    Args:
        kernel: size of the window.
        stride: step between windows.
        padding: added before the first pixel.
        dilation: step between the window's cells.
        transposed: the window writes instead of reads (transposed convolution).
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    transposed: bool = False


def window_of(operation: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Window | None:
    """Read the window out of a call's arguments; None for an operation without one.

    >>> import torch
    >>> window_of("conv2d", (torch.zeros(1, 3, 8, 8), torch.zeros(4, 3, 3, 5)), {"padding": "same"}).padding
    (1, 2)
    """
    names = _SIGNATURES.get(operation)
    if names is None:
        return None
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    kernel = _pair(given["weight"].shape[2:] if "weight" in given else given["kernel_size"])
    stride = given.get("stride")
    if stride is None or stride in ((), []):
        stride = 1 if "weight" in given else kernel
    dilation = _pair(given.get("dilation", 1))
    padding = given.get("padding", 0)
    if padding == "valid":
        padding = 0
    elif padding == "same":
        # PyTorch puts the odd pixel after the last one.
        padding = tuple((k - 1) * d // 2 for k, d in zip(kernel, dilation, strict=True))
    return Window(kernel, _pair(stride), _pair(padding), dilation, operation.startswith("conv_transpose"))


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    values = [int(v) for v in value]
    return values[0], values[-1]
