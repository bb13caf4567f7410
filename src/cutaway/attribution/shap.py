"""Shapley values, estimated by Captum (an extra: pip install "cutaway[shap]")."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import alone
from cutaway.attribution.reduction import check_reduction, reduced
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.capture import Derivatives, capture, differentiate
from cutaway.network.many import in_chunks, quickest_format
from cutaway.network.memory import chunk
from cutaway.network.network import INPUT, Network
from cutaway.network.receptive_field import Lattice
from cutaway.network.several import one_batch
from cutaway.network.undisturbed import undisturbed
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective

__all__ = ["SHAP"]

_USUAL = 50


@dataclass(frozen=True)
class SHAP:
    """Estimates of Shapley values: of pixels by gradients, or of square cells by hiding them.

    The map sums up to the score of the image minus that of the baseline: on average for gradients, exactly for cells.
    Captum computes; the network is run by cutaway, so that what a method here can explain, this one can.

    Source: Lundberg and Lee, "A unified approach to interpreting model predictions", NIPS 2017, section 4; for
    gradients Erion et al., "Improving performance of deep learning models with axiomatic attribution priors and
    expected gradients", 2021, equation 3.

    Args:
        how: "gradient" (GradientSHAP, a value for each pixel) or "kernel" (KernelSHAP, a value for each cell).
        samples: gradients, or images with cells hidden; None takes 50, or four for each cell and two.
        baseline: the image without anything to see, in normalised units, as in IntegratedGradients; for gradients
            also several images (k,c,h,w) to draw from.
        noise: for gradients, of the noise added, as a share of the image's range.
        cell: for the kernel, its side in pixels.
        reduce: for gradients, over the colour channels: "signed" sum, "sum" or "max" of absolute values, "none".
        seed: same seed, same map.

    Raises:
        BadSetting: for settings outside these.

    >>> SHAP("kernel", cell=16).cell
    16
    >>> SHAP("tree")
    Traceback (most recent call last):
    cutaway.errors.BadSetting: how must be gradient or kernel, got 'tree'
    """

    how: str = "gradient"
    samples: int | None = None
    baseline: float | Tensor = 0.0
    noise: float = 0.0
    cell: int = 32
    reduce: str = "signed"
    seed: int = 0

    def __post_init__(self) -> None:
        check_reduction(self.reduce)
        if self.how not in ("gradient", "kernel"):
            raise BadSetting(f"how must be gradient or kernel, got {self.how!r}")
        if self.samples is not None and self.samples < 1:
            raise BadSetting(f"samples must be at least 1, got {self.samples}")
        if self.cell < 1:
            raise BadSetting(f"cell must be at least 1 pixel, got {self.cell}")
        if not 0 <= self.noise < math.inf:
            raise BadSetting(f"noise must be a share of the image's range, 0 or more, got {self.noise}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n d rows columns"]:
        """Give the map of each image in units of the objective: a value for each pixel, or for each cell.

        Raises:
            UnsupportedMethod: where Captum is missing.
            BadSetting: for fewer samples than cells, which leaves them undetermined.
        """
        objective = as_objective(network, images, objective)
        captum = _captum(self.how)
        plain = one_batch(network, images, type(self).__name__)
        run = self._gradients if self.how == "gradient" else self._cells
        maps = []
        for i in range(len(plain)):
            with undisturbed(network.module):
                torch.manual_seed(self.seed)
                np.random.seed(self.seed % 2**32)
                maps.append(run(captum, network, plain[i : i + 1], alone(objective, i, len(plain))))
        return torch.cat(maps)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the image, in pixels or in cells."""
        return INPUT

    def lattice(self, network: Network, images: Float[Tensor, "n c h w"]) -> Lattice:
        """Tell where the middles of the pixels or cells lie."""
        side = 1.0 if self.how == "gradient" else float(self.cell)
        return Lattice((side / 2, side / 2), (side, side))

    def _gradients(self, captum: Any, network: Network, image: Tensor, objective: Objective) -> Tensor:
        base = torch.as_tensor(self.baseline).to(image)
        drawn = base if base.dim() == 4 else base.expand_as(image)
        reach = self.noise * float(image.max() - image.min())
        found = captum.GradientShap(_scored(network, objective)).attribute(
            image, drawn, n_samples=self.samples or _USUAL, stdevs=reach
        )
        return reduced(found.detach(), self.reduce)

    def _cells(self, captum: Any, network: Network, image: Tensor, objective: Objective) -> Tensor:
        rows, columns = (math.ceil(side / self.cell) for side in image.shape[2:])
        samples = 4 * rows * columns + 2 if self.samples is None else self.samples
        if rows * columns < 2:
            raise BadSetting(f"cells of {self.cell} pixels leave a single cell: give a smaller cell")
        if samples < rows * columns + 2:
            raise BadSetting(
                f"{rows} × {columns} cells need at least {rows * columns + 2} samples, got {samples}: "
                "give more samples, or larger cells"
            )
        down = torch.arange(image.shape[2], device=image.device) // self.cell
        right = torch.arange(image.shape[3], device=image.device) // self.cell
        mask = (down[:, None] * columns + right)[None, None].expand_as(image)

        def score(hidden: Tensor) -> Tensor:
            return objective.score(capture(network, hidden, objective.layers))

        found: Tensor = captum.KernelShap(score).attribute(
            image,
            torch.as_tensor(self.baseline).to(image).expand_as(image),
            feature_mask=mask,
            n_samples=samples,
            perturbations_per_eval=chunk(network, image),
            return_input_shape=False,
        )
        return found.detach().to(image).reshape(1, 1, rows, columns)


def _scored(network: Network, objective: Objective) -> Callable[[Tensor], Tensor]:
    """Give the score as a function that Captum can differentiate, with the network run a chunk at a time."""

    def score(images: Tensor) -> Tensor:
        found: Tensor = _Score.apply(images, network, objective)  # type: ignore[no-untyped-call]
        return found

    return score


class _Score(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, network: Network, objective: Objective) -> Tensor:
        one = images[:1].detach()
        layout, size = quickest_format(network, one), chunk(network, one, gradient=True)

        def run(start: int, stop: int) -> Derivatives:
            batch = images[start:stop].detach().contiguous(memory_format=layout)
            return differentiate(network, batch, objective.score, objective.layers, [INPUT])

        parts = in_chunks(len(images), size, run, "gradients")
        ctx.save_for_backward(torch.cat([part.gradients[INPUT] for part in parts]))
        return torch.cat([part.scores for part in parts])

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> tuple[Tensor, None, None]:
        (gradients,) = ctx.saved_tensors
        return gradients * signals[0].view(-1, 1, 1, 1), None, None


def _captum(how: str) -> Any:
    try:
        if how == "kernel":
            import_module("sklearn.linear_model")
        return import_module("captum.attr")
    except ImportError as error:
        raise UnsupportedMethod(
            f"SHAP needs Captum, and for cells scikit-learn; {error.name} is missing. "
            'Install them: pip install "cutaway[shap]"; or use IntegratedGradients or RISE, which need nothing'
        ) from error
