"""Eigen-CAM: what a layer mostly shows, whatever the class: its map along its first principal component."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.network.inputs import Several
from cutaway.network.map_layer import map_layer, read_map
from cutaway.network.network import Network
from cutaway.objectives.target import Target

__all__ = ["EigenCAM"]

# Powers of a matrix settle on its strongest pattern, mostly within some tens; then all others need not be computed.
_ROUNDS, _POWERS, _SETTLED, _LEAST = 10, 16, 1e-12, 1e-300


@dataclass(frozen=True)
class EigenCAM:
    """Eigen-CAM: the same map for every objective, from part of one forward pass.

    The sign, which a principal component leaves open, is that of the mean over channels: bright where much is active.

    Source: Muhammad and Yeasin, "Eigen-CAM: Class activation map using principal components",
    IJCNN 2020, section III.

    Args:
        layer: the layer whose channels are projected; None takes the last map of features before the classes.
        center: take each channel's mean off first, as principal components are defined; the paper does not.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> EigenCAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 6, 6])
    """

    layer: str | None = None
    center: bool = True

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"] | Several, objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the map of each image, (n,1,h,w), at the layer's resolution, in units of its activations.

        Raises:
            UnsupportedMethod: where the layer has no map.
            UnknownLayer: for a layer that is not there.
        """
        maps = read_map(network, images, self.layer, type(self).__name__)
        if len(maps) > 1 and maps.stride(0) == 0:  # one image for several classes: all the same here
            return self._projected(maps[:1]).expand(len(maps), -1, -1, -1)
        return self._projected(maps)

    def grid(self, network: Network, images: Float[Tensor, "n c h w"] | Several) -> str:
        """Name the layer whose channels are projected."""
        return map_layer(network, images, self.layer, type(self).__name__).name

    def _projected(self, maps: Float[Tensor, "n channels rows columns"]) -> Float[Tensor, "n 1 rows columns"]:
        units = maps.flatten(2).double()
        mean = units.mean(1)
        if self.center:
            units = units - units.mean(2, keepdim=True)
        # Of the two Gram matrices, places by places or channels by channels, the smaller one is enough.
        if units.shape[2] <= units.shape[1]:
            value, first = _largest(units.mT @ units)
            along = first * value.clamp_min(0).sqrt()[:, None]
        else:
            along = torch.einsum("nc,ncp->np", _largest(units @ units.mT)[1], units)
        agreement = ((along - along.mean(1, keepdim=True)) * (mean - mean.mean(1, keepdim=True))).sum(1)
        signed = along * torch.where(agreement < 0, -1, 1)[:, None]
        found: Tensor = signed.view(len(maps), 1, *maps.shape[2:]).to(maps.dtype)
        return found


def _largest(gram: Float[Tensor, "n s s"]) -> tuple[Float[Tensor, " n"], Float[Tensor, "n s"]]:
    """Give the largest eigenvalue and its vector: by powers where these settle, else from all of them."""
    size = gram.diagonal(dim1=1, dim2=2)
    vector = gram.gather(2, size.argmax(1)[:, None, None].expand(-1, gram.shape[1], 1))
    for _ in range(_ROUNDS):
        for _ in range(_POWERS):
            vector = gram @ (vector / vector.norm(dim=1, keepdim=True).clamp_min(_LEAST))
        unit = vector / vector.norm(dim=1, keepdim=True).clamp_min(_LEAST)
        moved = gram @ unit
        value = (unit * moved).sum((1, 2))
        if bool(((moved - value[:, None, None] * unit).norm(dim=1)[:, 0] <= _SETTLED * value).all()):
            return value, unit[:, :, 0]
    values, vectors = torch.linalg.eigh(gram)
    return values[:, -1], vectors[:, :, -1]
