"""Scores that a network gives to images, through which gradients go on to whatever made the images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.network.capture import differentiate
from cutaway.network.many import quickest_format
from cutaway.network.network import INPUT, Network
from cutaway.objectives.objective import Objective

__all__ = ["scored"]


def scored(
    network: Network, images: Float[Tensor, "n c h w"], objective: Objective, *, half: bool = False
) -> Float[Tensor, " n"]:
    """Score images, so that what made them can be trained by it: a perceptual loss is minus such a score.

    The network runs only as far as the objective reads, and is left exactly as found.

    Args:
        network: that is asked.
        images: as the network takes them.
        objective: one score for each image.
        half: whether the network computes in bfloat16; the score is then still computed from it in full.

    Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution" (2016).

    >>> from torch import nn
    >>> from cutaway.objectives.channel import channel
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()))
    >>> made = torch.ones(2, 3, 4, 4, requires_grad=True)
    >>> scored(net, made, channel("0", 1)).sum().backward()
    >>> bool((made.grad[0, :, 0, 0] * 16 - net.module[0].weight[1, :, 0, 0]).abs().max() < 1e-5)
    True
    """
    found: Tensor = _Scored.apply(images, network, objective, half)  # type: ignore[no-untyped-call]
    return found


class _Scored(torch.autograd.Function):
    """The score forward, and back its gradient, which was taken at once."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, network: Network, objective: Objective, half: bool) -> Tensor:
        layout = quickest_format(network, images)
        given = images.detach().to(network.device, network.dtype).contiguous(memory_format=layout)
        device = network.device.type

        def score(activations: Mapping[str, Tensor]) -> Tensor:
            with torch.autocast(device, enabled=False):
                return objective.score(activations)

        with torch.autocast(device, torch.bfloat16, enabled=half):
            found = differentiate(network, given, score, objective.layers, [INPUT])
        ctx.save_for_backward(found.gradients[INPUT].to(images))
        return found.scores.to(images)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        (gradient,) = ctx.saved_tensors
        return gradient * slopes[0].view(-1, 1, 1, 1), None, None, None
