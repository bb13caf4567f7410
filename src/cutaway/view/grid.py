"""A sheet: pictures, maps and other sheets in rows and columns, with their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, final

import numpy as np
from jaxtyping import Float
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.colorbar import colorbar
from cutaway.view.heatmap import TINY, Heatmap
from cutaway.view.montage import Montage
from cutaway.view.page import fragment, heading
from cutaway.view.picture import Picture
from cutaway.view.provenance import in_short, png_bytes
from cutaway.view.scale import Range, Scale
from cutaway.view.sheet import GAP, MARGIN, SMALL, Tile, laid_out, zoom_of
from cutaway.view.viewable import Viewable

__all__ = ["Grid", "drawn_cell", "shared_scale"]

# A photo is drawn at its own size up to this side; beyond, the sheet would be larger than any screen.
MOST = 1024


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
        gap: pixels between tiles.

    Raises:
        BadSetting: for a sheet without a cell, or a negative gap.

    >>> Grid(rows=((Heatmap(np.ones((2, 2))), Heatmap(np.zeros((2, 2)))),)).values.shape
    (2, 2, 2)
    """

    rows: tuple[tuple[Viewable | None, ...], ...]
    title: str = ""
    column_titles: tuple[str, ...] = ()
    row_titles: tuple[str, ...] = ()
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)
    gap: int = GAP

    def __repr__(self) -> str:
        shape = " × ".join(str(n) for n in (len(self.rows), max(map(len, self.rows), default=0)))
        return f"Grid({shape}{', ' + self.title if self.title else ''})"

    def __post_init__(self) -> None:
        if self.gap < 0:
            raise BadSetting(f"the gap between tiles cannot be negative, got {self.gap}")
        if not any(cell is not None for row in self.rows for cell in row):
            raise BadSetting("a Grid needs at least one cell")

    @classmethod
    def of_maps(
        cls,
        values: Float[np.ndarray, "c h w"],
        names: Sequence[str] = (),
        *,
        columns: int | None = None,
        scale: str | Scale | Range = "layer",
        colormap: str = "gray",
        tile: tuple[int, int] | None = None,
        title: str = "",
        caption: str = "",
        provenance: Mapping[str, Any] | None = None,
        gap: int | None = None,
    ) -> Grid:
        """Make a sheet of many maps of one size, as of all channels of a layer.

        Args:
            values: (c,h,w), raw.
            names: one per map.
            columns: about square by default.
            scale: a Scale, its name, or a Range; see `Montage`.
            colormap: its name.
            tile: (h, w) of each map on the sheet.
            title: above.
            caption: below.
            provenance: what it takes to make it again.
            gap: pixels between the maps.

        >>> Grid.of_maps(np.zeros((5, 3, 3)), columns=2).values.shape
        (5, 3, 3)
        """
        maps = Montage(values, tuple(names), columns, scale, colormap, tile, gap=gap)
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
        """Draw it as a cell of another sheet: without margin and footer."""
        return self._drawn(title=self.title, margin=0)

    def to_image(self) -> Image.Image:
        """Draw the whole sheet."""
        footer = "\n".join(filter(None, [self.caption, self._told_scale()]))
        return self._drawn(title=self.title, footer=footer, origin=in_short(self.provenance), margin=MARGIN)

    def _html(self, level: int) -> str:
        """Draw it as a piece of a page, with title and caption as text."""
        drawn = png_bytes(self._drawn(title="", margin=GAP), self.provenance)
        below = " ".join(filter(None, [self.caption.replace("\n", " "), self._told_scale()]))
        words = [self.title, *(cell.caption.replace("\n", " · ") for cell in self._cells())]
        return heading(self.title, level) + fragment(
            drawn, below, alt="\n".join(filter(None, words)) or "a grid"
        )

    def _drawn(self, *, title: str, margin: int, footer: str = "", origin: str = "") -> Image.Image:
        shares = [shared_scale(row) for row in self.rows]
        whole = shared_scale(tuple(self._cells()))
        several = any(share != shares[0] for share in shares)
        if several:  # what only one map has is said where its map is
            shares = [
                share if _count(row) > 1 else None for share, row in zip(shares, self.rows, strict=True)
            ]
        images = [[None if cell is None else drawn_cell(cell, len(row)) for cell in row] for row in self.rows]
        width = max(sum(one.width for one in row if one) for row in images)
        columns = zip_longest(*images)
        zoom = zoom_of([max((one.width for one in column if one), default=1) for column in columns])
        # A scale is drawn once, for as much as it holds for: the sheet, else a row, else a tile.
        rows = [
            [
                _tile(cell, one, zoom, alone=share is None) if cell is not None and one else None
                for cell, one in zip(row, drawn, strict=True)
            ]
            for row, drawn, share in zip(self.rows, images, shares, strict=True)
        ]
        bars = [
            _row_bar(row, share, tiles, zoom)
            for row, share, tiles in zip(self.rows, shares, rows, strict=True)
        ]
        return laid_out(
            rows,
            title=title,
            column_titles=self.column_titles,
            row_titles=self.row_titles,
            bars=bars if several else (),
            bar=_bar(*whole, width, zoom) if whole else None,
            footer=footer,
            origin=origin,
            margin=margin,
            gap=self.gap,
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

    def _told_scale(self) -> str:
        one = shared_scale(tuple(self._cells()))
        if one is not None:
            return f"Drawn on one {one[0]}."
        own = {cell.told_scale() for cell in self._cells() if isinstance(cell, Montage)}
        return f"Drawn on a {own.pop()}." if len(own) == 1 else ""


def shared_scale(cells: tuple[Viewable | None, ...]) -> tuple[Range, str] | None:
    """The scale, and its colours, that all maps of a row or a sheet share."""
    found: set[tuple[Range | None, str]] = set()
    for cell in cells:
        if isinstance(cell, Heatmap):
            found.add((None if cell.look == "camshow" else cell.range, cell.colormap))
        elif isinstance(cell, Montage):
            found.add((cell.range, cell.colormap))
    if len(found) != 1:
        return None
    scale, colormap = found.pop()
    return None if scale is None else (scale, colormap)


def _count(row: tuple[Viewable | None, ...]) -> int:
    return sum(isinstance(cell, Heatmap | Montage) for cell in row)


def _row_bar(
    row: tuple[Viewable | None, ...], share: tuple[Range, str] | None, drawn: list[Tile | None], zoom: float
) -> tuple[int, Image.Image] | None:
    """The colour bar of a row, and the column of the first map that it belongs to."""
    if share is None:
        return None
    column = next(c for c, cell in enumerate(row) if isinstance(cell, Heatmap | Montage))
    tile = drawn[column]
    return None if tile is None else (column, _bar(*share, tile.image.width, zoom))


def _bar(scale: Range, colormap: str, width: int, zoom: float) -> Image.Image:
    return colorbar(scale, colormap, max(160, min(width, round(480 * zoom))), round(SMALL * zoom))


def _tile(cell: Viewable, image: Image.Image, zoom: float, *, alone: bool) -> Tile:
    """Put the words of a cell below it, and its own scale where its row has none in common."""
    lines = tuple(line for line in cell.caption.split("\n") if line)
    if isinstance(cell, Montage):
        own = alone and cell.range
        return Tile(image, lines, _bar(own, cell.colormap, image.width, zoom) if own else None)
    if isinstance(cell, Heatmap):
        barred = alone and cell.colorbar and cell.look != "camshow" and image.width >= 160
        bar = _bar(cell.range, cell.colormap, image.width, zoom) if barred else None
        return Tile(image, cell.told if alone else lines, bar)
    return Tile(image, lines if isinstance(cell, Picture) else ())


def drawn_cell(cell: Viewable, beside: int) -> Image.Image:
    """Draw one cell without its words."""
    # The more tiles in a row, the smaller a map that has no size of its own.
    least = min(max(1280 // beside, TINY), 256)
    if isinstance(cell, Grid | Montage):
        return cell.tile()
    if isinstance(cell, Heatmap):
        return cell.tile(least=least, most=MOST)
    if isinstance(cell, Picture):
        factor = max(1, round(TINY / max(cell.size)))
        return Image.fromarray(cell.fitted(MOST).pixels.repeat(factor, 0).repeat(factor, 1))
    return Picture(np.asarray(cell.to_image())).fitted(MOST).to_image()
