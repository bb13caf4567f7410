"""What stands on the page of a unit, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.dataset.row import Row
from cutaway.errors import UnsupportedMethod
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.recipes.channel_figures import ChannelFigures
from cutaway.recipes.channel_filter import ChannelFilter
from cutaway.recipes.columns import maps_of
from cutaway.recipes.patches import patch, photo_of
from cutaway.recipes.projected_rows import ProjectedRow, images_of, projected_rows
from cutaway.view.grid import Grid
from cutaway.view.heatmap import Heatmap
from cutaway.view.histogram import histogram
from cutaway.view.picture import Picture
from cutaway.view.scale import Range, Scale, number
from cutaway.view.sheet import GAP
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = ["Live", "in_data", "label_table", "live_maps", "photos_of", "places", "read_live", "similar"]

METHODS = ("deconvnet", "guided")
TILE, TALL, SMALL_TILE = 116, 232, 140
_WIDE, _ACROSS = 1240, 4
_LABELS, SIMILAR = 6, 7


@dataclass(frozen=True)
class Live:
    """The map of one channel on one photo.

    Args:
        photo: the original.
        values: of the map, raw.
        images: the photo as the network saw it.
    """

    photo: Picture
    values: Float[np.ndarray, "h w"]
    images: Images

    def told(self) -> dict[str, object]:
        """Write it for a machine."""
        y, x = self._peak()
        return {"path": self.photo.path or "", "max": float(self.values.max()), "y": y, "x": x}

    def drawn(self, network: Network, layer: str, scale: Range, tall: int) -> Heatmap:
        """Draw it on the photo, so many pixels tall."""
        (h, w), small = self.photo.size, _tall(self.photo, tall)
        field = network.layer(layer, self.images).field
        placement = self.images.places[0].placement(field.lattice) if field else None
        if placement is not None:
            placement = placement.scaled((small.size[0] / h, small.size[1] / w))
        name = Path(self.photo.path).name if self.photo.path else "photo"
        y, x = self._peak()
        caption = f"{name}\nmax {number(float(self.values.max()))} at ({y}, {x}), {w} × {h} pixels"
        return Heatmap(self.values, photo=small, placement=placement, caption=caption, scale=scale)

    def _peak(self) -> tuple[int, int]:
        y, x = divmod(int(self.values.argmax()), self.values.shape[1])
        return y, x


def read_live(network: Network, photo: Picture, layer: str, channel: int) -> Live:
    """Run the network on a photo, and keep one channel's map."""
    images = network.prepare(photo)
    maps = maps_of(network, images.as_subclass(Tensor), layer)
    values: np.ndarray = maps[0, channel].float().cpu().numpy()
    return Live(photo, values, images)


def live_maps(
    network: Network, layer: str, several: Sequence[Live], synthesised: Picture | None, words: str = ""
) -> Grid | None:
    """Draw the channel's maps on their photos, all on one scale; before them an image that was made for it.

    Args:
        network: that was scanned with.
        layer: of the channel.
        several: its maps.
        synthesised: the image.
        words: of it, below all.
    """
    scale = Scale("layer").fit_all([one.values for one in several]) if several else Range(0.0, 0.0, "layer")
    cells: list[Picture | Live] = [*([synthesised] if synthesised is not None else []), *several]
    rows: list[tuple[Viewable, ...]] = []
    for start in range(0, len(cells), _ACROSS):
        here = cells[start : start + _ACROSS]
        shapes = [one.size if isinstance(one, Picture) else one.photo.size for one in here]
        # A row is as tall as lets it fit the page.
        room = _WIDE - GAP * (len(here) - 1)
        tall = min(TALL, round(room / sum(w / h for h, w in shapes)))
        rows.append(
            tuple(
                replace(_tall(one, tall), caption=one.caption, raw=one.raw)
                if isinstance(one, Picture)
                else one.drawn(network, layer, scale, tall)
                for one in here
            )
        )
    return Grid(tuple(rows), title="Where it fires", caption=words) if rows else None


def places(network: Network, figures: ChannelFigures) -> tuple[Grid, list[ProjectedRow]]:
    """Draw the strongest places, what of each made the unit fire, and the lowest: a column for each photo."""
    rows: list[tuple[Viewable | None, ...]] = []
    titles: list[str] = []
    words = [
        "Cut from the original photos, exactly what the unit sees; its activation and the photo's label below."
    ]
    found: list[ProjectedRow] = []
    if figures.strongest:
        rows.append(tuple(patch(row, TILE, _value(row)) for row in figures.strongest))
        titles.append("strongest")
        images = images_of(network, figures.strongest)
        try:
            for way in METHODS:
                several = projected_rows(
                    network, images, figures.strongest, figures.layer, figures.channel, way
                )
                rows.append(tuple(_projected(one) for one in several))
                titles.append(way)
                found += several
            words.append(
                "Below each patch what made the unit fire, gray being zero, and how its activation changes when the "
                "quarter of the field that is shown most is hidden, and when the quarter shown least is."
            )
        except UnsupportedMethod as error:
            words.append(f"No projections: {error}.")
    if figures.tied:
        words.append(
            f"{figures.tied:,} photos share the value of the last of the strongest: those shown are the first of them."
        )
    if all(figures.quiet[row.photo] for row in figures.lowest):
        words.append("It is silent in all of the lowest: these are the first of such photos.")
    rows.append(tuple(patch(row, TILE, _value(row)) for row in figures.lowest))
    titles.append("lowest")
    width = max(len(row) for row in rows)
    grid = Grid(
        tuple(row + (None,) * (width - len(row)) for row in rows),
        row_titles=tuple(titles),
        title="What excites it" if figures.strongest else "Nothing excites it",
        caption=" ".join(words),
    )
    return grid, found


def in_data(figures: ChannelFigures, made: ChannelFilter) -> Grid:
    """Draw its filter, and how its maxima lie over the photos."""
    label = figures.labels[0].label if figures.labels else None
    known = figures.index.present & ~figures.quiet
    shown = known if known.any() else figures.index.present
    values = figures.maxima[shown].astype(np.float64)
    marked = None if label is None else np.array([one == label for one in figures.index.labels])[shown]
    lines = {name if name != "50 %" else "median": value for name, value in figures.quantiles.items()}
    told = " · ".join(f"{name} {number(value)}" for name, value in lines.items())
    caption = f"Its maximum in the {int(shown.sum()):,} photos in which it fires\n{figures.silence} · {told}"
    names = (label or "", "others") if label is not None else ("", "")
    spread = histogram(values, marked=marked, names=names, lines=lines, caption=caption)
    drawn = made.drawn()
    cells = (spread,) if drawn is None else (spread, drawn)
    words = "" if drawn is not None else f"It has {made.maker.words}."
    return Grid((cells,), title="How often it fires, and its filter", caption=words)


def label_table(figures: ChannelFigures) -> Table | None:
    """Tell how well the channel finds each label, best first; None without labels."""
    if not figures.labels:
        return None
    own = [row.label for row in figures.strongest]
    rows = tuple(
        (
            one.label,
            one.photos,
            own.count(one.label),
            round(one.mean, 3),
            round(one.average_precision, 3),
            round(one.chance, 3),
            round(one.auc, 3) if np.isfinite(one.auc) else "",
        )
        for one in figures.labels[:_LABELS]
    )
    heads = (
        "label",
        "photos",
        f"of the {len(own)} strongest",
        "mean maximum",
        "average precision",
        "chance",
        "AUC",
    )
    notes = (
        "Average precision: of finding the photos with the label by the channel's maximum. By chance it would be the "
        "label's share of the photos; AUC would be 0.5.",
    )
    return Table(heads, rows, title="What it fires for", notes=notes)


def similar(figures: ChannelFigures, made: ChannelFilter) -> tuple[Grid | None, list[dict[str, object]]]:
    """Draw the best patch of the channels whose maxima are most like its own."""
    cells: list[Viewable] = []
    told: list[dict[str, object]] = []
    for channel, r in figures.alike[:SIMILAR]:
        cosine = made.cosine(replace(made, channel=channel))
        row = figures.index.top(figures.layer, channel, 1)[0]
        words = [f"channel {channel}", f"r {r:.2f}", f"filters {cosine:.2f}" if cosine is not None else ""]
        cells.append(patch(row, SMALL_TILE, "\n".join(filter(None, words)).replace("-", "−")))
        told.append({"channel": channel, "correlation": r, "filter_cosine": cosine})
    if not cells:
        return None, told
    caption = (
        "Other channels of the layer, each with its strongest patch. r: how their maxima go together over the photos "
        "(Pearson); filters: the cosine of their weights, where one convolution made both."
    )
    return Grid((tuple(cells),), title="Most like it", caption=caption), told


def photos_of(figures: ChannelFigures, count: int) -> list[Picture]:
    """Give the photos in which the channel is strongest."""
    return [photo_of(row.path) for row in figures.strongest[:count]]


def _tall(picture: Picture, tall: int) -> Picture:
    h, w = picture.size
    return picture.resized((tall, max(1, round(w * tall / h))))


def _value(row: Row) -> str:
    return "\n".join(filter(None, [number(row.value), row.label]))


def _projected(one: ProjectedRow) -> Picture:
    shown, others = str(one.proof).replace(" hidden: ", " ").split("\n")
    drawn = one.drawn()
    zoom = TILE / max(drawn.size)
    h, w = (max(1, round(side * zoom)) for side in drawn.size)
    return replace(drawn.resized((h, w)), caption=f"{shown}\n{others}")
