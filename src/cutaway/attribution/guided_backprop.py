"""Guided backpropagation: the gradient, without the signal that speaks against."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.projection import check_activations, project_whole
from cutaway.network.backward_rule import ACTIVATIONS, positive_signal
from cutaway.network.network import INPUT, Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["GuidedBackprop"]

RULES = dict.fromkeys(ACTIVATIONS, positive_signal)


@dataclass(frozen=True)
class GuidedBackprop:
    """The gradient of the objective, with negative signal dropped at every activation on the way back.

    ReLUs are met wherever they are: modules, functions, in place, used twice. At another activation (GELU, SiLU)
    the negative signal is dropped and the activation's own derivative applied, which for a ReLU is the paper's rule.
    It shows edges that lead to the answer, sharply; classes differ in it less than in a class activation map.

    Source: Springenberg et al., "Striving for simplicity: the all convolutional net", 2014, section 3.4.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.unit import unit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)))
    >>> GuidedBackprop()(net, torch.randn(1, 3, 9, 9), unit("2", 1, 0, 0)).shape
    torch.Size([1, 3, 9, 9])
    """

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n c h w"]:
        """Give the signed map of each image, one value per colour and pixel, per unit of normalised pixel.

        Raises:
            UnsupportedMethod: for a network without any activation that could be seen.
        """
        objective = as_objective(network, images, objective)
        check_activations(network, images, "GuidedBackprop")
        return project_whole(network, images, objective, RULES)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
