"""Gradients of images too large for memory: tile by tile, cut elsewhere at every step, so that no seam can grow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.backward_rule import Rules
from cutaway.network.capture import differentiate
from cutaway.network.layer import Layer
from cutaway.network.memory import side_that_fits
from cutaway.network.network import INPUT, Network
from cutaway.network.trace import Trace
from cutaway.objectives.objective import Objective

__all__ = ["Tiles"]

# The least worth cutting; and the part of a tile that overlaps at each side, where fields are larger than that.
_LEAST = 128
_OVERLAP = 1 / 8


@dataclass(frozen=True)
class Tiles:
    """A way to differentiate an objective that is a mean over the places of its layers.

    A tile begins where the layer's units lie as they do in the whole image, and hands on only what lies further from
    its edges than its units see: so the gradient is that of the whole image. Where a unit sees more than an eighth of
    a tile, it is so but near the seams, and these lie elsewhere at every step.

    Args:
        side: of a tile, in pixels, its overlap with its neighbours included.
        overlap: at each side; None takes what a unit sees, at most an eighth of the tile.

    Raises:
        BadSetting: for sides that leave nothing between the overlaps.

    >>> Tiles(512).cuts(1000, 64, 16, 0)
    [(0, 512, 0, 384), (320, 832, 384, 768), (480, 1000, 768, 1000)]
    """

    side: int
    overlap: int | None = None

    def __post_init__(self) -> None:
        if self.side < 16 or (self.overlap is not None and not 0 <= 2 * self.overlap < self.side):
            raise BadSetting(
                f"tiles need a side of at least 16 and an overlap below half of it, got {self.side} and {self.overlap}"
            )

    @classmethod
    def needed(cls, network: Network, objective: Objective, size: tuple[int, int]) -> Tiles | None:
        """Give tiles as large as the memory budget holds, or None where an image (h, w) fits whole.

        >>> from torch import nn
        >>> from cutaway.network.memory import memory
        >>> from cutaway.objectives.mean_square import mean_square
        >>> net = Network(nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU()))
        >>> with memory("64M"):
        ...     few, many = (Tiles.needed(net, mean_square("1"), (s, s)) for s in (200, 2000))
        >>> few, many.side < 1000
        (None, True)
        """
        side = side_that_fits(network, objective.layers)
        return None if size[0] * size[1] <= side * side else cls(max(_LEAST, side))

    def differentiate(
        self,
        network: Network,
        images: Float[Tensor, "n c h w"],
        objective: Objective,
        trace: Trace,
        source: torch.Generator,
        rules: Rules | None = None,
    ) -> tuple[Float[Tensor, " n"], Float[Tensor, "n c h w"]]:
        """Give an objective's scores and its gradient with respect to images.

        Args:
            network: left as found.
            images: as the network takes them, of any size.
            objective: a mean over places, reading maps.
            trace: of an image about as large as a tile.
            source: of where the tiles are cut.
            rules: another way to carry out some operations, by their names.

        Raises:
            BadSetting: for an objective that reads no map.
        """
        h, w = images.shape[2:]
        name, layer = _coarsest(network, objective, trace)
        assert layer.jump is not None
        jumps = [max(1, math.ceil(jump)) for jump in layer.jump]
        overlap = max(layer.receptive_field) if self.overlap is None else self.overlap
        if self.overlap is None:
            overlap = min(overlap, int(self.side * _OVERLAP))
        cuts = []
        for length, jump in zip((h, w), jumps, strict=True):
            margin = math.ceil(overlap / jump) * jump
            core = max(jump, (self.side - 2 * margin) // jump * jump)
            shift = jump * int(torch.randint(core // jump, (1,), generator=source))
            cuts.append(self.cuts(length, margin, jump, shift))
        gradient, scores = torch.zeros_like(images), torch.zeros(len(images))
        places = 0
        for top, bottom, y0, y1 in cuts[0]:
            for left, right, x0, x1 in cuts[1]:
                piece = images[:, :, top:bottom, left:right]
                found = differentiate(
                    network, piece, objective.score, objective.layers, [INPUT], rules, trace=trace
                )
                units = found.activations[name].shape[2:]
                # A mean over the tile's places becomes a part of the mean over all places.
                slope = found.gradients[INPUT] * math.prod(units)
                gradient[:, :, y0:y1, x0:x1] = slope[:, :, y0 - top : y1 - top, x0 - left : x1 - left]
                scores += found.scores.float().cpu() * ((y1 - y0) * (x1 - x0) / (h * w))
                places = (units[0] + top // jumps[0]) * (units[1] + left // jumps[1])
        return scores, gradient / places

    def cuts(self, length: int, margin: int, jump: int, shift: int) -> list[tuple[int, int, int, int]]:
        """Cut one axis: where each tile starts and stops, and the part of it, from and to, that it answers for.

        Args:
            length: of the axis.
            margin: overlap, a multiple of `jump`.
            jump: pixels from one unit to the next.
            shift: where the first part ends; 0 makes all as long as they can be.
        """
        if length <= self.side:
            return [(0, length, 0, length)]
        core = max(jump, (self.side - 2 * margin) // jump * jump)
        edges = [0, *range(shift or core, length, core), length]
        last = (length - self.side) // jump * jump
        found = []
        for low, high in pairwise(edges):
            start = min(max(0, low - margin), last)
            found.append((start, length if start == last else start + self.side, low, high))
        return found


def _coarsest(network: Network, objective: Objective, trace: Trace) -> tuple[str, Layer]:
    """The layer, of those read, whose units lie furthest apart."""
    size = trace.input_shapes[0][-2:]
    layers = []
    for name in objective.layers:
        layer = None if name.startswith("@") else Layer.of(network.find(name, trace), (size[0], size[1]))
        if layer is None or not layer.is_map:
            raise BadSetting(
                f"tiles are for layers that are maps, and {name} is none: give a smaller image, or more memory"
            )
        layers.append((name, layer))
    return max(layers, key=lambda one: max(one[1].jump or (0.0, 0.0)))
