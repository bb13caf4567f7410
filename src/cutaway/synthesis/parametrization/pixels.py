"""Images that are their own parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.synthesis.parametrization.seeded import image_size, seeded
from cutaway.view.picture import Picture

__all__ = ["Pixels"]


class Pixels:
    """Pixels of colour, 0..255: a step of 1 is one of the 255 levels of a photo.

    Args:
        values: to begin from, (n,3,h,w), 0..255.

    >>> start = Pixels.noise(2, (8, 8), around=128.0, spread=10.0, seed=0)
    >>> start.images().shape, bool((start.images() * 255 - 128).abs().max() <= 10)
    (torch.Size([2, 3, 8, 8]), True)
    """

    def __init__(self, values: Float[Tensor, "n 3 h w"]) -> None:
        if values.dim() != 4 or values.shape[1] != 3:
            raise BadSetting(f"pixels are (n,3,h,w), 0..255, got {tuple(values.shape)}")
        # Not channels-last: L-BFGS lays its parameters out in a row.
        self._values = values.detach().float().contiguous().clone().requires_grad_(True)

    @classmethod
    def noise(
        cls,
        count: int,
        size: int | tuple[int, int],
        *,
        around: float = 128.0,
        spread: float = 10.0,
        seed: int | Sequence[int] = 0,
    ) -> Pixels:
        """Begin from gray with even noise.

        Args:
            count: of images.
            size: of each: a side, or (h, w).
            around: the gray, 0..255.
            spread: how far the noise reaches from it.
            seed: of the first image, the next have the next ones; or one for each. An image is the same alone and
                among others.
        """
        drawn = seeded(count, seed, lambda source: torch.rand(3, *image_size(size), generator=source))
        return cls(around + spread * (2 * drawn - 1))

    @classmethod
    def of(cls, pictures: Picture | Sequence[Picture]) -> Pixels:
        """Begin from pictures of one size.

        >>> start = Pixels.of(Picture(np.full((4, 4, 3), 51, np.uint8)))
        >>> round(float(start.images().detach().mean()), 3)
        0.2
        """
        several = [pictures] if isinstance(pictures, Picture) else list(pictures)
        if len({picture.size for picture in several}) != 1:
            raise BadSetting(f"pixels need pictures of one size, got {sorted({p.size for p in several})}")
        arrays = np.stack([picture.pixels for picture in several]).transpose(0, 3, 1, 2)
        return cls(torch.from_numpy(arrays.astype(np.float32)))

    def parameters(self) -> list[Tensor]:
        """Give the pixels."""
        return [self._values]

    def images(self) -> Float[Tensor, "n 3 h w"]:
        """Give the pixels, 0..1."""
        return self._values / 255.0

    def put(self, images: Float[Tensor, "n 3 h w"]) -> None:
        """Take other pixels, 0..1, in place of these: what a regularizer does after a step."""
        with torch.no_grad():
            self._values.copy_(images * 255.0)

    def to(self, device: torch.device) -> Pixels:
        """Give the same pixels on a device."""
        return Pixels(self._values.detach().to(device))
