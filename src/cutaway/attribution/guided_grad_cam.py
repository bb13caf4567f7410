"""Guided Grad-CAM: guided backpropagation, kept where Grad-CAM finds the class."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.grad_cam import GradCAM
from cutaway.attribution.guided_backprop import GuidedBackprop
from cutaway.errors import BadSetting
from cutaway.network.network import INPUT, Network
from cutaway.objectives.target import Target

__all__ = ["GuidedGradCAM"]


@dataclass(frozen=True)
class GuidedGradCAM:
    """Guided backpropagation times Grad-CAM: sharp edges, and only where they speak for the objective.

    Source: Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization",
    ICCV 2017, section 3.2.

    Args:
        layer: that Grad-CAM weighs; None takes its own choice.
        enlarge: how the coarse map is brought to the pixels: "bilinear", as in the paper, or "nearest".

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> GuidedGradCAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 3, 8, 8])
    """

    layer: str | None = None
    enlarge: str = "bilinear"

    def __post_init__(self) -> None:
        if self.enlarge not in ("bilinear", "nearest"):
            raise BadSetting(f"enlarge must be bilinear or nearest, got {self.enlarge!r}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n c h w"]:
        """Give the signed map of each image, one value per colour and pixel."""
        coarse = GradCAM(self.layer)(network, images, objective)
        settings = {"align_corners": False} if self.enlarge == "bilinear" else {}
        fine = F.interpolate(coarse, tuple(images.shape[-2:]), mode=self.enlarge, **settings)
        return GuidedBackprop()(network, images, objective) * fine

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
