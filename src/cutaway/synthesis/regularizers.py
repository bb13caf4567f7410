"""Edits after a step, which keep pixels from becoming noise; zero is the mean colour of the network's training.

Source: Yosinski, Clune, Nguyen, Fuchs and Lipson, "Understanding neural networks through deep visualization" (ICML
workshop 2015), section 3: decay, blur, and pixels with a small norm or a small contribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = [
    "CentreBias",
    "Clip",
    "GaussianBlur",
    "L2Decay",
    "Regularizer",
    "SmallBenefit",
    "SmallGradient",
    "SmallPixels",
]


@runtime_checkable
class Regularizer(Protocol):
    """An edit of images, as the network takes them, after a step."""

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images; `gradient` is the score's, at the images before the step."""
        ...


@dataclass(frozen=True)
class L2Decay:
    """Takes every pixel a part of the way back to the mean colour.

    Args:
        share: of the way, at each step.

    >>> L2Decay(0.1)(torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2), 0).mean().round(decimals=3)
    tensor(0.9000)
    """

    share: float = 1e-4

    def __post_init__(self) -> None:
        _check("share", self.share)

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        return images * (1 - self.share)


@dataclass(frozen=True)
class GaussianBlur:
    """Blurs every few steps.

    Args:
        width: standard deviation, in pixels.
        every: so many steps.

    >>> spike = torch.zeros(1, 1, 9, 9)
    >>> spike[..., 4, 4] = 1
    >>> blurred = GaussianBlur(1.0, every=1)(spike, spike, 0)
    >>> round(blurred.sum().item(), 4), round(blurred.max().item(), 3)
    (1.0, 0.159)
    """

    width: float = 0.5
    every: int = 4

    def __post_init__(self) -> None:
        if self.width <= 0 or self.every < 1:
            raise BadSetting(f"width must be above 0 and every at least 1, got {self.width} and {self.every}")

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        if (step + 1) % self.every:
            return images
        reach = max(1, round(4 * self.width))
        places = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
        kernel = torch.exp(-0.5 * (places / self.width) ** 2)
        kernel = (kernel / kernel.sum()).expand(images.shape[1], 1, 1, -1)
        wide = F.pad(images, (reach,) * 4, mode="replicate")
        rows = F.conv2d(wide, kernel, groups=images.shape[1])
        return F.conv2d(rows, kernel.transpose(2, 3), groups=images.shape[1])


@dataclass(frozen=True)
class SmallPixels:
    """Sets the pixels nearest to the mean colour to it.

    Args:
        share: of all pixels.

    >>> image = torch.arange(4.0).view(1, 1, 2, 2)
    >>> SmallPixels(0.5)(image, image, 0).flatten()
    tensor([0., 0., 2., 3.])
    """

    share: float = 0.3

    def __post_init__(self) -> None:
        _check("share", self.share)

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        return _without_least(images, images.norm(dim=1, keepdim=True), self.share)


@dataclass(frozen=True)
class SmallGradient:
    """Sets the pixels of which the score depends least to the mean colour.

    Args:
        share: of all pixels.

    >>> image = torch.ones(1, 1, 2, 2)
    >>> SmallGradient(0.5)(image, torch.arange(4.0).view(1, 1, 2, 2), 0).flatten()
    tensor([0., 0., 1., 1.])
    """

    share: float = 0.3

    def __post_init__(self) -> None:
        _check("share", self.share)

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        return _without_least(images, gradient.norm(dim=1, keepdim=True), self.share)


@dataclass(frozen=True)
class SmallBenefit:
    """Sets the pixels to the mean colour that do least for the score: by value times gradient, to first order.

    Args:
        share: of all pixels.

    >>> image = torch.tensor([1.0, -1.0, 2.0, 1.0]).view(1, 1, 2, 2)
    >>> SmallBenefit(0.25)(image, torch.ones(1, 1, 2, 2), 0).flatten()
    tensor([1., 0., 2., 1.])
    """

    share: float = 0.3

    def __post_init__(self) -> None:
        _check("share", self.share)

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        return _without_least(images, (images * gradient).sum(1, keepdim=True), self.share)


@dataclass(frozen=True)
class CentreBias:
    """Takes pixels back to the mean colour the further they lie from the middle: one object, not many.

    Args:
        share: of the way back at the corners, at each step; none in the middle.
        width: of the middle, as a part of the image's half side.

    Source: Nguyen, Yosinski and Clune, "Multifaceted feature visualization" (ICML workshop 2016), section 2.2.

    >>> image = CentreBias(0.5)(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 5, 5), 0)
    >>> image[0, 0, 2, 2].item(), bool(image[0, 0, 0, 0] < 0.7)
    (1.0, True)
    """

    share: float = 0.05
    width: float = 0.6

    def __post_init__(self) -> None:
        _check("share", self.share)
        if self.width <= 0:
            raise BadSetting(f"width must be above 0, got {self.width}")

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        y, x = (torch.linspace(-1, 1, side).to(images) for side in images.shape[2:])
        away = 1 - torch.exp(-0.5 * (y[:, None] ** 2 + x**2) / self.width**2)
        return images * (1 - self.share * away)


@dataclass(frozen=True)
class Clip:
    """Keeps pixels where a picture can show them.

    Args:
        low: least of each channel, as the network takes it.
        high: most.

    >>> Clip((0.0,), (1.0,))(torch.tensor([[[[-1.0, 0.5, 3.0]]]]), torch.zeros(1, 1, 1, 3), 0).flatten()
    tensor([0.0000, 0.5000, 1.0000])
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __call__(
        self, images: Float[Tensor, "n c h w"], gradient: Float[Tensor, "n c h w"], step: int
    ) -> Float[Tensor, "n c h w"]:
        """Edit images."""
        low, high = (images.new_tensor(one).view(1, -1, 1, 1) for one in (self.low, self.high))
        return torch.minimum(torch.maximum(images, low), high)


def _without_least(images: Tensor, worth: Float[Tensor, "n 1 h w"], share: float) -> Tensor:
    count = int(share * worth[0].numel())
    if count < 1:
        return images
    least = worth.flatten(1).kthvalue(count, dim=1).values
    return torch.where(worth <= least[:, None, None, None], 0.0, images)


def _check(name: str, share: float, allowed: Callable[[float], bool] = lambda one: 0 <= one <= 1) -> None:
    if not allowed(share):
        raise BadSetting(f"{name} must lie in 0..1, got {share}")
