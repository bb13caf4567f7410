"""RISE: how high the score is on average where a place of the image is seen."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import each_image
from cutaway.errors import BadSetting
from cutaway.network.many import score_many
from cutaway.network.network import INPUT, Network
from cutaway.network.several import one_batch
from cutaway.objectives.target import Target, as_objective

__all__ = ["RISE"]


@dataclass(frozen=True)
class RISE:
    """Randomised input sampling: the mean of random soft masks, each weighted by the score of the image behind it.

    Works best with `class_probability`, as in the paper; any objective will do. What a mask hides becomes the mean
    colour of the network's preprocessing.

    Source: Petsiuk, Das and Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC
    2018, sections 3.1 and 3.2.

    Args:
        masks: how many; the map's noise falls with their square root.
        cells: of the coarse grid that a mask is enlarged from, along each side.
        keep: the probability that a cell is seen, in 0..1.
        seed: of the masks; the same seed gives the same map, whatever the memory budget.

    Raises:
        BadSetting: for settings outside these.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)))
    >>> RISE(masks=8, cells=2)(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 8, 8])
    """

    masks: int = 1000
    cells: int = 7
    keep: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.masks < 1 or self.cells < 1:
            raise BadSetting(f"masks and cells must be at least 1, got {self.masks} and {self.cells}")
        if not 0 < self.keep < 1:
            raise BadSetting(f"keep must lie between 0 and 1, got {self.keep}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 h w"]:
        """Give the map of each image at the images' own size, in units of the objective."""
        objective = as_objective(network, images, objective)
        plain = one_batch(network, images, type(self).__name__)
        h, w = int(plain.shape[2]), int(plain.shape[3])
        maps = []
        for one, score in each_image(plain, objective):

            def masked(start: int, stop: int, image: Tensor = one) -> Tensor:
                return image * self.mask(start, stop, h, w).to(image)

            found = score_many(
                network, masked, self.masks, score, objective.layers, what="masks", columns=objective.columns
            )
            scores = found.cpu().double().reshape(self.masks, -1)
            total = torch.zeros(scores.shape[1], h * w, dtype=torch.float64)
            for start in range(0, self.masks, 64):
                stop = min(start + 64, self.masks)
                total += scores[start:stop].T @ self.mask(start, stop, h, w).flatten(1).double()
            maps.append(total.view(-1, 1, h, w) / (self.masks * self.keep))
        return torch.cat(maps).to(plain)

    def mask(self, start: int, stop: int, h: int, w: int) -> Float[Tensor, "k 1 h w"]:
        """Make masks `start` to before `stop`, in 0..1: coarse cells seen or not, enlarged smoothly and shifted."""
        made = []
        # The grid is one cell larger than the image, so that a shift by less than a cell leaves no gap.
        cell = -(-h // self.cells), -(-w // self.cells)
        size = ((self.cells + 1) * cell[0], (self.cells + 1) * cell[1])
        for k in range(start, stop):
            source = torch.Generator().manual_seed(self.seed * 1_000_003 + k)
            seen = (torch.rand(1, 1, self.cells, self.cells, generator=source) < self.keep).float()
            large = F.interpolate(seen, size, mode="bilinear", align_corners=False)
            top, left = (int(torch.randint(0, side, (), generator=source)) for side in cell)
            made.append(large[:, :, top : top + h, left : left + w])
        return torch.cat(made).clamp_(0, 1)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
