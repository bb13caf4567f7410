"""Pixels that cannot leave what a picture can show."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = ["Bounded"]

# Black and white have no finite logit: begun there, a pixel could never leave.
_MARGIN = 0.02


class Bounded:
    """Pixels as sigmoids of the numbers that are moved: whatever these are, colours lie in 0..1.

    Args:
        images: to begin from, (n,3,h,w), colours of 0..1; black and white are moved a little inwards.

    >>> start = Bounded(torch.tensor([0.5, 0.0, 1.0]).view(1, 3, 1, 1))
    >>> start.images().flatten().detach().round(decimals=2)
    tensor([0.5000, 0.0200, 0.9800])
    """

    def __init__(self, images: Float[Tensor, "n 3 h w"]) -> None:
        if images.dim() != 4 or images.shape[1] != 3:
            raise BadSetting(f"images are (n,3,h,w), colours of 0..1, got {tuple(images.shape)}")
        logits = torch.logit(images.detach().clamp(_MARGIN, 1 - _MARGIN))
        self._logits = logits.contiguous().clone().requires_grad_(True)

    def parameters(self) -> list[Tensor]:
        """Give the numbers to move."""
        return [self._logits]

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Give the pixels, 0..1."""
        return torch.sigmoid(self._logits)
