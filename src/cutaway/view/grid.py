"""A sheet: pictures, maps and other sheets in rows and columns, with their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.colorbar import colorbar
from cutaway.view.heatmap import Heatmap
from cutaway.view.montage import Montage
from cutaway.view.picture import Picture
from cutaway.view.scale import Range
from cutaway.view.sheet import Tile, laid_out
from cutaway.view.viewable import Viewable

__all__ = ["Grid"]

# A photo is drawn at its own size up to this side; beyond, the sheet would be larger than any screen.
MOST = 1024
LEAST = 56


@final
@dataclass(frozen=True, eq=False)
class Grid(Viewable):
    """A sheet of results.

    Args:
        rows: of cells; None leaves a place empty.
        title: above.
        column_titles: above the columns.
        row_titles: left of the rows.
        caption: below, in full sentences; the scale is added where all maps share one.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for a sheet without a cell.

    >>> Grid(rows=((Heatmap(np.ones((2, 2))), Heatmap(np.zeros((2, 2)))),)).values.shape
    (2, 2, 2)
    """

    rows: tuple[tuple[Viewable | None, ...], ...]
    title: str = ""
    column_titles: tuple[str, ...] = ()
    row_titles: tuple[str, ...] = ()
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not any(cell is not None for row in self.rows for cell in row):
            raise BadSetting("a Grid needs at least one cell")

    @classmethod
    def of_maps(
        cls,
        values: Float[np.ndarray, "c h w"],
        names: Sequence[str] = (),
        *,
        columns: int | None = None,
        scale: str | Range = "layer",
        colormap: str = "gray",
        tile: tuple[int, int] | None = None,
        title: str = "",
        caption: str = "",
        provenance: Mapping[str, Any] | None = None,
    ) -> Grid:
        """Make a sheet of many maps of one size, as of all channels of a layer.

        Args:
            values: (c,h,w), raw.
            names: one per map.
            columns: about square by default.
            scale: a rule's name or a Range; see `Montage`.
            colormap: its name.
            tile: (h, w) of each map on the sheet.
            title: above.
            caption: below.
            provenance: what it takes to make it again.

        >>> Grid.of_maps(np.zeros((5, 3, 3)), columns=2).values.shape
        (5, 3, 3)
        """
        maps = Montage(values, tuple(names), columns, scale, colormap, tile)
        return cls(((maps,),), title=title, caption=caption, provenance=provenance or {})

    @property
    def values(self) -> np.ndarray:
        """The raw numbers of all maps, (k,h,w); where their sizes differ, a 1-D array that holds each map.

        Photos count only on a sheet that has nothing else.
        """
        pieces = [piece for _, piece in self._pieces()]
        if len(pieces) == 1:
            return pieces[0]
        if len({piece.shape[1:] for piece in pieces}) == 1:
            return np.concatenate(pieces)
        each = [one for piece in pieces for one in piece]
        ragged = np.empty(len(each), object)
        ragged[:] = each
        return ragged

    @property
    def names(self) -> tuple[str, ...]:
        """One name per map."""
        return tuple(name for names, _ in self._pieces() for name in names)

    def arrays(self) -> dict[str, np.ndarray]:
        """The raw numbers as saved: `values` and `names`; `values_0`, `values_1`, … where sizes differ."""
        values = self.values
        if values.dtype != object:
            return {"values": values, "names": np.array(self.names)}
        return {f"values_{k}": one for k, one in enumerate(values)} | {"names": np.array(self.names)}

    def tile(self) -> Image.Image:
        """Draw it as a cell of another sheet: without the outer margin's width and the footer."""
        return self._drawn(margin=0, footer="")

    def to_image(self) -> Image.Image:
        """Draw the whole sheet."""
        told = self._told_scale()
        return self._drawn(margin=32, footer=" ".join(filter(None, [self.caption, told and f"{told}."])))

    def to_html(self) -> str:
        """Draw it as a piece of a page: a heading, the sheet, the caption as text."""
        from html import escape

        from cutaway.view.page import fragment

        head = f"<h1>{escape(self.title)}</h1>" if self.title else ""
        words = [line for cell in self._cells() for line in [cell.caption.replace("\n", " · ")] if line]
        listed = "\n".join([self.caption, *words[:24]]) if len(words) <= 24 else self.caption
        return head + fragment(self.to_png(), listed.strip() or self.title)

    def _drawn(self, margin: int, footer: str) -> Image.Image:
        rows = [[None if cell is None else _tile(cell) for cell in row] for row in self.rows]
        one = self._shared()
        width = max(sum(t.image.width for t in row if t) for row in rows)
        bar = colorbar(one[0], one[1], max(160, min(width, 480))) if one else None
        return laid_out(
            rows,
            title=self.title,
            column_titles=self.column_titles,
            row_titles=self.row_titles,
            footer=footer,
            bar=bar,
            margin=margin,
        )

    def _cells(self) -> Iterator[Viewable]:
        return (cell for row in self.rows for cell in row if cell is not None)

    def _pieces(self) -> list[tuple[tuple[str, ...], np.ndarray]]:
        found: list[tuple[tuple[str, ...], np.ndarray]] = []
        for cell in self._cells():
            name = cell.caption.split("\n")[0]
            if isinstance(cell, Heatmap):
                found.append(((name,), cell.values[None]))
            elif isinstance(cell, Montage):
                found.append((cell.names, cell.values))
            elif isinstance(cell, Grid):
                found += cell._pieces()
            elif isinstance(cell, Picture) and cell.raw is not None:
                found.append(((name,), cell.values[None]))
        if not found:
            found = [((cell.caption.split("\n")[0],), cell.values[None]) for cell in self._cells()]
        return found

    def _scales(self) -> list[tuple[Range | None, str]]:
        found: list[tuple[Range | None, str]] = []
        for cell in self._cells():
            if isinstance(cell, Heatmap):
                found.append((None if cell.look == "camshow" else cell.range, cell.colormap))
            elif isinstance(cell, Montage):
                found.append((cell.range, cell.colormap))
        return found

    def _shared(self) -> tuple[Range, str] | None:
        """The scale, and its colours, that all maps of the sheet share."""
        scales = set(self._scales())
        if len(scales) != 1:
            return None
        scale, colormap = scales.pop()
        return None if scale is None else (scale, colormap)

    def _told_scale(self) -> str:
        one = self._shared()
        if one is not None:
            return f"Drawn on one {one[0]}"
        own = [cell.told_scale() for cell in self._cells() if isinstance(cell, Montage)]
        return f"Drawn on a {own[0]}" if own else ""


def _tile(cell: Viewable) -> Tile:
    """Draw one cell; its words go below it, with its own scale where the sheet has none in common."""
    lines = [line for line in cell.caption.split("\n") if line]
    if isinstance(cell, Grid):
        return Tile(cell.tile())
    if isinstance(cell, Heatmap):
        if cell.look != "camshow":
            lines.append(str(cell.range))
        image = cell.tile()
        smooth = cell.photo is not None
    elif isinstance(cell, Montage):
        return Tile(cell.tile(), tuple(lines))
    else:
        image = cell.to_image()
        smooth = max(image.size) > LEAST
    return Tile(_sized(image, smooth), tuple(lines))


def _sized(image: Image.Image, smooth: bool) -> Image.Image:
    longest = max(image.size)
    if longest > MOST:
        factor = MOST / longest
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        return image.resize(size, Image.Resampling.LANCZOS)
    if not smooth and longest < LEAST:
        factor_up = -(-LEAST // longest)
        return image.resize((image.width * factor_up, image.height * factor_up), Image.Resampling.NEAREST)
    return image
