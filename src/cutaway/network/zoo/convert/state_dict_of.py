"""Open a state dict that torch.save wrote, without letting it run anything."""

from __future__ import annotations

import io

import torch
from torch import Tensor

__all__ = ["state_dict_of"]


def state_dict_of(data: bytes) -> dict[str, Tensor]:
    """Read the tensors by name, also where they lie under "state_dict" or come from a parallel network.

    >>> buffer = io.BytesIO()
    >>> torch.save({"state_dict": {"module.weight": torch.ones(1)}}, buffer)
    >>> state_dict_of(buffer.getvalue())
    {'weight': tensor([1.])}
    """
    found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if "state_dict" in found:
        found = found["state_dict"]
    return {name.removeprefix("module."): value.contiguous() for name, value in found.items()}
