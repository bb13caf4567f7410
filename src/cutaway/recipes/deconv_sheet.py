"""The nine places that excite a channel most, beside what of each made the unit fire."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.network.progress import report
from cutaway.recipes.origin import origin, spelled
from cutaway.recipes.patches import MOST_CHANNELS, USUAL, indexed, patch
from cutaway.recipes.projected_rows import images_of, mean_proof, projected_rows
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.grid import Grid
from cutaway.view.mosaic import mosaic
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
        images = images_of(model, rows)
        for way in methods:
            found = projected_rows(model, images, rows, name, channel, way, average)
            drawn = [one.drawn() for one in found]
            cells.append(mosaic(drawn, columns, tile, background=128, caption=f"{way}\n{mean_proof(found)}"))
            units += [one.told() for one in found]
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
