"""Small changes between steps, so that an image excites for what it shows and not for where a pixel lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = ["Fade", "Jitter", "Pad", "Rotate", "Scale", "Transform"]


@runtime_checkable
class Transform(Protocol):
    """A change drawn anew at each step, the same for all images of it; gradients pass."""

    def __call__(
        self, images: Float[Tensor, "n c h w"], source: torch.Generator
    ) -> Float[Tensor, "n c h2 w2"]:
        """Change images, as the network takes them; zero is the mean colour of its training."""
        ...


@dataclass(frozen=True)
class Jitter:
    """Shifts by up to so many pixels; what leaves at one side comes in at the other, or is cut away.

    Args:
        pixels: furthest shift in any direction.
        wrap: False cuts so many pixels away instead, all in all along each axis.

    >>> Jitter(2)(torch.zeros(1, 3, 8, 8), torch.Generator()).shape
    torch.Size([1, 3, 8, 8])
    >>> Jitter(2, wrap=False)(torch.zeros(1, 3, 8, 8), torch.Generator()).shape
    torch.Size([1, 3, 6, 6])
    """

    pixels: int
    wrap: bool = True

    def __post_init__(self) -> None:
        if self.pixels < 0:
            raise BadSetting(f"pixels must be at least 0, got {self.pixels}")

    def __call__(
        self, images: Float[Tensor, "n c h w"], source: torch.Generator
    ) -> Float[Tensor, "n c h2 w2"]:
        """Shift images."""
        if self.wrap:
            y, x = torch.randint(-self.pixels, self.pixels + 1, (2,), generator=source).tolist()
            return images.roll((y, x), (2, 3))
        h, w = images.shape[2:]
        if min(h, w) <= self.pixels:
            raise BadSetting(f"a jitter of {self.pixels} pixels leaves nothing of images of {h} × {w}")
        y, x = torch.randint(0, self.pixels + 1, (2,), generator=source).tolist()
        return images[:, :, y : y + h - self.pixels, x : x + w - self.pixels]


@dataclass(frozen=True)
class Pad:
    """Puts a border of the mean colour, or of the images' own edge mirrored, around them.

    Args:
        pixels: its width.
        mirror: whether it is the mirrored edge.

    >>> Pad(2)(torch.ones(1, 3, 8, 8), torch.Generator()).sum().item() == 3 * 64
    True
    """

    pixels: int
    mirror: bool = False

    def __call__(
        self, images: Float[Tensor, "n c h w"], source: torch.Generator
    ) -> Float[Tensor, "n c h2 w2"]:
        """Pad images."""
        return F.pad(images, (self.pixels,) * 4, mode="reflect" if self.mirror else "constant")


@dataclass(frozen=True)
class Scale:
    """Zooms by one of several factors; the images' size changes with it.

    Args:
        factors: to draw from.

    >>> Scale([0.5])(torch.zeros(1, 3, 8, 8), torch.Generator()).shape
    torch.Size([1, 3, 4, 4])
    """

    factors: Sequence[float]

    def __post_init__(self) -> None:
        if not self.factors or min(self.factors) <= 0:
            raise BadSetting(f"factors must be above 0, got {self.factors}")

    def __call__(
        self, images: Float[Tensor, "n c h w"], source: torch.Generator
    ) -> Float[Tensor, "n c h2 w2"]:
        """Zoom images."""
        factor = self.factors[int(torch.randint(len(self.factors), (1,), generator=source))]
        h, w = (max(1, round(side * factor)) for side in images.shape[2:])
        return F.interpolate(images, (h, w), mode="bilinear", align_corners=False)


@dataclass(frozen=True)
class Rotate:
    """Turns by one of several angles; corners are filled with the mirrored edge.

    Args:
        degrees: to draw from; positive turns against the clock.

    >>> ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    >>> Rotate([90])(ramp, torch.Generator())[0, 0, :, 0].round()
    tensor([3., 2., 1., 0.])
    """

    degrees: Sequence[float]

    def __post_init__(self) -> None:
        if not self.degrees:
            raise BadSetting("degrees needs at least one angle, got none")

    def __call__(
        self, images: Float[Tensor, "n c h w"], source: torch.Generator
    ) -> Float[Tensor, "n c h2 w2"]:
        """Turn images."""
        turn = math.radians(self.degrees[int(torch.randint(len(self.degrees), (1,), generator=source))])
        if turn == 0:
            return images
        h, w = images.shape[2:]
        cos, sin = math.cos(turn), math.sin(turn)
        way = images.new_tensor([[cos, -sin * h / w, 0.0], [sin * w / h, cos, 0.0]])
        grid = F.affine_grid(way.expand(len(images), 2, 3), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


@dataclass(frozen=True)
class Fade:
    """Fades images to the mean colour away from the middle: what is pushed up lies there, and not in many places.

    Args:
        width: standard deviation of the window, as a part of the image's half side.

    Source: the centre bias of Nguyen, Yosinski and Clune, "Multifaceted feature visualization" (ICML workshop 2016), as
    a gradient that is strongest in the middle.

    >>> faded = Fade(0.5)(torch.ones(1, 1, 3, 3), torch.Generator())[0, 0]
    >>> faded[1].round(decimals=3)
    tensor([0.1350, 1.0000, 0.1350])
    """

    width: float = 0.5

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise BadSetting(f"width must be above 0, got {self.width}")

    def __call__(
        self, images: Float[Tensor, "n c h w"], source: torch.Generator
    ) -> Float[Tensor, "n c h2 w2"]:
        """Fade images."""
        y, x = (torch.linspace(-1, 1, side).to(images) for side in images.shape[2:])
        return images * torch.exp(-0.5 * (y[:, None] ** 2 + x**2) / self.width**2)
