"""What one call costs: multiply–accumulates, for one image."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from cutaway.network.calls import Visit, operation, tensors

__all__ = ["macs"]


def macs(visit: Visit, given: Sequence[Tensor], output: Tensor) -> int:
    """Count the multiply–accumulates of a call; zero for what multiplies nothing by learned or computed weights.

    >>> import torch
    >>> from cutaway.network.calls import Key
    >>> images, weights = torch.zeros(1, 3, 8, 8), torch.zeros(4, 3, 3, 3)
    >>> visit = Visit(Key("", "conv2d", 1), torch.conv2d, (images, weights), {})
    >>> macs(visit, (images, weights), torch.zeros(1, 4, 6, 6)) == 36 * 4 * 27
    True
    """
    kind = operation(visit.function)
    size = output.numel()
    if kind.startswith("conv") and len(given) > 1:
        weight = given[1]
        if kind.startswith("conv_transpose"):
            return given[0].numel() * math.prod(weight.shape[1:])
        return size * math.prod(weight.shape[1:])
    if kind == "linear":
        return size * given[0].shape[-1]
    if kind in ("matmul", "bmm", "mm") and given[0].dim() > 1:
        return size * given[0].shape[-1]
    if kind in ("addmm", "baddbmm") and len(given) > 2:
        return size * given[1].shape[-1]
    if kind == "einsum":
        return _einsum(visit)
    if kind == "scaled_dot_product_attention":
        query, key = given[0], given[1]
        return 2 * query.numel() * key.shape[-2]
    if kind == "multi_head_attention_forward":
        query, key, value = given[:3]
        width = query.shape[-1]
        projected = 2 * query.numel() + key.numel() + value.numel()
        return projected * width + 2 * query.numel() * key.shape[0]
    return 0


def _einsum(visit: Visit) -> int:
    """The product of all the sizes that a sum over two operands runs through."""
    equation, operands = visit.args[0], tensors(visit.args[1:])
    if not isinstance(equation, str) or len(operands) != 2:
        return 0
    sizes: dict[object, int] = {}
    for term, operand in zip(equation.replace(" ", "").split("->")[0].split(","), operands, strict=True):
        before, dots, after = term.partition("...")
        free = range(operand.dim() - len(before) - len(after)) if dots else ()
        # Dimensions under the dots are told by their place from the right, as in broadcasting.
        names = [*before, *(place - len(free) for place in free), *after]
        for name, count in zip(names, operand.shape, strict=True):
            sizes[name] = max(count, sizes.get(name, 1))
    return math.prod(sizes.values())
