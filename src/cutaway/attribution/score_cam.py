"""Score-CAM: the channels of a map, weighted by what the network answers where each is bright."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.averaged import each_image
from cutaway.network.capture import capture, one_each
from cutaway.network.many import score_many
from cutaway.network.map_layer import map_layer, read_map
from cutaway.network.network import Network
from cutaway.network.several import one_batch
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective

__all__ = ["ScoreCAM"]


@dataclass(frozen=True)
class ScoreCAM:
    """Score-weighted class activation mapping: no gradient, one forward pass for each channel that is not constant.

    Each channel, enlarged to the image and brought to 0..1, dims the image; the softmax of the scores of the dimmed
    images weighs the channels. A constant channel dims everything, so all of those share one pass.

    Source: Wang et al., "Score-CAM: Score-weighted visual explanations for convolutional neural networks", CVPR
    workshops 2020, section 3 and algorithm 1.

    Args:
        layer: the layer whose channels are weighted; None takes the last map of features before the classes.
        relu: keep only what speaks for the objective, as the paper does; False keeps the signed map.

    >>> from torch import nn
    >>> from cutaway.objectives.class_logit import class_logit
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> ScoreCAM()(net, torch.randn(1, 3, 8, 8), class_logit(1)).shape
    torch.Size([1, 1, 6, 6])
    """

    layer: str | None = None
    relu: bool = True

    def __call__(
        self, network: Network, images: Float[Tensor, "n c h w"], objective: Target
    ) -> Float[Tensor, "n 1 rows columns"]:
        """Give the map of each image, (n,1,h,w), at the layer's resolution, in units of its activations.

        Raises:
            UnsupportedMethod: where the layer has no map.
            UnknownLayer: for a layer that is not there.
        """
        objective = as_objective(network, images, objective)
        plain = one_batch(network, images, type(self).__name__)
        found = [
            self._of_one(network, image, score, objective) for image, score in each_image(plain, objective)
        ]
        joined = torch.cat(found)
        return joined.clamp_min(0) if self.relu else joined

    def grid(self, network: Network, images: Float[Tensor, "n c h w"]) -> str:
        """Name the layer whose channels are weighted."""
        return map_layer(network, images, self.layer, type(self).__name__).name

    def _of_one(
        self,
        network: Network,
        image: Tensor,
        score: Callable[[Mapping[str, Tensor]], Tensor],
        objective: Objective,
    ) -> Float[Tensor, "k 1 rows columns"]:
        maps = read_map(network, image, self.layer, type(self).__name__)[0]
        low, high = maps.amin((1, 2)), maps.amax((1, 2))
        live = torch.nonzero(high > low)[:, 0]
        bright = (maps[live] - low[live, None, None]) / (high - low)[live, None, None]

        def dimmed(start: int, stop: int) -> Tensor:
            size = image.shape[2:]
            return image * F.interpolate(bright[start:stop, None], size, mode="bilinear", align_corners=False)

        dark = capture(network, torch.zeros_like(image), objective.layers)
        nothing = one_each(score(dark), 1, rows=True).detach()
        scores = nothing.expand(len(maps), *nothing.shape[1:]).clone()
        if len(live):
            scores[live] = score_many(
                network,
                dimmed,
                len(live),
                score,
                objective.layers,
                what="channels",
                columns=objective.columns,
            )
        weights = scores.view(len(maps), -1).softmax(0)
        return torch.einsum("ck,chw->khw", weights, maps)[:, None]
