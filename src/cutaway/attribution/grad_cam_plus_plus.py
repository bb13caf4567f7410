"""Grad-CAM++: the channels of a map, weighted by those places where the gradient is positive."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.network.inputs import Several
from cutaway.network.map_layer import differentiate_map, map_layer
from cutaway.network.network import Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["GradCAMPlusPlus"]


@dataclass(frozen=True)
class GradCAMPlusPlus:
    """Grad-CAM++, which counts a place as much as the class needs it, so that several objects are all found.

    With g the gradient at a place and S the sum of its channel, the place counts α · max(g, 0) with
    α = g² / (2g² + S·g³): what the second and third derivatives of exp(score) come to. The factor exp(score) itself,
    the same for a whole map, is left out: it would overflow. S is meant to be the sum of a map that is not negative.

    Source: Chattopadhyay et al., "Grad-CAM++: Generalized gradient-based visual explanations for deep convolutional
    networks", WACV 2018, section 3 (equation 19: the weights of an exponential score).

    Args:
        layer: the layer whose channels are weighted; None takes the last map of features before the classes.
        relu: keep only what speaks for the objective, as the paper does; False keeps the signed map.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> GradCAMPlusPlus()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 6, 6])
    """

    layer: str | None = None
    relu: bool = True

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"] | Several, objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the map of each image, (n,1,h,w), at the layer's resolution.

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
        # α · g, shortened by g², which underflows where gradients are small.
        below = 2 + activations.sum((2, 3), keepdim=True) * gradients
        counts = (gradients > 0) & (below != 0)
        weights = torch.where(counts, gradients / torch.where(counts, below, 1), 0).sum((2, 3), keepdim=True)
        maps = (weights * activations).sum(1, keepdim=True)
        return maps.clamp_min(0) if self.relu else maps

    def grid(self, network: Network, images: Float[Tensor, "n c h w"] | Several) -> str:
        """Name the layer whose channels are weighted."""
        return map_layer(network, images, self.layer, type(self).__name__).name
