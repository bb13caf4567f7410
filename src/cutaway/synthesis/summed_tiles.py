"""Scores of sums over places, and their gradients, of pictures too large for memory: exact, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.backward_rule import Rules
from cutaway.network.capture import capture, differentiate
from cutaway.network.layer import Layer
from cutaway.network.memory import side_that_fits
from cutaway.network.network import INPUT, Network
from cutaway.network.trace import Trace
from cutaway.objectives.objective import Objective
from cutaway.objectives.summed import Part, Summed, Sums
from cutaway.synthesis.tiles import Tiles

__all__ = ["SummedTiles"]

# Units of no usual network lie further apart.
_COARSEST = 64


class _Piece(NamedTuple):
    box: tuple[slice, slice]
    parts: dict[str, Part]


class SummedTiles(Tiles):
    """A way to differentiate an objective of sums over places.

    Pieces overlap by what a unit sees, each unit counts in one of them, and each piece hands on what its units ask of
    all its pixels: so sums and gradient are those of the whole picture, at the price of one more pass forward.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3)))
    >>> images, tiles = torch.randn(1, 3, 50, 41), SummedTiles(24)
    >>> whole = capture(net, images, "2")["2"]
    >>> torch.allclose(tiles.captured(net, images, ["2"])["2"], whole, atol=1e-6)
    True
    """

    @classmethod
    def needed(cls, network: Network, objective: Objective, size: tuple[int, int]) -> SummedTiles | None:
        """Give tiles as large as the memory budget holds, or None where an image (h, w) fits whole."""
        side = side_that_fits(network, objective.layers)
        if size[0] * size[1] <= side * side:
            return None
        maps = _maps(network, (_channels(network), *size), objective.layers, 4 * _COARSEST)
        # As much again is what makes the overlap worth while.
        return cls(max([side, *(4 * max(one.margin) for one in maps.values())]))

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

        Raises:
            BadSetting: for an objective that is none of sums.
        """
        if not isinstance(objective, Summed):
            raise BadSetting(f"{objective.name} is not made of sums over places: take Tiles")
        pieces = self._pieces(network, images, objective.layers)
        found = self._summed(network, images, objective.layers, pieces, objective.sums, trace)
        leaves = {name: one.detach().requires_grad_(True) for name, one in found.items()}
        scores = objective.total(leaves)
        slopes: Sequence[Tensor | None] = torch.autograd.grad(
            scores.sum(), list(leaves.values()), allow_unused=True
        )
        asked = {name: one for name, one in zip(leaves, slopes, strict=True) if one is not None}
        gradient = torch.zeros_like(images)
        for box, parts in pieces:

            def score(activations: Mapping[str, Tensor], at: Mapping[str, Part] = parts) -> Tensor:
                made = objective.sums(activations, at)
                moving = {name: slope for name, slope in asked.items() if made[name].requires_grad}
                parts = [
                    (made[name] * slope).reshape(len(slope), -1).sum(1) for name, slope in moving.items()
                ]
                return torch.stack(parts).sum(0)

            piece = images[(..., *box)]
            made = differentiate(network, piece, score, objective.layers, [INPUT], trace=trace, rules=rules)
            gradient[(..., *box)] += made.gradients[INPUT]
        return scores.detach(), gradient

    def sums(
        self,
        network: Network,
        images: Float[Tensor, "n c h w"],
        layers: tuple[str, ...],
        of: Callable[[Mapping[str, Tensor], Mapping[str, Part]], Sums],
    ) -> Sums:
        """Add up sums over places: what `of` gives of the activations and parts of each piece."""
        return self._summed(network, images, layers, self._pieces(network, images, layers), of, None)

    def captured(
        self, network: Network, images: Float[Tensor, "n c h w"], layers: list[str]
    ) -> dict[str, Float[Tensor, "n c2 h2 w2"]]:
        """Give the activations of a whole picture, as `capture` does."""
        whole: dict[str, Tensor] = {}
        trace = self._trace(network, images)
        for box, parts in self._pieces(network, images, tuple(layers)):
            found = capture(network, images[(..., *box)], layers, trace=trace)
            for name, values in found.items():
                part = parts[name]
                whole.setdefault(name, values.new_zeros(*values.shape[:2], *part.size))
                whole[name][(..., *part.whole)] = values[(..., *part.here)]
        return whole

    def _trace(self, network: Network, images: Tensor) -> Trace:
        return network.trace(images[:1, :, : self.side, : self.side])

    def _summed(
        self,
        network: Network,
        images: Tensor,
        layers: tuple[str, ...],
        pieces: list[_Piece],
        of: Callable[[Mapping[str, Tensor], Mapping[str, Part]], Sums],
        trace: Trace | None,
    ) -> Sums:
        found: dict[str, Tensor] = {}
        for box, parts in pieces:
            piece = images[(..., *box)]
            seen = capture(network, piece, list(layers), trace=trace or self._trace(network, images))
            for name, one in of(seen, parts).items():
                found[name] = found[name] + one if name in found else one
        return found

    def _pieces(self, network: Network, images: Tensor, layers: tuple[str, ...]) -> list[_Piece]:
        """Cut a picture: each piece's box in it, and which units of each layer count there."""
        h, w = images.shape[2:]
        maps = _maps(network, (images.shape[1], h, w), layers, self.side)
        cuts = []
        for axis, side in enumerate((h, w)):
            jump = max(one.jump[axis] for one in maps.values())
            margin = math.ceil(max(one.margin[axis] for one in maps.values()) / jump) * jump
            if side > self.side and self.side < 2 * margin + jump:
                raise BadSetting(
                    f"a unit of {', '.join(layers)} sees so much that tiles need a side of at least "
                    f"{2 * margin + jump}, got {self.side}: give larger ones, or earlier layers"
                )
            cuts.append(self.cuts(side, margin, jump, 0))
        pieces = []
        for top, bottom, y0, y1 in cuts[0]:
            for left, right, x0, x1 in cuts[1]:
                parts = {}
                for name, one in maps.items():
                    rows = _span(top, y0, y1, h, one.size[0], one.jump[0])
                    columns = _span(left, x0, x1, w, one.size[1], one.jump[1])
                    parts[name] = Part((rows[0], columns[0]), (rows[1], columns[1]), one.size)
                pieces.append(_Piece((slice(top, bottom), slice(left, right)), parts))
        return pieces


class _Map(NamedTuple):
    """Of a layer, for a whole picture: units, pixels from one to the next, and what they see beyond those."""

    size: tuple[int, int]
    jump: tuple[int, int]
    margin: tuple[int, int]


def _maps(network: Network, shape: tuple[int, int, int], layers: Sequence[str], side: int) -> dict[str, _Map]:
    """Tell how layers lie in a picture (c,h,w), from a trace of a small one that ends alike."""
    channels, h, w = shape
    small = max(side, 2 * _COARSEST)
    least = tuple(one if one <= small else small - (small - one) % _COARSEST for one in (h, w))
    trace = network.trace(torch.zeros(1, channels, *least, device=network.device, dtype=network.dtype))
    found = {}
    for name in layers:
        if name == INPUT:
            found[name] = _Map((h, w), (1, 1), (1, 1))
            continue
        layer = None if name.startswith("@") else Layer.of(network.find(name, trace), (least[0], least[1]))
        if layer is None or layer.field is None or not layer.is_map or layer.field.whole_image:
            raise BadSetting(
                f"tiles are for layers that are maps and see a part of the image, and {name} is none: give a smaller "
                "image, or more memory"
            )
        axes = (layer.field.y, layer.field.x)
        if any(axis.jump.denominator != 1 or _COARSEST % axis.jump for axis in axes):
            raise BadSetting(f"the units of {name} lie at odd places, and tiles cannot: give a smaller image")
        y, x = (int(axis.jump) for axis in axes)
        margins = [math.ceil(max(-axis.low, axis.high - axis.jump + 1, Fraction(0))) for axis in axes]
        units = [
            count + (one - few) // jump
            for count, one, few, jump in zip(layer.shape[2:], (h, w), least, (y, x), strict=True)
        ]
        found[name] = _Map((units[0], units[1]), (y, x), (margins[0], margins[1]))
    return found


def _span(start: int, low: int, high: int, side: int, units: int, jump: int) -> tuple[slice, slice]:
    """Give the units that count along one axis: in the piece, and in the whole."""
    first, last = low // jump, units if high == side else high // jump
    return slice(first - start // jump, last - start // jump), slice(first, last)


def _channels(network: Network) -> int:
    given = network.example_inputs()
    return given.shape[1] if isinstance(given, Tensor) else 3
