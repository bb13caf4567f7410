"""Ablation-CAM: the channels of a map, weighted by how far the score falls without each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import each_image
from cutaway.network.capture import one_each
from cutaway.network.finite import check_finite
from cutaway.network.many import in_chunks
from cutaway.network.map_layer import as_map, map_layer
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.resume import resumed
from cutaway.network.several import one_batch
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective

__all__ = ["AblationCAM"]


@dataclass(frozen=True)
class AblationCAM:
    """Ablation-based class activation mapping: no gradient; what follows the layer runs once for each live channel.

    A channel's weight is the score's fall when the channel is set to zero, as a share of the score.

    Source: Desai and Ramaswamy, "Ablation-CAM: Visual explanations for deep convolutional network via gradient-free
    localization", WACV 2020, equations 3 and 4.

    Args:
        layer: the layer whose channels are weighted; None takes the last map of features before the classes.
        relu: keep only what speaks for the objective, as the paper does; False keeps the signed map.
        share: divide the fall by the score, as the paper does; False keeps the fall, which has the score's units and
            is right for a score of any sign.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> AblationCAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 6, 6])
    """

    layer: str | None = None
    relu: bool = True
    share: bool = True

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the map of each image, (n,1,h,w), at the layer's resolution.

        Raises:
            UnsupportedMethod: where the layer has no map, or what follows it cannot be carried out again.
            UnknownLayer: for a layer that is not there or that the objective does not depend on.
        """
        objective = as_objective(network, images, objective)
        plain = one_batch(network, images, type(self).__name__)
        layer = self.grid(network, plain)
        joined = torch.cat(
            [
                self._of_one(network, image, layer, score, objective)
                for image, score in each_image(plain, objective)
            ]
        )
        return joined.clamp_min(0) if self.relu else joined

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer whose channels are weighted."""
        return map_layer(network, images, self.layer, type(self).__name__).name

    def _of_one(
        self,
        network: Network,
        image: Tensor,
        layer: str,
        score: Callable[[Mapping[str, Tensor]], Tensor],
        objective: Objective,
    ) -> Float[Tensor, "k 1 rows columns"]:
        ready, wrapped = resumed(network, image, layer, objective.layers, objective.columns)
        values, told = ready.activation, wrapped(score)
        maps = as_map(network, image, map_layer(network, image, layer, type(self).__name__), values)[0]
        live = torch.nonzero(maps.flatten(1).any(1))[:, 0]
        # The channels of a map stand first, those of tokens last.
        channels = 1 if values.shape[1:] == maps.shape else -1

        def without(start: int, stop: int) -> Tensor:
            batch = values.repeat(stop - start, *(1,) * (values.dim() - 1))
            batch.movedim(channels, 1)[torch.arange(stop - start), live[start:stop]] = 0
            with torch.no_grad():
                return one_each(told(ready.run(batch)), stop - start, rows=True).view(stop - start, -1)

        with torch.no_grad():
            whole = one_each(told(ready.run(values)), 1, rows=True).view(1, -1)
        check_finite(network, image, {"the score": whole})
        weights = maps.new_zeros(len(maps), whole.shape[1])
        if len(live):
            parts = in_chunks(len(live), chunk(network, image, most=64), without, "channels")
            weights[live] = whole - torch.cat(parts)
        if self.share:
            weights = weights / torch.where(whole == 0, 1, whole)
        return torch.einsum("ck,chw->khw", weights, maps)[:, None]
