"""Integrated gradients: gradients summed along the straight way from a baseline to the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import alone, averaged_gradient
from cutaway.attribution.reduction import check_reduction, reduced
from cutaway.errors import BadSetting
from cutaway.network.network import INPUT, Network
from cutaway.objectives.objective import Objective

__all__ = ["IntegratedGradients"]


@dataclass(frozen=True)
class IntegratedGradients:
    """The gradient of the objective, integrated from a baseline to the image, times their difference.

    The map sums up to the score of the image minus that of the baseline, as far as the steps resolve the way.

    Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017, section 3.

    Args:
        steps: how many gradients; placed and weighted by the rule of Gauss and Legendre.
        baseline: the image without anything to see, in normalised units: 0.0 is the mean colour of the
            network's preprocessing.
        reduce: over the colour channels: "signed" sum, "sum" or "max" of absolute values, "none".

    Raises:
        BadSetting: for settings outside these.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2, bias=False)))
    >>> images = torch.randn(1, 3, 4, 4)
    >>> found = IntegratedGradients(steps=5)(net, images, class_logit(1)).sum()
    >>> torch.allclose(found, net.module(images)[0, 1], atol=1e-5)
    True
    """

    steps: int = 50
    baseline: float = 0.0
    reduce: str = "signed"

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if not 1 <= self.steps <= 10_000:
            raise BadSetting(f"steps must lie in 1..10000, got {self.steps}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Objective
    ) -> Float[Tensor, "n d h w"]:
        """Give the map of each image at the images' own size, in units of the objective."""
        plain = images.as_subclass(Tensor).to(network.device, network.dtype)
        places, weights = np.polynomial.legendre.leggauss(self.steps)
        shares = torch.from_numpy((places + 1) / 2).to(plain)
        maps = []
        for i in range(len(plain)):
            image = plain[i : i + 1]
            way = image - self.baseline

            def along(start: int, stop: int, way: Tensor = way) -> Tensor:
                return self.baseline + shares[start:stop, None, None, None] * way

            asked = alone(objective, i, len(plain))
            mean = averaged_gradient(
                network, image, asked, along, torch.from_numpy(weights / 2), "steps along the way"
            )
            maps.append(way * mean)
        return reduced(torch.cat(maps), self.reduce)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
