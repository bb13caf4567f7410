"""How much neighbouring pixels differ: a penalty, to subtract."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.network import INPUT
from cutaway.objectives.objective import Objective

__all__ = ["total_variation"]


def total_variation(power: float = 2.0) -> Objective:
    """Score images by the sum over their pixels of the gradient's length to a power: small where they are smooth.

    It is a penalty: `match(…) - 1e-4 * total_variation()`. Pixels are as the network takes them.

    Args:
        power: β of the paper; 1 lets edges stand and puts spikes beside them, 2 blurs edges and has none.

    Raises:
        BadSetting: for a power that is not above 0; at scoring, for inputs that are no images.

    Source: Mahendran and Vedaldi, "Understanding deep image representations by inverting them" (CVPR 2015), section
    3.1, the finite differences of R_Vβ.

    >>> total_variation(1).score({"@input": torch.tensor([[[[0.0, 3.0], [4.0, 9.0]]]])})  # one pixel has both
    tensor([5.])
    """
    if not power > 0:
        raise BadSetting(f"power must be above 0, got {power}")

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        images = activations[INPUT]
        if images.dim() != 4 or min(images.shape[2:]) < 2:
            raise BadSetting(
                f"a total variation needs images (n,c,h,w) of 2 × 2 pixels or more, got {tuple(images.shape)}"
            )
        corner = images[:, :, :-1, :-1]
        square = (images[:, :, :-1, 1:] - corner).square() + (images[:, :, 1:, :-1] - corner).square()
        # Where nothing changes a power below 2 has no slope of its own; there it is 0.
        moves = square > 0
        lengths = torch.where(moves, square, 1.0).pow(power / 2)
        return torch.where(moves, lengths, 0.0).flatten(1).sum(1)

    return Objective(f"total variation^{power:g}", (INPUT,), score)
