"""Several processes that train one module together, as PyTorch's own launcher starts them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as distributed
from torch import Tensor

__all__ = ["averaged", "is_first", "mean_gradients", "place", "together"]


@contextmanager
def together() -> Iterator[None]:
    """Join the processes that `torchrun` started, inside `with`; alone, nothing happens.

    >>> with together():
    ...     is_first()
    True
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or distributed.is_initialized():
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def place() -> tuple[int, int]:
    """Tell which of the processes this is, from 0, and how many there are.

    >>> place()
    (0, 1)
    """
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def is_first() -> bool:
    """Tell whether this is the process that writes files and tells how far it is."""
    return place()[0] == 0


def mean_gradients(parameters: Sequence[Tensor]) -> None:
    """Give every process the mean of all processes' gradients."""
    count = place()[1]
    if count < 2:
        return
    given = [one for one in parameters if one.grad is not None]
    flat = torch.cat([one.grad.flatten() for one in given if one.grad is not None]) / count
    distributed.all_reduce(flat)
    start = 0
    for one in given:
        assert one.grad is not None
        one.grad.copy_(flat[start : start + one.numel()].view(one.shape))
        start += one.numel()


def averaged(numbers: dict[str, float], device: torch.device) -> dict[str, float]:
    """Give every process the mean of all processes' numbers.

    >>> averaged({"loss": 2.0}, torch.device("cpu"))
    {'loss': 2.0}
    """
    count = place()[1]
    if count < 2:
        return numbers
    values = torch.tensor(list(numbers.values()), dtype=torch.float64, device=device) / count
    distributed.all_reduce(values)
    return dict(zip(numbers, values.tolist(), strict=True))
