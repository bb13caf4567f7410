"""The channels of a layer as one sheet of small maps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from cutaway.errors import BadSetting
from cutaway.view.colorbar import colorbar
from cutaway.view.colormap import apply, table
from cutaway.view.scale import Range, Scale
from cutaway.view.sheet import captioned
from cutaway.view.text import PAPER, SOFT, draw_text, text_width
from cutaway.view.viewable import Viewable

__all__ = ["Montage"]

_OWN = ("cell", "channel", "channel-soft")
_LABEL = 11


@final
@dataclass(frozen=True, eq=False)
class Montage(Viewable):
    """Many maps of one size, in rows, drawn by one rule.

    Args:
        raw: (c,h,w).
        labels: one name per map; numbers are written below the tiles where there is room.
        columns: maps in a row; None makes the sheet about square.
        scale: a rule's name or a Range; "cell", "channel" and "channel-soft" scale each map on its own.
        colormap: its name.
        size: (h, w) of a tile; None enlarges by a whole number until the sheet is about 1200 pixels wide.
        caption: below it.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for maps of another shape, or names that do not fit them.

    >>> sheet = Montage(np.zeros((64, 5, 5), np.float32))
    >>> sheet.grid
    (8, 8)
    """

    raw: Float[np.ndarray, "c h w"]
    labels: tuple[str, ...] = ()
    columns: int | None = None
    scale: str | Range = "layer"
    colormap: str = "gray"
    size: tuple[int, int] | None = None
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.raw.ndim != 3 or self.raw.size == 0:
            raise BadSetting(f"a sheet of maps needs (c, h, w) with at least one map, got {self.raw.shape}")
        if self.labels and len(self.labels) != len(self.raw):
            raise BadSetting(f"{len(self.labels)} names were given for {len(self.raw)} maps")
        if self.columns is not None and self.columns < 1:
            raise BadSetting(f"columns must be at least 1, got {self.columns}")
        if self.size is not None and min(self.size) < 1:
            raise BadSetting(f"a tile must be at least 1 pixel, got {self.size}")
        table(self.colormap)
        if isinstance(self.scale, str):
            Scale(self.scale)

    @property
    def values(self) -> np.ndarray:
        """The raw maps (c,h,w), as given."""
        return self.raw

    @property
    def names(self) -> tuple[str, ...]:
        """One name per map."""
        return self.labels or tuple(f"channel {k}" for k in range(len(self.raw)))

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns)."""
        columns = min(self.columns or math.ceil(math.sqrt(len(self.raw))), len(self.raw))
        return math.ceil(len(self.raw) / columns), columns

    @property
    def range(self) -> Range | None:
        """What is drawn dark and what bright; None where each map has its own."""
        if isinstance(self.scale, Range):
            return self.scale
        return None if self.scale in _OWN else Scale(self.scale).fit(self.raw)

    def tile(self) -> Image.Image:
        """Draw the maps without caption and colour bar."""
        (rows, columns), (h, w) = self.grid, self._tile_size()
        gap = 1 if w < 12 else 2 if w < 48 else 6
        labelled = w >= 20
        step_y, step_x = h + gap + (_LABEL + 3 if labelled else 0), w + gap
        sheet = np.empty((rows * step_y - gap, columns * step_x - gap, 3), np.uint8)
        sheet[:] = PAPER
        coloured = self._coloured(h, w)
        for k, one in enumerate(coloured):
            y, x = k // columns * step_y, k % columns * step_x
            sheet[y : y + h, x : x + w] = one
        image = Image.fromarray(sheet)
        if labelled:
            draw = ImageDraw.Draw(image)
            for k, name in enumerate(self.names):
                short = name.removeprefix("channel ")
                if text_width(short, _LABEL) <= w + gap:
                    y, x = k // columns * step_y + h, k % columns * step_x
                    draw_text(draw, (x, y), short, _LABEL, fill=SOFT)
        return image

    def bar(self, width: int) -> Image.Image | None:
        """Draw the colour bar, where one scale holds for all maps."""
        return None if self.range is None else colorbar(self.range, self.colormap, width)

    def to_image(self) -> Image.Image:
        """Draw the maps with caption and colour bar."""
        image = self.tile()
        return captioned(image, [line for line in self.caption.split("\n") if line], self.bar(min(image.width, 480)))

    def told_scale(self) -> str:
        """Name the scale for a caption.

        >>> Montage(np.zeros((2, 2, 2)), scale="cell").told_scale()
        'cell scale: each map its own'
        """
        return f"{self.scale} scale: each map its own" if self.range is None else str(self.range)

    def _tile_size(self) -> tuple[int, int]:
        if self.size is not None:
            return self.size
        _, h, w = self.raw.shape
        factor = max(1, min(1200 // (self.grid[1] * (w + 4)), 512 // max(h, w)))
        return h * factor, w * factor

    def _coloured(self, h: int, w: int) -> UInt8[np.ndarray, "c h w 3"]:
        one = self.range
        if one is not None:
            unit = one.unit(self.raw)
        else:
            assert isinstance(self.scale, str)
            rule = Scale(self.scale)
            unit = np.stack([rule.fit(each).unit(each) for each in self.raw])
        coloured = apply(unit, self.colormap)
        rows = np.arange(h) * self.raw.shape[1] // h
        columns = np.arange(w) * self.raw.shape[2] // w
        return coloured[:, rows][:, :, columns]
