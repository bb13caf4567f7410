"""What in a photo made units fire: their activations projected back to the pixels, with a proof for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.guided_backprop import RULES as GUIDED
from cutaway.attribution.projection import check_activations, project
from cutaway.attribution.proof import prove
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import Source, read
from cutaway.network.backward_rule import Rules
from cutaway.network.capture import capture
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.objectives.objective import Unit
from cutaway.recipes.on_photo import titled
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.projected_units import ProjectedUnits
from cutaway.view.grid import Grid
from cutaway.view.viewable import Viewable

__all__ = ["deconv", "projection_rules"]

READING = "Gray is zero. A projection shows which pixels made the unit fire, in the colours it fired for."
PROOF = (
    " Below it: how the unit's activation changes when the quarter of its field that is shown most is hidden, "
    "and when the quarter shown least is."
)
COLUMNS = 3


def deconv(
    network: Network | str | nn.Module,
    photo: Source,
    layer: str | Sequence[str],
    *,
    channels: Sequence[int] | None = None,
    at: tuple[int, int] | None = None,
    top: int = 9,
    how: str = "each",
    method: str = "deconvnet",
    average: str = "fill",
    size: int | tuple[int, int] | Literal["photo"] | None = None,
) -> Grid:
    """Project a layer's strongest units back to the pixels that made them fire.

    Args:
        network: the network to ask, or its name.
        photo: whatever `cutaway.read` takes.
        layer: a name, or several: a block for each.
        channels: 0-based, one unit of each; None takes those that answer most strongly.
        at: (y, x) of the units in the layer's map, 0-based; None takes each channel's strongest place.
        top: how many channels, where `channels` does not say.
        how: "each" unit beside the patch that it sees, with a proof; "sum" of them, or their "overlay", in which
            the strongest signal wins at each pixel, as one picture of the photo's size.
        method: "deconvnet", or "guided" for guided backpropagation.
        average: how deconvnet goes back through average pools: "fill", or "gradient" for the share 1/n.
        size: another input size.

    Returns:
        A Grid; `provenance["units"]` lists each unit with its activation, box in the photo, and proof.

    Raises:
        BadImage, BadSetting, UnknownLayer, UnsupportedMethod: with what to do instead.

    >>> import numpy as np
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.view.picture import Picture
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=16))
    >>> sheet = deconv(net, Picture(np.full((20, 30, 3), 99, np.uint8)), "1", channels=[2])
    >>> sorted(sheet.provenance["units"][0])
    ['activation', 'box', 'channel', 'fall_others', 'fall_shown', 'layer', 'x', 'y']
    """
    if how not in ("each", "sum", "overlay"):
        raise BadSetting(f"how must be each, sum or overlay, got {how!r}")
    if top < 1:
        raise BadSetting(f"top must be at least 1, got {top}")
    network = opened(network).at(size)
    picture = read(photo)
    images = network.prepare(picture)
    check_fits(network, images)
    rules, told = projection_rules(method, average)
    check_activations(network, images, told)
    layers = [layer] if isinstance(layer, str) else list(layer)
    rows: list[tuple[Viewable | None, ...]] = []
    canvases: list[Viewable] = []
    units: list[dict[str, object]] = []
    for name in layers:
        chosen = _strongest(network, images, name, channels, at, top)
        found = project(network, images, [(0, unit) for unit in chosen], rules, weighted=True)
        proofs = prove(network, images, found)
        block = ProjectedUnits(network, picture, images, found, proofs)
        if how == "each":
            rows += block.each()
        else:
            canvases.append(block.together(how))
        units += block.told()
    if canvases:
        cells: list[Viewable] = [titled(picture), *canvases]
        rows = [tuple(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    code = spelled(
        deconv,
        network_spelled(network),
        repr(picture.path or "photo"),
        repr(layers if len(layers) > 1 else layers[0]),
        channels=None if channels is None else list(channels),
        at=at,
        top=top,
        how=how,
        method=method,
        average=average,
        size=size,
    )
    return Grid(
        rows=tuple(rows),
        title=f"{network.name} · {', '.join(layers)}: what made it fire",
        caption=f"{told}. {READING}{PROOF if how == 'each' else ''}",
        provenance=origin(network, code, method=told, how=how) | {"units": units, "path": picture.path or ""},
    )


def projection_rules(method: str, average: str) -> tuple[Rules, str]:
    """Give the way back of "deconvnet" or "guided", and its name in a caption.

    >>> projection_rules("guided", "fill")[1]
    'Guided backpropagation'
    """
    if method == "guided":
        return GUIDED, "Guided backpropagation"
    if method == "deconvnet":
        return Deconvnet(average).rules, f"Deconvnet, average pools by {average}"
    raise BadSetting(f"method must be deconvnet or guided, got {method!r}")


def _strongest(
    network: Network,
    images: Images,
    layer: str,
    channels: Sequence[int] | None,
    at: tuple[int, int] | None,
    top: int,
) -> list[Unit]:
    """Choose the units: of each channel its strongest place, of the layer its strongest channels."""
    values = capture(network, images, layer)[layer]
    if values.dim() not in (2, 4):
        raise UnsupportedMethod(
            f"{layer} has shape {tuple(values.shape)}: a unit is one number of a layer (n,c,h,w) or (n,c)"
        )
    maps = values[0].flatten(1) if values.dim() == 4 else values[0][:, None]
    peaks, places = maps.max(1)
    if channels is None:
        wanted = torch.argsort(peaks, descending=True, stable=True)[:top].tolist()
    else:
        wanted = [int(k) for k in channels]
        if not wanted:
            raise BadSetting("channels needs at least one channel, got none")
    found = []
    for k in wanted:
        if not 0 <= k < len(maps):
            raise BadSetting(f"{layer} has channels 0 to {len(maps) - 1}, got {k}")
        if values.dim() == 2:
            found.append(Unit(layer, k))
            continue
        found.append(Unit(layer, k, *(at or divmod(int(places[k]), values.shape[3]))))
    return found
