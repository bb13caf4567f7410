"""What every attribution method is: (network, images, objective) → raw map, and where that map lies."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from cutaway.network.network import INPUT, Network
from cutaway.network.receptive_field import Lattice
from cutaway.network.token_grid import token_grid
from cutaway.objectives.target import Target

__all__ = ["Attribution", "Placed", "lattice_of", "layer_lattice"]


@runtime_checkable
class Attribution(Protocol):
    """A method that says where in the images the reasons for an objective lie.

    Methods are frozen dataclasses; their fields are their settings. None inherits from another.
    """

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n d rows columns"]:
        """Give the raw, signed map of each image at the method's own resolution."""
        ...

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer on whose units the map lies; "@input" for a map of pixels, or of places in the image."""
        ...


@runtime_checkable
class Placed(Protocol):
    """A method whose map lies on places of its own in the image, such as the positions of an occluding patch."""

    def lattice(self, network: Network, images: Float[Tensor, "n c h w"]) -> Lattice:
        """Tell where in the image the map's cells look."""
        ...


def lattice_of(
    method: Attribution, network: Network, images: Float[Tensor, "n c h w"]
) -> tuple[str, Lattice | None]:
    """Tell on which layer a method's map lies, and where in the image its cells look; None where they have no place.

    >>> from torch import nn
    >>> import torch
    >>> from cutaway.attribution.saliency import Saliency
    >>> lattice_of(Saliency(), Network(nn.ReLU()), torch.zeros(1, 3, 8, 8))
    ('@input', Lattice(start=(0.5, 0.5), step=(1.0, 1.0)))
    """
    layer = method.grid(network, images)
    if isinstance(method, Placed):
        return layer, method.lattice(network, images)
    if layer == INPUT:
        return layer, Lattice((0.5, 0.5), (1.0, 1.0))
    return layer, layer_lattice(network, images, layer)


def layer_lattice(network: Network, images: Float[Tensor, "n c h w"], layer: str) -> Lattice | None:
    """Tell where in the image the units of a layer, or the patches of its tokens, look; None where they have no place.

    >>> from torch import nn
    >>> import torch
    >>> layer_lattice(Network(nn.Sequential(nn.Conv2d(3, 4, 3))), torch.zeros(1, 3, 8, 8), "0")
    Lattice(start=(1.5, 1.5), step=(1.0, 1.0))
    """
    trace = network.trace(images)
    call = network.find(layer, trace)
    grid = token_grid(trace, call)
    if grid is not None:
        return grid.lattice
    field = network.layer(layer, images).field
    return None if field is None else field.lattice
