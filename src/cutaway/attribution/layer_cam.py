"""Layer-CAM: every unit of a map weighted by its own positive gradient, so that early layers can be read too."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from cutaway.network.inputs import Several
from cutaway.network.map_layer import differentiate_map, map_layer
from cutaway.network.network import Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["LayerCAM"]


@dataclass(frozen=True)
class LayerCAM:
    """Layer-CAM, for any layer: fine detail from early ones, the whole object from late ones.

    Source: Jiang et al., "LayerCAM: Exploring hierarchical class activation maps for localization", IEEE Transactions
    on Image Processing 2021, section III (each unit's weight is its own positive gradient).

    Args:
        layer: the layer whose units are weighted; None takes the last map of features before the classes.
        relu: keep only what speaks for the objective, as the paper does; False keeps the signed map.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> LayerCAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
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
        maps = (gradients.clamp_min(0) * activations).sum(1, keepdim=True)
        return maps.clamp_min(0) if self.relu else maps

    def grid(self, network: Network, images: Float[Tensor, "n c h w"] | Several) -> str:
        """Name the layer whose units are weighted."""
        return map_layer(network, images, self.layer, type(self).__name__).name
