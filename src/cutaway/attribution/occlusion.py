"""Occlusion: hide a patch of the image, and see how far the score falls."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from numbers import Real

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import each_image
from cutaway.errors import BadSetting
from cutaway.network.capture import capture, one_each
from cutaway.network.hidden import score_hidden
from cutaway.network.inputs import once
from cutaway.network.many import quickest_format
from cutaway.network.network import INPUT, Network
from cutaway.network.receptive_field import Lattice
from cutaway.network.several import one_batch
from cutaway.objectives.target import Target, as_objective

__all__ = ["Occlusion"]

FILLS = ("mean", "blur", "noise")


@dataclass(frozen=True)
class Occlusion:
    """How far the objective falls when a patch is hidden, for every position of the patch.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.

    Args:
        size: of the patch, in pixels of the image that the network sees; an int for a square, or (h, w).
        stride: from one position to the next, an int or (y, x).
        fill: what the patch is filled with: a number in normalised units (0.0 is the mean colour of the network's
            preprocessing), or "mean" (the image's own), "blur" (the image, blurred) or "noise".
        seed: of the noise.

    Raises:
        BadSetting: for settings outside these.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)))
    >>> Occlusion(size=4, stride=2)(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 3, 3])
    """

    size: int | tuple[int, int] = 32
    stride: int | tuple[int, int] = 8
    fill: float | str = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("size", "stride"):
            try:
                least = min(_pair(getattr(self, name)))
            except (TypeError, ValueError):
                raise BadSetting(
                    f"{name} takes pixels, as 32 or (32, 16), got {getattr(self, name)!r}"
                ) from None
            if least < 1:
                raise BadSetting(f"{name} must be at least 1 pixel, got {getattr(self, name)}")
        if self.fill not in FILLS if isinstance(self.fill, str) else not isinstance(self.fill, Real):
            raise BadSetting(f"fill takes a number or {', '.join(FILLS)}, got {self.fill!r}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the objective's fall at each position of the patch, (n,1,rows,columns); a rise is negative.

        The first patch lies in the upper left corner; the last ones are cut by the border where they do not fit.

        Raises:
            BadSetting: for a patch larger than the image.
        """
        objective = as_objective(network, images, objective)
        plain = one_batch(network, images, type(self).__name__)
        one, copies = once(plain)
        one = one.contiguous(memory_format=quickest_format(network, one))
        plain = one.expand(copies * len(one), -1, -1, -1)
        tops, lefts = self._positions(plain)
        whole = one_each(objective.score(capture(network, plain, objective.layers)), len(plain))
        (h, w), maps = _pair(self.size), []
        for i, (image, score) in enumerate(each_image(plain, objective)):
            filled = self._filled(image, i)
            found = score_hidden(
                network,
                image,
                filled,
                (h, w),
                tops,
                lefts,
                score,
                objective.layers,
                objective.columns,
            )
            fall = whole - found if found.dim() > 1 else (whole[i] - found)[:, None]
            maps.append(fall.T.reshape(-1, 1, len(tops), len(lefts)))
        return torch.cat(maps)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the image, on which the positions lie."""
        return INPUT

    def lattice(self, network: Network, images: Float[Tensor, "n c h w"]) -> Lattice:
        """Tell where the middles of the patch's positions lie."""
        (h, w), (y, x) = _pair(self.size), _pair(self.stride)
        return Lattice((h / 2, w / 2), (float(y), float(x)))

    def _positions(self, images: Tensor) -> tuple[list[int], list[int]]:
        found = []
        for side, patch, step in zip(images.shape[2:], _pair(self.size), _pair(self.stride), strict=True):
            if patch > side:
                raise BadSetting(
                    f"a patch of {patch} pixels does not fit an image of {side}: give a smaller size"
                )
            # As many as it takes to reach the far border; with steps longer than the patch the last might miss it.
            found.append(list(range(0, min(side - patch + step, side), step)))
        return found[0], found[1]

    def _filled(self, image: Float[Tensor, "1 c h w"], i: int) -> Float[Tensor, "1 c h w"]:
        if self.fill == "mean":
            return image.mean((2, 3), keepdim=True).expand_as(image)
        if self.fill == "noise":
            source = torch.Generator().manual_seed(self.seed * 1_000_003 + i)
            noise = torch.randn(image.shape, generator=source).to(image)
            return image.mean((2, 3), keepdim=True) + noise * image.std((2, 3), keepdim=True)
        if self.fill == "blur":
            return _blurred(image, min(_pair(self.size)) / 4)
        return torch.full_like(image, float(self.fill))


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    first, second = value if isinstance(value, tuple | list) else (value, value)
    return operator.index(first), operator.index(second)


def _blurred(image: Float[Tensor, "1 c h w"], sigma: float) -> Float[Tensor, "1 c h w"]:
    """Blur by a Gaussian; at the border the image is continued by its last pixels."""
    reach = max(1, round(3 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1).to(image) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, 1, -1)
    wide = F.pad(image, (reach, reach, reach, reach), mode="replicate")
    rows = F.conv2d(wide, kernel, groups=image.shape[1])
    return F.conv2d(rows, kernel.transpose(2, 3), groups=image.shape[1])
