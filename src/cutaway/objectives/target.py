"""What a person may ask for: an objective, or just a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, SupportsIndex

import torch
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.head import LOGITS, PROBABILITIES, squashing
from cutaway.network.inputs import Inputs, once
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective

__all__ = ["Target", "as_objective"]

Target = Objective | SupportsIndex | str | Sequence[SupportsIndex]
_SQUASH: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": torch.sigmoid, "softmax": lambda a: a.softmax(1)}


def as_objective(network: Network, images: Inputs, target: Target | Any) -> Objective:
    """Give the objective that a person means, as this network answers it.

    Args:
        network: that is asked.
        images: as for `capture`.
        target: an objective; or a class, or one class per image, for its logit: its number or its name. Probabilities
            are a sigmoid's where the network ends in one, else a softmax's.

    Raises:
        BadSetting: for anything else, with what to type.
        UnknownClass: for a name that no class has.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.Sigmoid()))
    >>> image = torch.zeros(1, 3, 2, 2)
    >>> as_objective(net, image, 2).name
    'logit of class 2'
    >>> from cutaway.objectives.class_logit import class_probability
    >>> as_objective(net, image, class_probability(1)).score({"@logits": torch.zeros(1, 3)})
    tensor([0.5000])
    """
    if isinstance(target, Objective):
        return _of_probabilities(network, images, target)
    if isinstance(target, str):
        return class_logit(network.class_index(target))
    try:
        return class_logit(target)
    except TypeError:
        raise BadSetting(
            f"an objective is a class (its number or its name), or one such as class_logit(285), got {target!r}"
        ) from None


def _of_probabilities(network: Network, images: Inputs, objective: Objective) -> Objective:
    """Let an objective that reads probabilities read the logits, through what the network itself makes of them."""
    asked = {
        name: name.removeprefix(PROBABILITIES) for name in objective.layers if name.startswith(PROBABILITIES)
    }
    if not asked:
        return objective
    trace = network.trace(once(images)[0])
    squash = {name: _SQUASH[squashing(trace, way) or "softmax"] for name, way in asked.items()}

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        made = {name: by(activations[LOGITS + asked[name]]) for name, by in squash.items()}
        return objective.score({**activations, **made})

    layers = tuple(
        dict.fromkeys(LOGITS + asked[name] if name in asked else name for name in objective.layers)
    )
    # A sigmoid's entries know nothing of each other; each of a softmax's is made of all.
    alone = all(by is torch.sigmoid for by in squash.values())
    return replace(objective, layers=layers, score=score, columns=objective.columns if alone else None)
