"""A method's map, drawn on the photo that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cutaway.errors import UnsupportedMethod
from cutaway.network.network import Network
from cutaway.recipes.colours import in_rgb
from cutaway.view.heatmap import Heatmap
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.projection import projection, symmetric
from cutaway.view.scale import Range, Scale

__all__ = ["common_range", "drawn_on", "titled"]


def common_range(maps: Sequence[np.ndarray], scale: str = "layer") -> Range:
    """Choose one range for several maps, each (d,h,w): symmetric for signed colours, else by the named rule.

    >>> common_range([np.array([[[0.0, 1.0]]]), np.array([[[3.0]]])])
    Range(low=0.0, high=3.0, rule='layer')
    """
    values = np.concatenate([one.ravel() for one in maps])
    return symmetric(values) if maps[0].shape[0] > 1 else Scale(scale).fit(values)


def drawn_on(
    network: Network,
    photo: Picture,
    placement: Placement,
    values: Float[np.ndarray, "d h w"],
    caption: str,
    scale: Range,
    look: str = "overlay",
    colormap: str = "inferno",
) -> Heatmap | Picture:
    """Draw one map: a number for each place as colours on the photo, three as signed colours of the photo's size.

    Args:
        network: tells the order of its colours.
        photo: drawn on, not changed.
        placement: where the map's cells lie in the photo.
        values: raw.
        caption: below.
        scale: of the numbers.
        look: as of a Heatmap.
        colormap: its name.

    Raises:
        UnsupportedMethod: for a map of two, or of more than three, numbers at each place.
    """
    if values.shape[0] == 1:
        return Heatmap(
            values[0],
            photo=photo,
            placement=placement,
            caption=caption,
            scale=scale,
            look=look,
            colormap=colormap,
        )
    if values.shape[0] != 3:
        raise UnsupportedMethod(
            f"a map has one number for each place, or three colours; this one has {values.shape[0]}"
        )
    shown = in_rgb(network, values, 0)
    large = np.stack([placement.resample(np.ascontiguousarray(one), photo.size) for one in shown], -1)
    picture = projection(np.nan_to_num(large), caption, scale)
    return replace(picture, raw=shown.transpose(1, 2, 0))


def titled(photo: Picture) -> Picture:
    """Give a photo with its name, size and what reading it had to say.

    >>> titled(Picture(np.zeros((2, 3, 3), np.uint8))).caption.splitlines()
    ['photo', '3 × 2 pixels']
    """
    name = Path(photo.path).name if photo.path else "photo"
    h, w = photo.size
    notes = "".join(f" · {note}" for note in photo.notes)
    return replace(photo, caption=f"{name}\n{w} × {h} pixels{notes}")
