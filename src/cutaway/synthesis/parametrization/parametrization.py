"""What every parametrization can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

__all__ = ["Parametrization"]


@runtime_checkable
class Parametrization(Protocol):
    """Numbers that an optimiser moves, and the images that they make. The loop of `ascend` knows no more of it."""

    def parameters(self) -> list[Tensor]:
        """Give the numbers to move: leaves that require a gradient."""
        ...

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Make the images, as colours of 0..1; what lies outside is allowed, and cut only when drawn."""
        ...
