"""The grid that a transformer's tokens lie on, told from shapes: which are patches, in how many rows and columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from cutaway.network.receptive_field import Lattice
from cutaway.network.trace import Call, Trace

__all__ = ["TokenGrid", "last_attention", "token_grid"]

# Class tokens, distillation tokens and registers stand before the patches; none has more than this.
_MOST_PREFIX = 16
_ATTENTION = frozenset(("scaled_dot_product_attention", "multi_head_attention_forward"))
_PRODUCTS = frozenset(("matmul", "bmm", "einsum", "baddbmm"))


@dataclass(frozen=True)
class TokenGrid:
    """How tokens (n,tokens,c), or maps with the channels last (n,rows,columns,c), lie on the image.

    Args:
        rows: of patches.
        columns: of patches.
        prefix: tokens before the first patch (class token, registers).
        lattice: where the patches look, on the input.
        tokens: whether rows and columns are one dimension.
    """

    rows: int
    columns: int
    prefix: int
    lattice: Lattice
    tokens: bool

    def maps(self, values: Float[Tensor, "n ..."]) -> Float[Tensor, "n c rows columns"]:
        """Lay tokens out as a map; tokens before the patches are left out.

        >>> import torch
        >>> grid = TokenGrid(2, 3, 1, Lattice((8, 8), (16, 16)), True)
        >>> grid.maps(torch.zeros(1, 7, 5)).shape
        torch.Size([1, 5, 2, 3])
        """
        if not self.tokens:
            return values.permute(0, 3, 1, 2)
        patches = values[:, self.prefix :].transpose(1, 2)
        return patches.reshape(len(values), -1, self.rows, self.columns)


def token_grid(trace: Trace, call: Call) -> TokenGrid | None:
    """Tell the grid of a call's tokens; None where its result is a plain map (n,c,h,w), or nothing on a grid.

    Three dimensions are tokens by the patch embedding before them (a convolution with as many cells as there are
    tokens, but for a few before them), or by their number, where rows and columns stand as the image's sides do. Four
    have the channels last where their first two sides stand as the image's.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.record import record
    >>> net = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.Flatten(2), nn.LayerNorm(6))
    >>> trace = record(net, torch.zeros(1, 3, 8, 12))
    >>> token_grid(trace, trace.calls[0]) is None
    True
    """
    if not trace.input_shapes or len(trace.input_shapes[0]) != 4:
        return None
    h, w = trace.input_shapes[0][-2:]
    if len(call.shape) == 4:
        rows, columns, channels = call.shape[1:]
        known = call.sight.field is not None
        last = call.sight.dims == (-3, -2) if known else rows * w == columns * h and channels != columns
        if not last or rows * columns < 2:
            return None
        return TokenGrid(rows, columns, 0, _even(h, w, rows, columns), False)
    if len(call.shape) != 3 or call.shape[1] < 2:
        return None
    tokens = call.shape[1]
    for before in reversed(trace.calls[: call.index]):
        if before.kind == "conv2d" and len(before.shape) == 4 and before.window is not None:
            rows, columns = before.shape[2:]
            if before.window.kernel == (1, 1) or not 0 <= tokens - rows * columns <= _MOST_PREFIX:
                continue
            field = before.sight.field
            lattice = _even(h, w, rows, columns) if field is None else field.lattice
            return TokenGrid(rows, columns, tokens - rows * columns, lattice, True)
    rows = round(math.sqrt(tokens * h / w))
    if rows < 1 or tokens % rows or rows * w != (tokens // rows) * h:
        return None
    return TokenGrid(rows, tokens // rows, 0, _even(h, w, rows, tokens // rows), True)


def last_attention(trace: Trace) -> int:
    """Give the index of the last call in which places look at each other by attention; -1 for none."""
    found = [
        call.index
        for call in trace.calls
        if call.kind in _ATTENTION
        or (call.kind == "softmax" and len(call.shape) >= 3 and _is_multiplied(trace, call))
    ]
    return max(found, default=-1)


def _is_multiplied(trace: Trace, call: Call) -> bool:
    readers = trace.children(call.index)
    dropped = [one for child in readers if child.kind == "dropout" for one in trace.children(child.index)]
    return any(one.kind in _PRODUCTS for one in (*readers, *dropped))


def _even(h: int, w: int, rows: int, columns: int) -> Lattice:
    step = h / rows, w / columns
    return Lattice((step[0] / 2, step[1] / 2), step)
