"""One class against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import SupportsIndex

import torch
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.class_logit import class_indices, output_layer, told_classes
from cutaway.objectives.objective import Objective

__all__ = ["contrast"]

_AGAINST = ("likely", "mean")


def contrast(
    index: SupportsIndex | Sequence[SupportsIndex], against: str = "likely", output: int | str | None = None
) -> Objective:
    """Score images by one class's logit against those of all others: what speaks for it and not for them too.

    Against one other class: `class_logit(a) - class_logit(b)`.

    Args:
        index: the class, 0-based; or one class per image.
        against: "likely" subtracts the log-sum-exp of the others, which gives the log of the odds p/(1−p) and counts
            the strongest rivals; "mean" subtracts their mean.
        output: which output, for a network with several: its place (0, 1, …) or its key ("out").

    Raises:
        BadSetting: for another `against`; at scoring, for an output with a single class.
        UnknownClass: at scoring, for an index that the output does not have.

    >>> contrast(1, "mean").score({"@logits": torch.tensor([[1.0, 5.0, 3.0]])})
    tensor([3.])
    >>> float(contrast(0).score({"@logits": torch.tensor([[0.25, 0.75]]).log()}).exp())  # odds 1 to 3
    0.333...
    """
    if against not in _AGAINST:
        raise BadSetting(
            f"against must be likely or mean, got {against!r}. Against one class: class_logit(a) - class_logit(b)"
        )
    layer = output_layer(output)

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        logits = activations[layer]
        wanted = class_indices(logits, layer, index)[:, None]
        count = logits.shape[1]
        if count < 2:
            raise BadSetting(
                "the output has a single class, and no other to contrast it with: use output_value()"
            )
        own = logits.gather(1, wanted)[:, 0]
        if against == "mean":
            return own - (logits.sum(1) - own) / (count - 1)
        others = torch.ones_like(logits, dtype=torch.bool).scatter(1, wanted, False)
        return own - torch.logsumexp(logits.masked_fill(~others, -torch.inf), dim=1)

    rivals = "the mean of the others" if against == "mean" else "the others"
    return Objective(f"class {told_classes(index)} against {rivals}", (layer,), score)
