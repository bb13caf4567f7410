"""How near a layer's activation is to that of a reference: the score of feature inversion, and of content."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["match"]

_NORMS = ("reference", "paper")


def match(layer: str, reference: Float[Tensor, "n ..."], norm: str = "reference") -> Objective:
    """Score images by minus the squared distance of a layer's activation to a reference: 0 where they are equal.

    Args:
        layer: any of its names.
        reference: (1,…) for all images, (n,…) for one per image, as `capture` gives it.
        norm: "reference" divides by the reference's own square, so that −1 is as far as nothing at all is; "paper"
            halves, as Gatys's content loss does.

    Raises:
        BadSetting: for a reference that is not finite, or all zero where it divides; at scoring, for one of another
            shape.

    Source: Mahendran and Vedaldi, "Understanding deep image representations by inverting them" (CVPR 2015), equation 2;
    Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks" (CVPR 2016), equation 1.

    >>> objective = match("fc", torch.tensor([[3.0, 4.0]]))
    >>> objective.score({"fc": torch.tensor([[3.0, 4.0], [0.0, 0.0]])})
    tensor([-0., -1.])
    >>> match("fc", torch.tensor([[3.0, 4.0]]), "paper").score({"fc": torch.zeros(1, 2)})
    tensor([-12.5000])
    """
    if norm not in _NORMS:
        raise BadSetting(f"norm takes {' or '.join(_NORMS)}, got {norm!r}")
    wanted = reference.detach().clone().as_subclass(Tensor)
    if wanted.dim() < 2 or not bool(torch.isfinite(wanted).all()):
        raise BadSetting(
            "a reference holds finite numbers (1,…) or (n,…), as cutaway.capture gives them, got shape "
            f"{tuple(wanted.shape)}"
        )
    if norm == "reference" and not bool(wanted.flatten(1).any(1).all()):
        raise BadSetting(
            f"the reference at {layer} is all zero, and no distance is relative to that: take a layer that answers, "
            "or norm='paper'"
        )

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        if len(wanted) not in (1, len(values)) or wanted.shape[1:] != values.shape[1:]:
            raise BadSetting(
                f"{layer} is {tuple(values.shape)} and the reference {tuple(wanted.shape)}: capture it from images "
                "of the same size"
            )
        # Squares of half precision leave its range.
        wide = torch.promote_types(values.dtype, torch.float32)
        goal = wanted.to(values.device, wide)
        distance = (values.to(wide) - goal).square().flatten(1).sum(1)
        return -distance / (2.0 if norm == "paper" else goal.square().flatten(1).sum(1))

    return Objective(f"match at {layer}", (layer,), score)
