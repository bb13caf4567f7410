"""Whether the score has levelled out where the image is, so that its gradient there says little."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.network.capture import differentiate
from cutaway.network.network import INPUT, Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["saturation"]

STEPS = 5


def saturation(network: Network, images: Float[Tensor, "n c h w"], objective: Target) -> list[float]:
    """Give the size of the gradient at each image over its mean size on the way from gray to it.

    Far below 1 means that the answer was settled before the image was fully there, and that a method which looks at
    the gradient at the image alone understates what mattered; integrated gradients do not.

    Source: the saturation that Sundararajan et al. (ICML 2017, section 2.1) describe, made a number.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)))
    >>> [round(level, 4) for level in saturation(net, torch.ones(1, 3, 2, 2), class_logit(1))]
    [1.0]
    """
    asked, sizes = as_objective(network, images, objective), []
    for step in range(1, STEPS + 1):
        found = differentiate(network, images * (step / STEPS), asked.score, asked.layers, [INPUT])
        sizes.append(found.gradients[INPUT].double().abs().flatten(1).sum(1))
    means = torch.stack(sizes).mean(0)
    return [float(last / mean) if mean else 0.0 for last, mean in zip(sizes[-1], means, strict=True)]
