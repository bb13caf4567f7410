"""Units projected back onto the pixels that they see: what guided backpropagation and deconvnet have in common.

One unit sees a piece of the image. Where the network only slides windows up to its layer, that piece alone runs,
forward and back, which is exact and costs as much as the piece is large; units of late layers, which see nearly
everything, share one forward pass of their image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.backward_rule import ACTIVATIONS, Rules
from cutaway.network.capture import differentiate
from cutaway.network.crop import Cropping, cropping
from cutaway.network.many import in_chunks, quickest_format
from cutaway.network.memory import chunk
from cutaway.network.network import INPUT, Network
from cutaway.network.several import one_tensor
from cutaway.objectives.objective import Objective, Unit

__all__ = ["Projection", "check_activations", "project", "project_whole"]

# A piece larger than this share of the image gains nothing over the image itself.
_WORTH_CUTTING = 0.5
# Pieces are small, so more of them at once than of images.
_PIECES = 64


@dataclass(frozen=True)
class Projection:
    """One unit projected back.

    Args:
        values: (c,h,w) of the box, signed, per unit of normalised pixel.
        box: (top, left, bottom, right) in the image, the last two exclusive; outside of it all is zero.
        activation: of the unit.
        image: which of the images.
        unit: projected.
        within: its (y, x) in the layer's map of that box alone; nothing for a layer without places.
    """

    values: Float[Tensor, "c h w"]
    box: tuple[int, int, int, int]
    activation: float
    image: int
    unit: Unit
    within: tuple[int, ...]


def project(
    network: Network,
    images: Float[Tensor, "n c h w"],
    units: Sequence[tuple[int, Unit]],
    rules: Rules,
    *,
    weighted: bool = False,
) -> list[Projection]:
    """Send the signal of single units back to the pixels, each alone.

    Args:
        network: left exactly as found.
        images: (n,c,h,w).
        units: (image, unit) of each.
        rules: the way back.
        weighted: whether the signal begins with the unit's activation, as in deconvnet's figures, or with one.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU()))
    >>> found = project(net, torch.randn(1, 3, 32, 32), [(0, Unit("0", 1, 5, 7))], {})
    >>> found[0].box, torch.equal(found[0].values, net.module[0].weight[1])
    ((5, 7, 8, 10), True)
    """
    trace = network.trace(images)
    groups: dict[object, list[int]] = defaultdict(list)
    cuts: dict[str, Cropping | None] = {}
    placed: list[Unit] = []
    for at, (image, wanted) in enumerate(units):
        call = network.find(wanted.layer, trace)
        placed.append(_placed(wanted, call.shape))
        if wanted.layer not in cuts:
            cut = cropping(trace, call) if len(call.shape) == 4 else None
            cuts[wanted.layer] = cut if cut is not None and cut.share < _WORTH_CUTTING else None
        one = cuts[wanted.layer]
        if one is None:
            groups[wanted.layer, image].append(at)
        else:
            top, left, bottom, right = one.around(placed[at].y or 0, placed[at].x or 0).box
            groups[wanted.layer, bottom - top, right - left].append(at)
    found: dict[int, Projection] = {}
    for members in groups.values():
        cut = cuts[placed[members[0]].layer]
        chosen = [(units[at][0], placed[at]) for at in members]
        run = _whole if cut is None else _cut
        for at, result in zip(members, run(network, images, chosen, rules, cut, weighted), strict=True):
            found[at] = result
    return [found[at] for at in range(len(units))]


def project_whole(
    network: Network, images: Float[Tensor, "n c h w"], objective: Objective, rules: Rules
) -> Float[Tensor, "n c h w"]:
    """Send an objective's signal back to the pixels of each image; for single units, only through what they see."""
    if objective.units:
        several = objective.units * (len(images) if len(objective.units) == 1 else 1)
        if len(several) != len(images):
            raise BadSetting(f"{len(several)} units were given for a batch of {len(images)} images")
        maps = torch.zeros(images.shape, device=network.device, dtype=network.dtype)
        for i, one in enumerate(project(network, images, list(enumerate(several)), rules)):
            top, left, bottom, right = one.box
            maps[i, :, top:bottom, left:right] = one.values
        return maps
    found = differentiate(network, images, objective.score, objective.layers, [INPUT], rules)
    return found.gradients[INPUT]


def check_activations(network: Network, images: Tensor, method: str) -> None:
    """Refuse several inputs, and a network without a ReLU or another activation that the rule could replace.

    Raises:
        UnsupportedMethod: since the map would be the plain gradient under another name.
    """
    one_tensor(network, images, method)
    if not any(call.kind in ACTIVATIONS for call in network.trace(images).calls):
        raise UnsupportedMethod(
            f"{method} changes the way back through ReLUs, and {network.name} calls none that can be seen: "
            "the map would be the plain gradient. Use Saliency"
        )


def _cut(
    network: Network,
    images: Tensor,
    units: Sequence[tuple[int, Unit]],
    rules: Rules,
    cut: Cropping | None,
    weighted: bool,
) -> list[Projection]:
    assert cut is not None
    crops = [cut.around(unit.y or 0, unit.x or 0) for _, unit in units]
    plain = images.as_subclass(Tensor)
    layout = quickest_format(network, plain[:1])
    fitting = chunk(network, plain[:1], gradient=True, most=_PIECES) / cut.share
    size = min(_PIECES, int(fitting))
    layer = units[0][1].layer

    def run(start: int, stop: int) -> list[Projection]:
        here = slice(start, stop)
        pieces = [
            plain[image : image + 1, :, crop.box[0] : crop.box[2], crop.box[1] : crop.box[3]]
            for (image, _), crop in zip(units[here], crops[here], strict=True)
        ]
        batch = torch.cat(pieces).contiguous(memory_format=layout)
        places = [
            (unit.channel, crop.y, crop.x) for (_, unit), crop in zip(units[here], crops[here], strict=True)
        ]
        score = _activations(layer, places, weighted)
        # Later layers may need more than a piece; the network's trace of the whole image tells of the earlier ones.
        result = differentiate(network, batch, score, [layer], [INPUT], rules, trace=network.trace(plain[:1]))
        raw = _activations(layer, places, False)(result.activations).tolist()
        return [
            Projection(values, crop.box, activation, image, unit, (crop.y, crop.x))
            for values, crop, activation, (image, unit) in zip(
                result.gradients[INPUT], crops[here], raw, units[here], strict=True
            )
        ]

    return [one for part in in_chunks(len(units), size, run, "units") for one in part]


def _whole(
    network: Network,
    images: Tensor,
    units: Sequence[tuple[int, Unit]],
    rules: Rules,
    cut: Cropping | None,
    weighted: bool,
) -> list[Projection]:
    image, layer = units[0][0], units[0][1].layer
    one = images.as_subclass(Tensor)[image : image + 1]
    copies = one.contiguous(memory_format=quickest_format(network, one)).expand(len(units), -1, -1, -1)
    places = [(unit.channel, unit.y, unit.x) for _, unit in units]
    result = differentiate(network, copies, _activations(layer, places, weighted), [layer], [INPUT], rules)
    raw = _activations(layer, places, False)(result.activations).tolist()
    h, w = int(images.shape[-2]), int(images.shape[-1])
    return [
        Projection(
            values,
            (0, 0, h, w),
            activation,
            image,
            unit,
            tuple(side for side in (unit.y, unit.x) if side is not None),
        )
        for values, activation, (_, unit) in zip(result.gradients[INPUT], raw, units, strict=True)
    ]


def _activations(
    layer: str, places: Sequence[tuple[int, int | None, int | None]], weighted: bool
) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """Score copy i by the activation of unit i; squared and halved, its gradient is the activation itself."""
    channels, rows, columns = zip(*places, strict=True)

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        values = activations[layer]
        each = torch.arange(len(places), device=values.device)
        at = [
            torch.tensor(side, device=values.device)
            for side in (channels, rows, columns)
            if side[0] is not None
        ]
        one = values[(each, *at)]
        return one * one / 2 if weighted else one

    return score


def _placed(unit: Unit, shape: tuple[int, ...]) -> Unit:
    """Check a unit against its layer, and put it in the middle where it has no place."""
    if len(shape) not in (2, 4):
        raise UnsupportedMethod(
            f"{unit.layer} has shape {shape}: a unit is one number of a layer (n,c,h,w) or (n,c)"
        )
    if len(shape) == 2 and (unit.y, unit.x) != (None, None):
        raise BadSetting(f"{unit.layer} has no places, only {shape[1]} channels: leave y and x out")
    place = (
        []
        if len(shape) == 2
        else [
            shape[2] // 2 if unit.y is None else unit.y,
            shape[3] // 2 if unit.x is None else unit.x,
        ]
    )
    for name, wanted, most in zip(
        ("channel", "row", "column"), (unit.channel, *place), shape[1:], strict=False
    ):
        if not 0 <= wanted < most:
            raise BadSetting(f"{unit.layer} has {name}s 0 to {most - 1}, got {wanted}")
    return Unit(unit.layer, unit.channel, *place)
