"""What every attribution method is: (network, images, objective) → raw map, and where that map lies."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from cutaway.network.network import Network
from cutaway.objectives.objective import Objective

__all__ = ["Attribution"]


@runtime_checkable
class Attribution(Protocol):
    """A method that says where in the images the reasons for an objective lie.

    Methods are frozen dataclasses; their fields are their settings. None inherits from another.
    """

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Objective
    ) -> Float[Tensor, "n d rows columns"]:
        """Give the raw, signed map of each image at the method's own resolution."""
        ...

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer on whose units the map lies; "@input" for a map of pixels."""
        ...
