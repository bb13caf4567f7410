"""Pixels only: results that draw themselves, keep their raw numbers, and know where they come from."""

from __future__ import annotations

from cutaway.view.album import Album
from cutaway.view.colormap import COLORMAPS
from cutaway.view.grid import Grid
from cutaway.view.heatmap import LOOKS, Heatmap
from cutaway.view.montage import Montage
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.scale import SCALES, Range, Scale
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = [
    "COLORMAPS",
    "LOOKS",
    "SCALES",
    "Album",
    "Grid",
    "Heatmap",
    "Montage",
    "Picture",
    "Placement",
    "Range",
    "Scale",
    "Table",
    "Viewable",
]
