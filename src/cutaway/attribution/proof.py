"""Whether a projection shows what made its unit fire: hide those pixels, hide others, and look at the activation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.projection import Projection
from cutaway.network.capture import capture
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.receptive_field import ReceptiveField

__all__ = ["Proof", "prove"]

# Of the unit's receptive field, this share of the pixels is hidden: those shown most, and those shown least.
SHARE = 0.25


@dataclass(frozen=True)
class Proof:
    """How far a unit's activation falls when pixels are replaced by the mean of the field.

    Args:
        shown: share of the activation lost when the pixels that the projection shows most are hidden; 1 is all of it,
            negative where it rose.
        others: the same when as many of the pixels that it shows least are hidden, inside the unit's field too.
        pixels: how many pixels were hidden, each time.
    """

    shown: float
    others: float
    pixels: int

    def __str__(self) -> str:
        return f"shown hidden: {_percent(-self.shown)}\nothers hidden: {_percent(-self.others)}"


def prove(
    network: Network, images: Float[Tensor, "n c h w"], projections: Sequence[Projection]
) -> list[Proof]:
    """Hide the pixels that each projection shows, then as many that it does not, and tell both falls.

    Both sets lie in the unit's own receptive field, where every pixel could matter.

    Source: the occlusion experiments of Zeiler and Fergus (2014), sections 4.2 and 4.3, made a number.

    >>> from torch import nn
    >>> from cutaway.attribution.projection import project
    >>> from cutaway.objectives.objective import Unit
    >>> net = Network(nn.Conv2d(1, 1, (1, 4), bias=False))
    >>> net.module.weight.data[:] = torch.tensor([0.0, 0.0, 9.0, 1.0])
    >>> images = torch.tensor([[[[3.0, 1.0, 8.0, 0.0]]]])
    >>> prove(net, images, project(net, images, [(0, Unit("conv2d", 0, 0, 0))], {}))[0].pixels
    1
    """
    trace = network.trace(images)
    found: dict[int, Proof] = {}
    groups: dict[object, list[int]] = defaultdict(list)
    for at, one in enumerate(projections):
        groups[one.unit.layer, one.values.shape].append(at)
    plain = images.as_subclass(Tensor)
    for members in groups.values():
        layer = projections[members[0]].unit.layer
        field = network.find(layer, trace).sight.field
        size = max(1, chunk(network, plain[:1]) // 2)
        for start in range(0, len(members), size):
            here = [projections[at] for at in members[start : start + size]]
            counts, pieces = [], []
            for one in here:
                top, left, bottom, right = one.box
                piece = plain[one.image, :, top:bottom, left:right].to(network.device, network.dtype)
                places = _pixels(one, field)
                counts.append(max(1, round(SHARE * len(places))))
                mean = piece.flatten(1)[:, places].mean(1, keepdim=True)
                pieces += [
                    _hidden(piece, some, mean) for some in (places[: counts[-1]], places[-counts[-1] :])
                ]
            values = capture(network, torch.stack(pieces), layer, trace=trace)[layer]
            for i, one in enumerate(here):
                left_over = [float(values[(2 * i + k, one.unit.channel, *one.within)]) for k in (0, 1)]
                # The activation of a unit that does not fire cannot fall.
                falls = [
                    (one.activation - v) / abs(one.activation) if one.activation else 0.0 for v in left_over
                ]
                found[members[start + i]] = Proof(falls[0], falls[1], counts[i])
    return [found[at] for at in range(len(projections))]


def _percent(share: float) -> str:
    """Write a change with its sign: −83 %, +4 %, 0 %."""
    whole = round(100 * share)
    return f"{'−' if whole < 0 else '+' if whole else ''}{abs(whole)} %"


def _pixels(one: Projection, field: ReceptiveField | None) -> Tensor:
    """The pixels of the unit's field as indices into the box, those shown most first."""
    strength = one.values.abs().sum(0)
    inside = torch.ones_like(strength, dtype=torch.bool)
    if field is not None and not field.whole_image and one.unit.y is not None and one.unit.x is not None:
        seen, (above, before) = field.box(one.unit.y, one.unit.x), one.box[:2]
        inside = torch.zeros_like(inside)
        inside[seen[0] - above : seen[2] - above, seen[1] - before : seen[3] - before] = True
    places = inside.flatten().nonzero()[:, 0]
    return places[torch.argsort(strength.flatten()[places], descending=True, stable=True)]


def _hidden(
    piece: Float[Tensor, "c h w"], places: Tensor, colour: Float[Tensor, "c 1"]
) -> Float[Tensor, "c h w"]:
    """Put one colour where pixels are hidden."""
    hidden = piece.clone().flatten(1)
    hidden[:, places] = colour
    return hidden.view_as(piece)
