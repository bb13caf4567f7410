"""Input × gradient: the gradient, weighted by the pixel that it belongs to."""

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

__all__ = ["InputXGradient"]


@dataclass(frozen=True)
class InputXGradient:
    """The gradient of the objective times the normalised pixel: a first-order account of the score.

    For a network of convolutions, ReLUs and pools without biases the map sums up to the score.

    Source: Shrikumar et al., "Not just a black box: learning important features through propagating activation
    differences", 2016, section 2.

    Args:
        reduce: over the colour channels: "signed" sum, "sum" or "max" of absolute values, "none".

    Raises:
        BadSetting: for another `reduce`.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2, bias=False)))
    >>> images = torch.randn(1, 3, 4, 4)
    >>> torch.allclose(
    ...     InputXGradient()(net, images, class_logit(1)).sum(), net.module(images)[0, 1], atol=1e-5
    ... )
    True
    """

    reduce: str = "signed"

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
        """Give the map of each image at the images' own size, in units of the objective.

        Of several inputs, a tuple or a mapping, each has its map: {"@input[0]": …} or {"@input['depth']": …}.
        """
        objective = as_objective(network, images, objective)
        names = list(named_inputs(images))
        found = differentiate(network, images, objective.score, objective.layers, names)
        maps = {name: reduced(found.activations[name] * found.gradients[name], self.reduce) for name in names}
        return maps[INPUT] if isinstance(images, Tensor) else maps

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
