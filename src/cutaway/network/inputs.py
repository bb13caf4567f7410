"""What is fed to a network: one tensor, several, or named ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import torch
from torch import Tensor, nn

from cutaway.errors import BadSetting, CutawayError, OutOfMemory, UnsupportedNetwork

__all__ = [
    "Inputs",
    "Several",
    "cannot_run",
    "changed",
    "input_tensors",
    "once",
    "run",
    "short_of_memory",
    "signature",
]

type_names = "a tensor (n,c,h,w), a tuple of tensors, or a mapping of keyword arguments"
Several = tuple[Any, ...] | Mapping[str, Any]
Inputs = Tensor | Several


def run(module: nn.Module, inputs: Inputs) -> Any:
    """Call a module on its inputs: a tuple gives the positional arguments, a mapping the named ones.

    >>> import torch
    >>> run(nn.Bilinear(2, 3, 4), (torch.zeros(1, 2), torch.zeros(1, 3))).shape
    torch.Size([1, 4])
    """
    if isinstance(inputs, Mapping):
        return module(**inputs)
    if isinstance(inputs, tuple | list):
        return module(*inputs)
    return module(inputs)


def cannot_run(module: nn.Module, given: Sequence[Tensor], error: Exception) -> CutawayError:
    """Say in words that a module failed on its inputs, or that memory ran out on them.

    >>> import torch
    >>> print(cannot_run(nn.ReLU(), [torch.zeros(1, 3)], ValueError("too small")))
    ReLU cannot run on an input of (1, 3): ValueError: too small. Check its size and channels...
    """
    shapes = " and ".join(str(tuple(t.shape)) for t in given)
    if short_of_memory(error):
        return OutOfMemory(
            f"memory ran out on an input of {shapes}: give a smaller size, or fewer images at once"
        )
    reason = " ".join(str(error).split()) or "no reason given"
    instead = "Check its size and channels (n,c,h,w), and that the network runs by itself"
    if isinstance(error, TypeError) and "missing" in reason and "argument" in reason:
        instead = "Give all that it takes: a tuple of tensors, or a mapping by the arguments' names"
        instead += ", also as Network(module, example=…)"
    elif len(given) == 1 and given[0].dim() == 3:
        instead = "An image alone is no batch (n,c,h,w): give images[None]"
    return UnsupportedNetwork(
        f"{type(module).__name__} cannot run on an input of {shapes}: {type(error).__name__}: {reason}. {instead}"
    )


def short_of_memory(error: BaseException) -> bool:
    """Tell whether an error of torch's or Python's says that memory ran out.

    >>> (
    ...     short_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory")),
    ...     short_of_memory(RuntimeError()),
    ... )
    (True, False)
    """
    signs = ("can't allocate memory", "out of memory", "not enough memory")
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in signs)


@overload
def once(inputs: Tensor) -> tuple[Tensor, int]: ...
@overload
def once(inputs: Inputs) -> tuple[Inputs, int]: ...
def once(inputs: Inputs) -> tuple[Inputs, int]:
    """Tell one image that was repeated by `expand` from a batch of several: give it once, and how often it stood there.

    >>> import torch
    >>> one, copies = once(torch.zeros(1, 3, 4, 4).expand(5, -1, -1, -1))
    >>> one.shape, copies
    (torch.Size([1, 3, 4, 4]), 5)
    """
    if isinstance(inputs, Tensor) and inputs.dim() > 1 and len(inputs) > 1 and inputs.stride(0) == 0:
        # A fresh tensor with strides of its own: kernels choose by them, and a stride of 0 leads to slow ones.
        last = inputs.dim() == 4 and inputs[:1].is_contiguous(memory_format=torch.channels_last)
        kept = torch.channels_last if last else torch.contiguous_format
        return inputs[:1].clone(memory_format=kept), len(inputs)
    return inputs, 1


def input_tensors(inputs: Inputs) -> list[Tensor]:
    """List the floating tensors among the inputs, in order.

    >>> import torch
    >>> len(input_tensors((torch.zeros(1), torch.zeros(1, dtype=torch.int64), None)))
    1
    """
    if isinstance(inputs, Tensor):
        values: list[Any] = [inputs]
    elif isinstance(inputs, Mapping):
        values = list(inputs.values())
    elif isinstance(inputs, tuple | list):
        values = list(inputs)
    else:
        raise BadSetting(
            f"images must be {type_names}, got {type(inputs).__name__}. From a photo: network.prepare(photo)"
        )
    found = [value for value in values if isinstance(value, Tensor) and value.is_floating_point()]
    if not found:
        raise BadSetting(
            f"images must be {type_names} with floating values; none of these is a floating tensor"
        )
    if found[0].dim() == 0 or not found[0].numel():
        got = f"one of shape {tuple(found[0].shape)}" if found[0].dim() else "a single number"
        raise BadSetting(f"images must be a batch (n,c,h,w) with something in it, got {got}")
    return found


def changed(inputs: Inputs, change: Callable[[Tensor], Tensor]) -> Inputs:
    """Give the same inputs with every tensor replaced.

    >>> import torch
    >>> changed((torch.ones(2), 5), lambda t: t * 2)
    (tensor([2., 2.]), 5)
    """

    def one(value: Any) -> Any:
        return change(value) if isinstance(value, Tensor) else value

    if isinstance(inputs, Tensor):
        return change(inputs)
    if isinstance(inputs, Mapping):
        return {name: one(value) for name, value in inputs.items()}
    return tuple(one(value) for value in inputs)


def signature(inputs: Inputs) -> tuple[object, ...]:
    """Tell inputs apart that may take another way through a network: by shapes but for the batch, and by other values.

    >>> import torch
    >>> signature((torch.zeros(2, 3, 8, 8), True))[1][1]
    'True'
    """
    named = (
        inputs.items()
        if isinstance(inputs, Mapping)
        else enumerate(inputs if isinstance(inputs, tuple | list) else (inputs,))
    )
    return tuple(
        (name, (tuple(value.shape[1:]), value.dtype) if isinstance(value, Tensor) else repr(value))
        for name, value in named
    )
