"""How far pixels are from the mean colour: a penalty, to subtract."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.network import INPUT
from cutaway.objectives.objective import Objective

__all__ = ["alpha_norm"]


def alpha_norm(alpha: float = 6.0) -> Objective:
    """Score images by the sum of their values' sizes to a power: small where none is far from the mean colour.

    It is a penalty: `match(…) - 1e-6 * alpha_norm()`. Values are as the network takes them, where 0 is the mean colour.

    Args:
        alpha: the power; large ones keep values within a range and let them move in it.

    Raises:
        BadSetting: for a power that is not at least 1.

    Source: Mahendran and Vedaldi, "Understanding deep image representations by inverting them" (CVPR 2015), section
    3.1, R_α.

    >>> import torch
    >>> alpha_norm(3).score({"@input": torch.tensor([[[[-1.0, 2.0]]]])})
    tensor([9.])
    """
    if not alpha >= 1:
        raise BadSetting(f"alpha must be at least 1, got {alpha}")

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        return activations[INPUT].abs().pow(alpha).flatten(1).sum(1)

    return Objective(f"{alpha:g}-norm^{alpha:g}", (INPUT,), score)
