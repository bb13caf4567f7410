"""The map for those who name no method: the most exact one that the network allows."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.attribution import Attribution
from cutaway.attribution.cam import CAM
from cutaway.attribution.grad_cam import GradCAM
from cutaway.attribution.saliency import Saliency
from cutaway.errors import UnsupportedMethod
from cutaway.network.network import Network
from cutaway.objectives.target import Target

__all__ = ["best_map"]


def best_map(
    network: Network, images: Float[Tensor, "n c h w"], objective: Target
) -> tuple[Attribution, Float[Tensor, "n 1 rows columns"]]:
    """Give the map of CAM where the network ends so that it can be read, else of GradCAM, else of Saliency.

    Raises:
        UnsupportedMethod: where none of them can answer.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    >>> best_map(net, torch.zeros(1, 3, 4, 4), class_logit(1))[0]
    Saliency(reduce='max')
    """
    methods: list[Attribution] = [CAM(), GradCAM(), Saliency()]
    for method in methods[:-1]:
        try:
            return method, method(network, images, objective)
        except UnsupportedMethod:
            continue  # each says what to use instead: the next one
    return methods[-1], methods[-1](network, images, objective)
