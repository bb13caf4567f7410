"""Grad-CAM: the channels of a map, weighted by the mean gradient of the objective."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from cutaway.network.inputs import Several
from cutaway.network.map_layer import differentiate_map, map_layer
from cutaway.network.network import Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["GradCAM"]


@dataclass(frozen=True)
class GradCAM:
    """Gradient-weighted class activation mapping, for any network and any objective.

    Source: Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization",
    ICCV 2017, equations 1 and 2.

    Args:
        layer: the layer whose channels are weighted; None takes the last map of features before the classes
            (where a 1x1 convolution makes the classes, the map that it reads).
        relu: keep only what speaks for the objective, as the paper does; False keeps the signed map.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> GradCAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 6, 6])
    """

    layer: str | None = None
    relu: bool = True

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"] | Several, objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the map of each image, (n,1,h,w), at the layer's resolution, in units of the objective.

        Raises:
            UnsupportedMethod: where the layer has no map.
            UnknownLayer: for a layer that is not there or that the objective does not depend on.
        """
        objective = as_objective(network, images, objective)
        activations, gradients = differentiate_map(
            network,
            images,
            objective.score,
            objective.layers,
            self.layer,
            type(self).__name__,
            objective.columns,
        )
        weights = gradients.mean((2, 3), keepdim=True)
        maps = (weights * activations).sum(1, keepdim=True)
        return maps.clamp_min(0) if self.relu else maps

    def grid(self, network: Network, images: Float[Tensor, "n c h w"] | Several) -> str:
        """Name the layer whose channels are weighted."""
        return map_layer(network, images, self.layer, type(self).__name__).name
