"""Deconvnet: an activation sent back to the pixels through transposed filters, switches and ReLUs."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.projection import check_activations, project_whole
from cutaway.errors import BadSetting
from cutaway.network.backward_rule import ACTIVATIONS, Rules, fill, rectified_signal
from cutaway.network.network import INPUT, Network
from cutaway.objectives.target import Target, as_objective

__all__ = ["Deconvnet"]

_AVERAGES = ("avg_pool2d", "adaptive_avg_pool2d", "mean")


@dataclass(frozen=True)
class Deconvnet:
    """The deconvolutional network of Zeiler and Fergus: what in the image made a unit fire, one unit at a time.

    On the way back: convolutions by their transposed filters, with stride, padding, dilation and groups; max pools
    by the places that won, windows that overlap adding up; ReLUs by a ReLU on the signal itself; average pools by
    filling each window with the value; batch norm by its scale, the shift left out; a concatenation by handing each
    part its own channels; a residual sum by handing both branches the whole signal; other operations by their
    gradient.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 2.1.

    Args:
        average: "fill" gives every cell of an average pool's window the whole value, "gradient" its share 1/n.

    Raises:
        BadSetting: for another `average`.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.objectives.unit import unit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2)))
    >>> Deconvnet()(net, torch.randn(1, 3, 9, 9), unit("2", 1, 0, 0)).shape
    torch.Size([1, 3, 9, 9])
    """

    average: str = "fill"

    def __post_init__(self) -> None:
        if self.average not in ("fill", "gradient"):
            raise BadSetting(f"average must be fill or gradient, got {self.average!r}")

    @property
    def rules(self) -> Rules:
        """The way back through each operation that has one of its own."""
        averages = dict.fromkeys(_AVERAGES, fill) if self.average == "fill" else {}
        return dict.fromkeys(ACTIVATIONS, rectified_signal) | averages

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n c h w"]:
        """Give the signed projection of each image, one value per colour and pixel.

        The signal begins with the objective's derivative: one, for a unit.

        Raises:
            UnsupportedMethod: for a network without any activation that could be seen.
        """
        objective = as_objective(network, images, objective)
        check_activations(network, images, "Deconvnet")
        return project_whole(network, images, objective, self.rules)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer of the map: the pixels themselves."""
        return INPUT
