"""The nine places that excite a channel most, beside what of each made the unit fire."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.attribution.projection import Projection, check_activations, project
from cutaway.attribution.proof import Proof, prove
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.row import Row
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.network.progress import report
from cutaway.objectives.objective import Unit
from cutaway.recipes.colours import in_rgb
from cutaway.recipes.deconv import projection_rules
from cutaway.recipes.origin import origin, spelled
from cutaway.recipes.patches import MOST_CHANNELS, USUAL, indexed, patch, told_row
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.grid import Grid
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture
from cutaway.view.projection import projection
from cutaway.view.viewable import Viewable

__all__ = ["deconv_sheet"]

READING = (
    "Of each channel the strongest places over all photos, exactly as its units see them, beside what made each unit "
    "fire; gray is zero, each on its own scale. Below: how the activations change, on average, when the quarter of the "
    "field that is shown most is hidden, and when the quarter shown least is."
)
METHODS = ("deconvnet", "guided")
TILE = 64
BLOCKS = 2


def deconv_sheet(
    index: ActivationIndex | str | os.PathLike[str],
    layer: str | Sequence[str],
    channels: Sequence[int] | None = None,
    *,
    k: int | None = None,
    method: str | Sequence[str] = "deconvnet",
    average: str = "fill",
    network: Network | str | nn.Module | None = None,
    tile: int = TILE,
) -> Grid:
    """Project the strongest places of channels over a data set back to the pixels, beside the patches.

    Args:
        index: that `scan` made, or its folder.
        layer: by any of its names, or several: pasted together, one after the other.
        channels: 0-based, of each layer; None takes the first 16.
        k: places of each; None takes nine, or what the scan kept where that is less.
        method: "deconvnet", "guided" for guided backpropagation, or both in a list.
        average: how deconvnet goes back through average pools: "fill", or "gradient" for the share 1/n.
        network: of the scan, where its name does not open it.
        tile: side of a patch in the sheet, in pixels.

    Returns:
        A Grid; `provenance["units"]` lists each unit with its photo, activation, box and proof.

    Raises:
        BadImage, BadIndex, BadSetting, UnknownLayer, UnsupportedMethod: with what to do instead.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, figure 2.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.recipes.scan import scan
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial")
    >>> sheet = deconv_sheet(index, "1", [2], k=2, network=net)
    >>> [len(row) for row in sheet.rows], sorted(sheet.provenance["units"][0])[:3]
    ([2], ['activation', 'box', 'channel'])
    """
    opened = indexed(index)
    methods = [method] if isinstance(method, str) else list(method)
    if not methods or tile < 8:
        raise BadSetting(
            f"method needs one of {', '.join(METHODS)}, and tile at least 8 pixels, got {methods}, {tile}"
        )
    model = scanned_network(opened, network)
    names = [opened.layer(one) for one in ([layer] if isinstance(layer, str) else layer)]
    count = k if k is not None else min(USUAL, opened.kept)
    cells: list[Viewable] = []
    units: list[dict[str, object]] = []
    wanted = [
        (name, int(channel))
        for name in names
        for channel in (range(min(MOST_CHANNELS, opened.channels(name))) if channels is None else channels)
    ]
    if not wanted:
        raise BadSetting("channels needs at least one channel, got none")
    for done, (name, channel) in enumerate(wanted):
        rows = opened.top(name, channel, count)
        if rows[0].y is None:
            raise UnsupportedMethod(f"{name} has no places: choose a layer with maps")
        columns = math.ceil(len(rows) ** 0.5)
        title = f"{name}:{channel}" if len(names) > 1 else f"channel {channel}"
        values = f"{rows[0].value:.4g} … {rows[-1].value:.4g}"
        cells.append(mosaic([patch(row) for row in rows], columns, tile, caption=f"{title}\n{values}"))
        images = torch.cat([model.prepare(row.path).as_subclass(Tensor) for row in rows])
        asked = [(at, Unit(name, channel, row.y, row.x)) for at, row in enumerate(rows)]
        for way in methods:
            rules, told = projection_rules(way, average)
            check_activations(model, images[:1], told)
            found = project(model, images, asked, rules, weighted=True)
            proofs = prove(model, images, found)
            drawn = [_drawn(model, row, one) for row, one in zip(rows, found, strict=True)]
            cells.append(mosaic(drawn, columns, tile, background=128, caption=f"{way}\n{_mean(proofs)}"))
            units += [
                _told(way, row, one, proof) for row, one, proof in zip(rows, found, proofs, strict=True)
            ]
        report("channels", done + 1, len(wanted))
    code = spelled(
        deconv_sheet,
        repr(str(opened.folder)),
        repr(names if len(names) > 1 else names[0]),
        channels=None if channels is None else [int(channel) for channel in channels],
        k=k,
        method=methods if len(methods) > 1 else methods[0],
        average=average,
        tile=tile,
    )
    across = BLOCKS * (1 + len(methods))
    return Grid(
        rows=tuple(tuple(cells[i : i + across]) for i in range(0, len(cells), across)),
        title=f"{model.name} · {', '.join(names)}: what excites it in {int(opened.present.sum()):,} photos",
        caption=READING,
        provenance=origin(model, code, k=count, method=methods)
        | {"index": str(opened.folder), "units": units},
    )


def _drawn(network: Network, row: Row, one: Projection) -> Picture:
    (top, left, bottom, right), (above, before, *_) = row.seen, one.box
    values = one.values[:, top - above : bottom - above, left - before : right - before]
    drawn = projection(_colours(network, values), "")
    # In the shape of the patch: a scan may have squeezed the photo.
    h, w = row.box[2] - row.box[0], row.box[3] - row.box[1]
    zoom = max(drawn.size) / max(h, w)
    return drawn.resized((max(1, round(h * zoom)), max(1, round(w * zoom))))


def _colours(network: Network, values: Float[Tensor, "c h w"]) -> Float[np.ndarray, "h w c"]:
    return in_rgb(network, values.float().cpu().numpy().transpose(1, 2, 0), 2)


def _mean(proofs: Sequence[Proof]) -> str:
    whole = Proof(
        sum(proof.shown for proof in proofs) / len(proofs),
        sum(proof.others for proof in proofs) / len(proofs),
        0,
    )
    return str(whole)


def _told(method: str, row: Row, one: Projection, proof: Proof) -> dict[str, object]:
    return told_row(row) | {
        "method": method,
        "layer": one.unit.layer,
        "channel": one.unit.channel,
        "activation": one.activation,
        "fall_shown": proof.shown,
        "fall_others": proof.others,
    }
