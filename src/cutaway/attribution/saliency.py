"""Saliency: how much the objective changes with each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.reduction import check_reduction, reduced
from cutaway.network.capture import differentiate
from cutaway.network.inputs import Several
from cutaway.network.network import INPUT, Network
from cutaway.network.several import named_inputs
from cutaway.objectives.target import Target, as_objective

__all__ = ["Saliency"]


@dataclass(frozen=True)
class Saliency:
    """The gradient of the objective with respect to the pixels.

    Source: Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks: visualising image classification
    models and saliency maps", 2013, section 3.

    Args:
        reduce: over the colour channels: "max" of the absolute values (the paper's), "sum" of them, "signed" for
            the sum with its signs, or "none" for the gradient itself (n,c,h,w).

    Raises:
        BadSetting: for another `reduce`.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    >>> Saliency()(net, torch.randn(1, 3, 4, 4), class_logit(1)).shape
    torch.Size([1, 1, 4, 4])
    """

    reduce: str = "max"

    def __post_init__(self) -> None:
        check_reduction(self.reduce)

    @overload
    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n d h w"]: ...
    @overload
    def __call__(self, network: Network, images: Several, objective: Target) -> dict[str, Tensor]: ...
    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"] | Several, objective: Target
    ) -> Float[Tensor, "n d h w"] | dict[str, Tensor]:
        """Give the map of each image at the images' own size, per unit of normalised pixel.

        Of several inputs, a tuple or a mapping, each has its map: {"@input[0]": …} or {"@input['depth']": …}.
        """
        objective = as_objective(network, images, objective)
        names = list(named_inputs(images))
        found = differentiate(network, images, objective.score, objective.layers, names)
        maps = {name: reduced(found.gradients[name], self.reduce) for name in names}
        return maps[INPUT] if isinstance(images, Tensor) else maps

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
