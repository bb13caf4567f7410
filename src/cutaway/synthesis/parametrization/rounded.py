"""Pixels that are shown as a file would hold them."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from cutaway.synthesis.parametrization.pixels import Pixels

__all__ = ["Rounded"]


class Rounded(Pixels):
    """Pixels, 0..255, that the network sees rounded to the 256 levels of a picture; gradients pass as if they were not.

    What an ascent finds so is still there in the file that is saved.

    Args:
        values: to begin from, (n,3,h,w), 0..255.
        gray: whether the three colours stay the same, for a network that sees no others.

    >>> import torch
    >>> (Rounded(torch.full((1, 3, 1, 1), 99.6)).images() * 255)[0, :, 0, 0].tolist()
    [100.0, 100.0, 100.0]
    """

    def __init__(self, values: Float[Tensor, "n 3 h w"], *, gray: bool = False) -> None:
        super().__init__(values)
        self._gray = gray

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Give the pixels as a file holds them, 0..1."""
        exact = self._values
        if self._gray:
            exact = exact.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        # The sum of both is the rounded one, and its gradient that of the exact one.
        return (exact + (exact.round().clamp(0, 255) - exact).detach()) / 255.0
