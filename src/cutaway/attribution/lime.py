"""LIME: a straight-line account of the score by which parts of the image are seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real

import torch
from jaxtyping import Float, Int
from torch import Tensor

from cutaway.attribution.averaged import each_image
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.many import score_many
from cutaway.network.network import INPUT, Network
from cutaway.network.several import one_batch
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective

__all__ = ["LIME"]

PARTS = ("auto", "superpixels", "grid")


@dataclass(frozen=True)
class LIME:
    """Local interpretable model-agnostic explanations: a weighted linear fit of the score to random hidings of parts.

    The parts are superpixels where scikit-image is installed (pip install "cutaway[lime]"), else squares.

    Source: Ribeiro, Singh and Guestrin, "'Why should I trust you?': Explaining the predictions of any classifier",
    KDD 2016, sections 3.3 and 3.4; superpixels: Achanta et al., "SLIC superpixels compared to state-of-the-art
    superpixel methods", 2012.

    Args:
        samples: images with parts hidden.
        parts: "auto", "superpixels" or "grid".
        count: about how many parts.
        fill: what hidden parts show: a number in normalised units (0.0 is the mean colour of the network's
            preprocessing), or "mean" (each part's own).
        width: of the exponential kernel that weighs a sample by its cosine distance to the whole image.
        ridge: strength of the penalty on large weights.
        seed: of the samples.

    Raises:
        BadSetting: for settings outside these.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)))
    >>> LIME(samples=20, parts="grid", count=4)(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 8, 8])
    """

    samples: int = 1000
    parts: str = "auto"
    count: int = 64
    fill: float | str = 0.0
    width: float = 0.25
    ridge: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.parts not in PARTS:
            raise BadSetting(f"parts must be one of {', '.join(PARTS)}, got {self.parts!r}")
        if self.samples < 2 or self.count < 2:
            raise BadSetting(f"samples and count must be at least 2, got {self.samples} and {self.count}")
        if self.fill != "mean" if isinstance(self.fill, str) else not isinstance(self.fill, Real):
            raise BadSetting(f"fill takes a number or mean, got {self.fill!r}")
        if not self.width > 0 or not self.ridge >= 0:
            raise BadSetting(f"width must be above 0 and ridge not below, got {self.width} and {self.ridge}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 h w"]:
        """Give each pixel the weight of its part, in units of the objective.

        Raises:
            UnsupportedMethod: where superpixels are asked for and scikit-image is missing.
        """
        objective = as_objective(network, images, objective)
        plain = one_batch(network, images, type(self).__name__)
        return torch.cat(
            [self._of_one(network, image, score, objective) for image, score in each_image(plain, objective)]
        )

    def _of_one(
        self,
        network: Network,
        image: Tensor,
        score: Callable[[Mapping[str, Tensor]], Tensor],
        objective: Objective,
    ) -> Float[Tensor, "k 1 h w"]:
        places = self.segments(image)
        total = int(places.max()) + 1
        hidden_by = self._filled(image, places, total)
        source = torch.Generator().manual_seed(self.seed)
        seen = (torch.rand(self.samples, total, generator=source) < 0.5).double()
        seen[0] = 1  # the image itself

        def masked(start: int, stop: int) -> Tensor:
            shown = seen[start:stop].bool()[:, places.cpu()].to(image.device)[:, None]
            return torch.where(shown, image, hidden_by)

        scores = score_many(
            network, masked, self.samples, score, objective.layers, what="samples", columns=objective.columns
        )
        weights = self.fit(seen, scores.cpu().double().view(self.samples, -1))
        return weights.T[:, places.cpu()][:, None].to(image)

    def segments(self, image: Float[Tensor, "1 c h w"]) -> Int[Tensor, "h w"]:
        """Give each pixel the number of its part, from 0 on."""
        if self.parts != "grid":
            try:
                from skimage.segmentation import slic
            except ImportError as error:
                if self.parts == "superpixels":
                    raise UnsupportedMethod(
                        "superpixels need scikit-image, which is missing. Install it: "
                        'pip install "cutaway[lime]"; or use parts="grid"'
                    ) from error
            else:
                values = image[0].permute(1, 2, 0).double().cpu()
                values = (values - values.amin()) / (values.amax() - values.amin()).clamp(min=1e-12)
                found = slic(values.numpy(), self.count, start_label=0, channel_axis=-1, convert2lab=None)
                return torch.from_numpy(found).long().to(image.device)
        h, w = image.shape[2:]
        cell = max(1, round(math.sqrt(h * w / self.count)))
        rows, columns = torch.arange(h) // cell, torch.arange(w) // cell
        return (rows[:, None] * (int(columns[-1]) + 1) + columns).to(image.device)

    def fit(
        self, seen: Float[Tensor, "samples parts"], scores: Float[Tensor, "samples k"]
    ) -> Float[Tensor, "parts k"]:
        """Fit scores by a ridge regression with an intercept, samples near the whole image counting most."""
        share = seen.mean(1)
        distance = 1 - share.sqrt()  # the cosine distance of 0s and 1s to all ones
        near = torch.exp(-(distance**2) / (2 * self.width**2))[:, None]
        middle, mean = (near * seen).sum(0) / near.sum(), (near * scores).sum(0) / near.sum()
        centred = seen - middle
        gram = centred.T @ (near * centred) + self.ridge * torch.eye(seen.shape[1], dtype=seen.dtype)
        found: Tensor = torch.linalg.lstsq(
            gram, centred.T @ (near * (scores - mean)), driver="gelsd"
        ).solution
        return found

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT

    def _filled(self, image: Tensor, places: Tensor, total: int) -> Tensor:
        if not isinstance(self.fill, str):
            return torch.full_like(image, float(self.fill))
        flat, at = image[0].flatten(1), places.flatten()
        sums = flat.new_zeros(len(flat), total).index_add(1, at, flat)
        count = torch.bincount(at, minlength=total).to(sums)
        return (sums / count)[:, places][None]
