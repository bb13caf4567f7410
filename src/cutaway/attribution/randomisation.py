"""Whether a map depends on what the network has learned: shuffle its weights from the top down, and compare."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.attribution import Attribution
from cutaway.errors import CutawayError
from cutaway.network.network import Network
from cutaway.objectives.target import Target

__all__ = ["randomised_similarity", "rank_correlation"]

# How far down from the last layer weights are shuffled, as shares of all layers with weights.
DEPTHS = (0.25, 0.5, 0.75, 1.0)


def randomised_similarity(
    network: Network,
    images: Float[Tensor, "n c h w"],
    objective: Target,
    method: Attribution,
    maps: Float[Tensor, "n d rows columns"],
    *,
    seed: int = 0,
) -> list[float]:
    """Give each map's mean rank correlation with those of networks shuffled cascading from the last layer down.

    Each weight tensor is shuffled, not drawn anew, so that its numbers stay of the size that the layers around it
    expect. A copy of the module is shuffled, never the module itself.

    Source: Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, section 3.1.

    Args:
        network: left exactly as found.
        images: that the maps are of.
        objective: that they explain.
        method: that made them.
        maps: raw.
        seed: of the shuffling.

    >>> from torch import nn
    >>> from cutaway.attribution.saliency import Saliency
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(300, 2)))
    >>> images, method = torch.randn(1, 3, 10, 10), Saliency()
    >>> alike = randomised_similarity(
    ...     net, images, class_logit(1), method, method(net, images, class_logit(1))
    ... )
    >>> abs(alike[0]) < 0.5
    True
    """
    calls = [call for call in network.trace(images).calls if call.weights]
    order = list(dict.fromkeys(name for call in reversed(calls) for name in call.weights))
    source = torch.Generator().manual_seed(seed)
    shuffled = copy.deepcopy(network.module)
    other = replace(network, module=shuffled)
    totals, counted, done = [0.0] * len(maps), 0, 0
    for depth in DEPTHS:
        upto = max(1, round(depth * len(order)))
        if upto == done:
            continue
        with torch.no_grad():
            for name in order[done:upto]:
                weight = shuffled.get_parameter(name)
                places = torch.randperm(weight.numel(), generator=source).to(weight.device)
                weight.copy_(weight.flatten()[places].view_as(weight))
        done = upto
        try:
            found = method(other, images, objective)
        except CutawayError:
            # Shuffled weights may overflow; such a network has no map to compare with.
            continue
        counted += 1
        for i, (one, two) in enumerate(zip(maps, found, strict=True)):
            totals[i] += rank_correlation(one.flatten(), two.flatten())
    return [total / max(1, counted) for total in totals]


def rank_correlation(one: Float[Tensor, " k"], two: Float[Tensor, " k"]) -> float:
    """Give Spearman's rank correlation, −1..1; equal values share the mean of their ranks, a flat map has none: 0.

    >>> round(rank_correlation(torch.tensor([1.0, 2.0, 9.0]), torch.tensor([0.1, 0.2, 0.3])), 6)
    1.0
    """
    first, second = _ranks(one), _ranks(two)
    first, second = first - first.mean(), second - second.mean()
    size = float(first.norm() * second.norm())
    return float(first @ second) / size if size else 0.0


def _ranks(values: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
    _, place, counts = torch.unique(values, return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    ranks: Tensor = (ends - (counts.double() - 1) / 2)[place]
    return ranks
