"""The weighted mean of gradients at many images near or before one: what several methods are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.network.capture import differentiate
from cutaway.network.inputs import Inputs
from cutaway.network.many import piecewise, quickest_format
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.several import named_inputs, variants
from cutaway.objectives.objective import Objective

__all__ = ["alone", "averaged_gradient", "for_each_copy"]


def averaged_gradient(
    network: Network,
    image: Inputs,
    objective: Objective,
    make: Callable[[int, int], Mapping[str, Tensor]],
    weights: Float[Tensor, " count"],
    what: str,
    power: int = 1,
) -> dict[str, Tensor]:
    """Sum up the gradients of one image's variants, each by its weight.

    Args:
        network: left exactly as found.
        image: whose variants they are, a batch of one.
        objective: the same for all.
        make: the variants from `start` to before `stop`, (k,…) by the name of each input.
        weights: of each.
        what: for the progress.
        power: 2 sums up the squared gradients.

    Returns:
        By the name of each input, (1,…).

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)))
    >>> one = torch.zeros(1, 3, 4, 4)
    >>> copies = lambda a, b: {"@input": one.repeat(b - a, 1, 1, 1)}
    >>> found = averaged_gradient(net, one, class_logit(1), copies, torch.ones(7) / 7, "copies")
    >>> torch.allclose(found["@input"].flatten(), net.module[1].weight[1])
    True
    """
    names = list(named_inputs(image))
    layout = quickest_format(network, image) if isinstance(image, Tensor) else None
    size = chunk(network, image, gradient=True)
    total: dict[str, Tensor] = {}

    def run(start: int, stop: int) -> None:
        batch = variants(image, make(start, stop))
        if layout is not None and isinstance(batch, Tensor):
            batch = batch.contiguous(memory_format=layout)
        found = differentiate(network, batch, objective.score, objective.layers, names)
        for name, gradient in found.gradients.items():
            part = torch.tensordot(weights[start:stop].to(gradient), gradient**power, 1)[None]
            total[name] = total[name] + part if name in total else part

    piecewise(len(weights), size, run, what)
    return total


def alone(objective: Objective, index: int, count: int) -> Objective:
    """Give what an objective asks of one image of a batch, for variants of that image alone.

    >>> from cutaway.objectives.class_logit import class_logit
    >>> alone(class_logit([0, 1]), 1, 2).score({"@logits": torch.tensor([[1.0, 5.0], [2.0, 7.0]])})
    tensor([5., 7.])
    """

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        # Each variant stands where the image stood, so that an objective with a class per image asks for its own.
        variants = len(next(iter(activations.values())))
        rows = []
        for at in range(variants):
            batch = {name: a[at : at + 1].expand(count, *a.shape[1:]) for name, a in activations.items()}
            rows.append(objective.score(batch)[index])
        return torch.stack(rows)

    return Objective(objective.name, objective.layers, score)


def for_each_copy(
    objective: Objective, copies: int
) -> Callable[[Mapping[str, Tensor]], Float[Tensor, "k copies"]]:
    """Score variants of one image that stands in a batch several times, each copy asked for something of its own.

    >>> from cutaway.objectives.class_logit import class_logit
    >>> for_each_copy(class_logit([0, 1]), 2)({"@logits": torch.tensor([[1.0, 5.0], [2.0, 7.0], [3.0, 9.0]])})
    tensor([[1., 5.],
            [2., 7.],
            [3., 9.]])
    """

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        variants = len(next(iter(activations.values())))
        rows = []
        for at in range(variants):
            one = {name: a[at : at + 1].expand(copies, *a.shape[1:]) for name, a in activations.items()}
            rows.append(objective.score(one))
        return torch.stack(rows)

    return score
