"""The channels of a layer as one sheet of small maps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.colorbar import colorbar
from cutaway.view.colormap import apply, table
from cutaway.view.hatch import hatch
from cutaway.view.numerals import stamp
from cutaway.view.scale import Range, Scale
from cutaway.view.sheet import captioned
from cutaway.view.text import HAIR, PAPER, line_height, text_width
from cutaway.view.viewable import Viewable

__all__ = ["Montage"]

# The size of channel numbers; how wide a sheet, and how large one of its tiles, is made where nothing is said.
_LABEL, _SHEET, _TILE = 11, 1440, 384


@final
@dataclass(frozen=True, eq=False)
class Montage(Viewable):
    """Many maps of one size, in rows, drawn by one rule.

    Args:
        raw: (c,h,w).
        labels: one name per map; numbers are written below the tiles where there is room, else before each row.
        columns: maps in a row; None makes the sheet about square, without a short last row if it can.
        scale: a Scale, its name, or a Range; "cell", "channel" and "channel-soft" scale each map on its own.
        colormap: its name.
        size: (h, w) of a tile; None enlarges by a whole number until the sheet is about 1400 pixels wide.
        caption: below it.
        provenance: what it takes to make it again.
        gap: pixels between tiles; None chooses by their size.

    Raises:
        BadSetting: for maps of another shape, or names that do not fit them.

    >>> sheet = Montage(np.zeros((64, 5, 5), np.float32))
    >>> sheet.grid
    (8, 8)
    """

    raw: Float[np.ndarray, "c h w"]
    labels: tuple[str, ...] = ()
    columns: int | None = None
    scale: str | Scale | Range = "layer"
    colormap: str = "gray"
    size: tuple[int, int] | None = None
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)
    gap: int | None = None

    def __post_init__(self) -> None:
        if self.raw.ndim != 3 or self.raw.size == 0:
            raise BadSetting(f"a sheet of maps needs (c, h, w) with at least one map, got {self.raw.shape}")
        if self.labels and len(self.labels) != len(self.raw):
            raise BadSetting(f"{len(self.labels)} names were given for {len(self.raw)} maps")
        if self.columns is not None and self.columns < 1:
            raise BadSetting(f"columns must be at least 1, got {self.columns}")
        if self.size is not None and min(self.size) < 1:
            raise BadSetting(f"a tile must be at least 1 pixel, got {self.size}")
        if self.gap is not None and self.gap < 0:
            raise BadSetting(f"the gap between tiles cannot be negative, got {self.gap}")
        table(self.colormap)
        if not isinstance(self.scale, Range):
            Scale.of(self.scale)

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
        count = len(self.raw)
        columns = min(self.columns or _columns(count), count)
        return math.ceil(count / columns), columns

    @property
    def range(self) -> Range | None:
        """What is drawn dark and what bright; None where each map has its own."""
        if not isinstance(self.scale, Range) and Scale.of(self.scale).each:
            return None
        return self._fitted(self.raw)

    def tile(self) -> Image.Image:
        """Draw the maps without caption and colour bar."""
        (rows, columns), (h, w) = self.grid, self._tile_size()
        gap = self._gap(w)
        labelled = w >= 20
        short = [name.removeprefix("channel ") for name in self.names]
        # Where tiles are too small for numbers below them, each row tells its first one.
        side = 0 if labelled else max(text_width(name, _LABEL) for name in short[::columns]) + 8
        step_y, step_x = h + gap + (line_height(_LABEL) if labelled else 0), w + gap
        sheet = np.full((rows * step_y, side + columns * step_x, 3), PAPER, np.uint8)
        edged = gap > 2
        for k, one in enumerate(self._tiles(h, w)):
            y, x = k // columns * step_y + edged, side + k % columns * step_x + edged
            if edged:
                sheet[y - 1 : y + h + 1, x - 1 : x + w + 1] = HAIR
            sheet[y : y + h, x : x + w] = one
        if labelled:
            for k, name in enumerate(short):
                if text_width(name, _LABEL) <= w + gap:
                    stamp(sheet, k // columns * step_y + h + 2 * edged, k % columns * step_x, name, _LABEL)
        else:
            every = -(-line_height(_LABEL) // step_y)
            for row in range(0, rows, every):
                middle = max(0, row * step_y + (h - line_height(_LABEL)) // 2)
                stamp(sheet, middle, 0, short[row * columns], _LABEL)
        below, right = (0 if labelled else gap - 2 * edged), gap - 2 * edged
        return Image.fromarray(sheet[: len(sheet) - below, : sheet.shape[1] - right])

    def bar(self, width: int) -> Image.Image | None:
        """Draw the colour bar, where one scale holds for all maps."""
        return None if self.range is None else colorbar(self.range, self.colormap, width)

    def to_image(self) -> Image.Image:
        """Draw the maps with caption and colour bar."""
        image = self.tile()
        lines = [line for line in self.caption.split("\n") if line]
        return captioned(image, lines, self.bar(max(160, min(image.width, 480))))

    def told_scale(self) -> str:
        """Name the scale for a caption.

        >>> Montage(np.zeros((2, 2, 2)), scale="cell").told_scale()
        'cell scale: each map its own'
        """
        if isinstance(self.scale, Range) or self.range is not None:
            return str(self.range)
        return f"{Scale.of(self.scale).name} scale: each map its own"

    def _tile_size(self) -> tuple[int, int]:
        if self.size is not None:
            return self.size
        _, h, w = self.raw.shape
        columns = self.grid[1]
        fits = [n for n in range(2, 1 + _TILE // max(h, w)) if columns * (w * n + self._gap(w * n)) <= _SHEET]
        factor = max(fits, default=1)
        return h * factor, w * factor

    def _gap(self, width: int) -> int:
        if self.gap is not None:
            return self.gap
        return 1 if width < 12 else 2 if width < 32 else 4 if width < 64 else 8

    def _fitted(self, values: Float[np.ndarray, "*size"]) -> Range:
        found = self.scale if isinstance(self.scale, Range) else Scale.of(self.scale).fit(values)
        return found.centred() if self.colormap == "diverging" else found

    def _tiles(self, h: int, w: int) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        one = self.range
        unit = one.unit(self.raw) if one else np.stack([self._fitted(each).unit(each) for each in self.raw])
        unknown = np.isnan(unit)
        coloured = apply(unit, self.colormap)
        rows = np.arange(h)[:, None] * self.raw.shape[1] // h
        columns = np.arange(w) * self.raw.shape[2] // w
        for k in range(len(coloured)):
            yield hatch(coloured[k][rows, columns], unknown[k][rows, columns])


def _columns(count: int) -> int:
    """Choose the columns of a sheet so that it is about square and, where that is possible, its last row is full."""
    least = math.ceil(math.sqrt(count))
    return next((columns for columns in range(least, 2 * least) if count % columns == 0), least)
