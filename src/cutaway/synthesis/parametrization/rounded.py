"""Pixels that are shown as a file would hold them."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from cutaway.synthesis.parametrization.pixels import Pixels

__all__ = ["Rounded"]


class Rounded(Pixels):
    """Pixels, 0..255, that the network sees rounded to the 256 levels of a picture; gradients pass as if they were not.

    What an ascent finds so is still there in the file that is saved.

    >>> import torch
    >>> (Rounded(torch.full((1, 3, 1, 1), 99.6)).images() * 255)[0, :, 0, 0].tolist()
    [100.0, 100.0, 100.0]
    """

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Give the pixels as a file holds them, 0..1."""
        exact = self._values
        # The sum of both is the rounded one, and its gradient that of the exact one.
        return (exact + (exact.round().clamp(0, 255) - exact).detach()) / 255.0
