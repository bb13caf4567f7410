"""Small networks with fixed weights, and what they hold beside their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import cutaway as cw


def small(*more: nn.Module, dtype: torch.dtype = torch.float32, **settings: Any) -> cw.Network:
    """Two convolutions and what comes after them, always with the same weights."""
    torch.manual_seed(3)
    parts = nn.Conv2d(3, 6, 3), nn.Tanh(), nn.Conv2d(6, 4, 3), *more
    given = {"size": 16} | settings
    return cw.Network(nn.Sequential(*parts).to(dtype), cw.Preprocessing(**given), name="small")


class Alarm(nn.Module):
    """Hands on what it is given until it is armed; then raises at the n-th call."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.left = 0

    def arm(self, error: BaseException, after: int = 0) -> None:
        """Raise so many calls from now."""
        self.error, self.left = error, after

    def forward(self, x: Tensor) -> Tensor:
        """Hand on."""
        if self.error is not None:
            if self.left <= 0:
                raise self.error
            self.left -= 1
        return x


def state(module: nn.Module) -> dict[str, Any]:
    """All that an ascent could leave behind: flags, gradients, hooks, values, random numbers."""
    return {
        "training": [m.training for m in module.modules()],
        "requires": [p.requires_grad for p in module.parameters()],
        "grads": [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        "hooks": [
            (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks))
            for m in module.modules()
        ],
        "values": [value.clone() for value in module.state_dict().values()],
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].tolist(),
        "grad mode": torch.is_grad_enabled(),
    }


def same(one: Any, other: Any) -> bool:
    """Whether two states are the same to the last bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
