"""Several layers' maps of one method, joined: the sharp edges of early layers on the right places of late ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.attribution.layer_cam import LayerCAM
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.network.receptive_field import Lattice
from cutaway.objectives.target import Target
from cutaway.view.placement import Placement

__all__ = ["FusedLayers"]

JOINS = ("max", "mean")


@dataclass(frozen=True)
class FusedLayers:
    """The maps of several layers, each divided by its largest value, laid on the finest grid and joined.

    Source: Jiang et al., "LayerCAM: Exploring hierarchical class activation maps for localization", IEEE Transactions
    on Image Processing 2021, section III-C (the largest value at each place; without its tanh for early layers).

    Args:
        layers: names of the layers; two or more.
        method: weighs one layer's channels, as LayerCAM() or GradCAM() do; its own layer is replaced.
        join: "max" or "mean" over the layers.

    Raises:
        BadSetting: for fewer layers, or a method that weighs no layer's channels.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> layers = (
    ...     nn.Conv2d(3, 4, 3),
    ...     nn.ReLU(),
    ...     nn.Conv2d(4, 4, 3, stride=2),
    ...     nn.ReLU(),
    ...     nn.Flatten(),
    ...     nn.Linear(16, 2),
    ... )
    >>> FusedLayers(["1", "3"])(
    ...     Network(nn.Sequential(*layers)), torch.randn(1, 3, 8, 8), class_logit(1)
    ... ).shape
    torch.Size([1, 1, 6, 6])
    """

    layers: Sequence[str]
    method: Attribution = field(default_factory=LayerCAM)
    join: str = "max"

    def __post_init__(self) -> None:
        if isinstance(self.layers, str) or len(tuple(self.layers)) < 2:
            raise BadSetting(f"layers takes two or more names, got {self.layers!r}")
        object.__setattr__(self, "layers", tuple(self.layers))
        if "layer" not in getattr(self.method, "__dataclass_fields__", {}):
            raise BadSetting(
                f"{type(self.method).__name__} weighs no layer's channels: give LayerCAM() or its kin"
            )
        if self.join not in JOINS:
            raise BadSetting(f"join must be max or mean, got {self.join!r}")

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the joined map of each image, at the finest layer's resolution; 1 is a layer's largest value.

        Raises:
            UnsupportedMethod: where a layer has no map with a place in the image.
            UnknownLayer: for a layer that is not there or that the objective does not depend on.
        """
        target = self.lattice(network, images)
        maps = [
            (one(network, images, objective), self._lattice(one, network, images)) for one in self._methods()
        ]
        rows, columns = next(values.shape[2:] for values, lattice in maps if lattice == target)
        laid = []
        for values, lattice in maps:
            most = values.abs().flatten(1).amax(1).view(-1, 1, 1, 1)
            share = (values / torch.where(most == 0, 1, most)).float().cpu()
            if lattice != target:
                placement = _on(target, lattice, (rows, columns))
                drawn = [
                    placement.resample(np.ascontiguousarray(one[0]), (rows, columns)) for one in share.numpy()
                ]
                share = torch.from_numpy(np.stack(drawn))[:, None]
            laid.append(share)
        stacked = torch.stack(laid).to(images.device)
        return stacked.amax(0) if self.join == "max" else stacked.mean(0)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer with the finest grid, on which the map lies."""
        return self._finest(network, images)[0]

    def lattice(self, network: Network, images: Float[Tensor, "n c h w"]) -> Lattice:
        """Tell where the finest layer's units look."""
        return self._finest(network, images)[1]

    def _methods(self) -> list[Any]:
        kind: Any = self.method
        return [replace(kind, layer=layer) for layer in self.layers]

    def _finest(self, network: Network, images: Tensor) -> tuple[str, Lattice]:
        found = [(one.grid(network, images), self._lattice(one, network, images)) for one in self._methods()]
        return min(found, key=lambda pair: pair[1].step)

    def _lattice(self, one: Any, network: Network, images: Tensor) -> Lattice:
        layer, lattice = lattice_of(one, network, images)
        if lattice is None:
            raise UnsupportedMethod(f"the units of {layer} have no place in the image: leave that layer out")
        return lattice


def _on(target: Lattice, lattice: Lattice, size: tuple[int, int]) -> Placement:
    """Tell where a layer's units lie on another's, whose cells are taken for the pixels of a picture."""
    start = tuple(
        (a - b) / step + 0.5 for a, b, step in zip(lattice.start, target.start, target.step, strict=True)
    )
    step = tuple(a / b for a, b in zip(lattice.step, target.step, strict=True))
    return Placement((start[0], start[1]), (step[0], step[1]), (0.0, 0.0, float(size[0]), float(size[1])))
