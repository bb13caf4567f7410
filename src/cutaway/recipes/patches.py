"""The patches of a data set that excite a layer's channels most."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex, open_index
from cutaway.dataset.row import Row
from cutaway.errors import BadImage, BadSetting
from cutaway.images.read import read
from cutaway.recipes.origin import origin, spelled
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.scale import number
from cutaway.view.viewable import Viewable

__all__ = ["MOST_CHANNELS", "USUAL", "indexed", "patch", "patches", "photo_of", "told_row"]

READING = (
    "Each row: one channel's strongest places, one in each photo, strongest first; cut from the original photos, "
    "exactly what the unit sees."
)
LOWEST = (
    "Each row: the photos in which the channel answers least, the lowest first, cut where it answers most."
)
MOST_CHANNELS, USUAL = 16, 9
TILE = 128
_HAIRLINE = 214


def patches(
    index: ActivationIndex | str | os.PathLike[str],
    layer: str,
    channels: Sequence[int] | None = None,
    *,
    k: int | None = None,
    lowest: bool = False,
    tile: int = TILE,
) -> Grid:
    """Show the patches that excite a layer's channels most: a row for each channel.

    Args:
        index: that `scan` made, or its folder.
        layer: by any of its names.
        channels: 0-based; None takes the first 16.
        k: how many of each; None takes nine, or what the scan kept where that is less.
        lowest: the photos in which the channel answers least, instead.
        tile: side of a patch in the sheet, in pixels.

    Returns:
        A Grid; `provenance["rows"]` lists each place with its photo, value and box.

    Raises:
        BadImage, BadIndex, BadSetting, UnknownLayer: with what to do instead.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, figure 2; Girshick
    et al., "Rich feature hierarchies", CVPR 2014, section 3.1.

    >>> import tempfile
    >>> from cutaway.recipes.scan import scan
    >>> from cutaway.network.network import Network
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial")
    >>> sheet = patches(index, "1", [2, 3], k=2)
    >>> len(sheet.rows), sheet.provenance["rows"][0]["box"][:2]
    (2, [...])
    """
    opened = indexed(index)
    name = opened.layer(layer)
    if tile < 8:
        raise BadSetting(f"tile must be at least 8 pixels, got {tile}")
    chosen = (
        list(range(min(MOST_CHANNELS, opened.channels(name))))
        if channels is None
        else [int(c) for c in channels]
    )
    if not chosen:
        raise BadSetting("channels needs at least one channel, got none")
    count = k if k is not None else min(USUAL, opened.kept)
    rows: list[tuple[Viewable | None, ...]] = []
    told: list[dict[str, object]] = []
    dead: list[int] = []
    for channel in chosen:
        found = opened.top(name, channel, count, lowest=lowest)
        if not lowest and found[0].value == found[-1].value:
            dead.append(channel)
        rows.append(tuple(patch(one, tile) for one in found))
        told += [{"channel": channel} | told_row(one) for one in found]
    code = spelled(
        patches, repr(str(opened.folder)), repr(name), channels=chosen, k=k, lowest=lowest, tile=tile
    )
    width = max(len(row) for row in rows)
    which = f"{'lowest' if lowest else 'strongest'} of {int(opened.present.sum()):,} photos"
    return Grid(
        rows=tuple(row + (None,) * (width - len(row)) for row in rows),
        row_titles=tuple(f"{channel}" for channel in chosen),
        title=f"{opened.network} · {name}: {which}",
        caption=" ".join(filter(None, [LOWEST if lowest else READING, _silent(dead)])),
        provenance=origin(None, code, k=count)
        | {"network": opened.network, "weights": opened.weights, "index": str(opened.folder), "rows": told},
    )


def indexed(index: ActivationIndex | str | os.PathLike[str]) -> ActivationIndex:
    """Give an index: what is one already, or what lies in a folder.

    >>> indexed("nowhere")
    Traceback (most recent call last):
    cutaway.errors.BadIndex: nowhere is no index...
    """
    return index if isinstance(index, ActivationIndex) else open_index(index)


def patch(row: Row, tile: int = TILE, caption: str | None = None) -> Picture:
    """Cut a place out of its photo, at the size of a tile.

    Args:
        row: the place.
        tile: its longer side, in pixels.
        caption: below it; the value, and the label where there is one, by default.
    """
    box = row.box
    h, w = box[2] - box[0], box[3] - box[1]
    zoom = tile / max(h, w)
    words = "\n".join(filter(None, [number(row.value), row.label])) if caption is None else caption
    cut = photo_of(row.path).cropped(box).resized((max(1, round(h * zoom)), max(1, round(w * zoom))))
    # A hairline around it: many a photo is as white as the page.
    framed = np.pad(cut.pixels, ((1, 1), (1, 1), (0, 0)), constant_values=_HAIRLINE)
    return Picture(framed, caption=words, path=os.fspath(row.path))


def _silent(channels: Sequence[int]) -> str:
    if not channels:
        return ""
    which = ", ".join(map(str, channels))
    return f"One value in all photos, so that nothing excites it more than another: channel {which}."


def told_row(row: Row) -> dict[str, object]:
    """Write a place for a machine."""
    return {
        "path": str(row.path),
        "value": row.value,
        "y": row.y,
        "x": row.x,
        "box": list(row.box),
        "label": row.label,
    }


def photo_of(path: Path) -> Picture:
    """Read a photo of an index again; the last few are kept.

    Raises:
        BadImage: where it has gone, with what to do.
    """
    return _photo(os.fspath(path))


@lru_cache(maxsize=16)
def _photo(path: str) -> Picture:
    try:
        return read(path)
    except BadImage as error:
        raise BadImage(
            path,
            f"{error.reason}. The index was made when it could be read; moved photos: open_index(folder, photos=…)",
        ) from error
