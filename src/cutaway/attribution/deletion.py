"""Deletion and insertion: how fast the score goes and comes when pixels do, in a map's order."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import alone
from cutaway.network.many import score_many
from cutaway.network.network import Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["STEPS", "areas", "random_order"]

STEPS = 32


def areas(
    network: Network,
    images: Float[Tensor, "n c h w"],
    index: int,
    objective: Target,
    order: Float[Tensor, "h w"],
    steps: int = STEPS,
) -> tuple[float, float]:
    """Give the areas under the curves of deletion and insertion, as shares of the whole image's score.

    Pixels go in the map's order, the strongest first, in equal steps: for deletion they become the mean colour of the
    network's preprocessing, for insertion a blurred image gets its own pixels back.

    Source: Petsiuk, Das and Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC
    2018, section 4.1.

    Args:
        network: left exactly as found.
        images: the batch that the objective asks.
        index: which of them.
        objective: what is scored; 0 is taken for nothing, as a probability has it.
        order: strong pixels first.
        steps: points of the curves after the first.

    >>> from torch import nn
    >>> from cutaway.objectives.objective import Objective
    >>> total = Objective("sum", ("@output",), lambda a: a["@output"].flatten(1).sum(1))
    >>> image = torch.zeros(1, 1, 2, 2)
    >>> image[0, 0, 0, 0] = 1.0
    >>> areas(Network(nn.Identity()), image, 0, total, image[0, 0], steps=4)[0]
    0.125
    """
    asked = alone(as_objective(network, images, objective), index, len(images))
    image = images[index : index + 1]
    count = order.numel()
    ranks = torch.empty(count, dtype=torch.long, device=image.device)
    ranks[torch.argsort(order.flatten(), descending=True, stable=True)] = torch.arange(
        count, device=image.device
    )
    ranks = ranks.view(order.shape)
    blurred = _blurred(image)

    def curve(before: Tensor, after: Tensor) -> Float[Tensor, " points"]:
        def made(start: int, stop: int) -> Tensor:
            done = [(ranks < round(count * k / steps))[None, None] for k in range(start, stop)]
            return torch.cat([torch.where(one, after, before) for one in done])

        return score_many(network, made, steps + 1, asked.score, asked.layers, what="steps").double()

    deletion = curve(image, torch.zeros_like(image))
    insertion = curve(blurred, image)
    whole = float(deletion[0])
    if whole == 0:
        return 0.0, 0.0
    return float(torch.trapezoid(deletion) / steps / whole), float(torch.trapezoid(insertion) / steps / whole)


def random_order(h: int, w: int, seed: int) -> Float[Tensor, "h w"]:
    """Make an order that has to do with nothing: smooth random hills, as coarse as a class activation map.

    >>> random_order(8, 6, 0).shape
    torch.Size([8, 6])
    """
    source = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 1, 13, 13, generator=source)
    return F.interpolate(coarse, (h, w), mode="bilinear", align_corners=False)[0, 0]


def _blurred(image: Float[Tensor, "1 c h w"]) -> Float[Tensor, "1 c h w"]:
    """Leave of an image only its coarse colours."""
    h, w = int(image.shape[2]), int(image.shape[3])
    small = F.adaptive_avg_pool2d(image, (max(1, h // 24), max(1, w // 24)))
    return F.interpolate(small, (h, w), mode="bilinear", align_corners=False)
