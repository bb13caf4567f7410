"""The images made for one layer's channels as a sheet, with what each reaches below it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.made_by import made_by
from cutaway.network.network import Network
from cutaway.recipes.made_filters import MadeFilter
from cutaway.recipes.making import Making
from cutaway.recipes.patches import patch
from cutaway.recipes.weights import weights
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.scale import number
from cutaway.view.viewable import Viewable

__all__ = ["caption_of", "filter_sheet", "told_filter"]

COLUMNS = 8


def filter_sheet(
    network: Network,
    made: Sequence[MadeFilter],
    making: Making,
    steps: int,
    index: ActivationIndex | None = None,
    patches: int = 0,
) -> tuple[Grid, list[dict[str, object]]]:
    """Lay images out in rows of eight; the kernels of a first convolution beside them.

    Args:
        network: whose layer.
        made: the images.
        making: how they were made.
        steps: of it.
        index: of a scan, to tell what is reached beside the strongest photo.
        patches: so many strongest patches beside each image.

    Returns:
        The sheet, and the numbers of each image.
    """
    layer = made[0].layer
    kept = index if index is not None and layer in index.layers else None
    told = [told_filter(one, kept) for one in made]
    cells = [
        making.drawn(one.image, caption_of(one, numbers, str(one.channel)))
        for one, numbers in zip(made, told, strict=True)
    ]
    does = "silences" if made[0].negative else "excites"
    title = f"{network.name} · {layer}: what {does} its channels"
    caption = f"{making.words}; {steps} steps. {_reading(made, told)}"
    if patches and kept is not None:
        side = max(cells[0].size)
        strongest = [kept.top(layer, one.channel, patches) for one in made]
        rows = [
            (cell, *(patch(row, side, f"{row.value:.3g}") for row in beside))
            for cell, beside in zip(cells, strongest, strict=True)
        ]
        heads = ("made", *(f"photo {n + 1}" for n in range(patches)))
        return Grid(tuple(rows), title, column_titles=heads, caption=caption), told
    images = _rows(cells)
    kernels = _kernels(network, made, max(cells[0].size))
    if kernels is None:
        return Grid(images, title, caption=caption), told
    sheets: tuple[Viewable, ...] = (Grid(images, "made"), Grid(_rows(kernels), "its kernels, cell scale"))
    return Grid((sheets,), title, caption=caption), told


def _rows(cells: Sequence[Viewable]) -> tuple[tuple[Viewable, ...], ...]:
    return tuple(tuple(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS))


def told_filter(one: MadeFilter, index: ActivationIndex | None) -> dict[str, object]:
    """Tell the numbers of an image, for a machine.

    Args:
        one: the image.
        index: of a scan with its layer, for what it reaches beside the strongest photo.
    """
    numbers: dict[str, object] = {
        "layer": one.layer,
        "channel": one.channel,
        "ascended": f"{one.ascended[0]}:{one.ascended[1]}",
        "before_activation": one.before,
        "start": one.start,
        "mean": one.mean,
        "max": one.max,
    }
    if one.negative:
        numbers |= {"min": one.min, "negative": True}
    elif index is not None:
        best = index.top(one.layer, one.channel, 1)[0].value
        numbers |= {"best_photo": best, "of_best_photo": one.max / best if best > 0 else None}
    return numbers


def caption_of(one: MadeFilter, numbers: dict[str, object], name: str) -> str:
    """Write what an image reaches, below its name.

    Args:
        one: the image.
        numbers: that `told_filter` tells of it.
        name: of the image.
    """
    lines = [f"{name}{' · before ReLU' if one.before else ''}"]
    end = f"min {number(one.min)}" if one.negative else f"max {number(one.max)}"
    lines.append(f"{end} · mean {number(one.mean)}")
    ratio = numbers.get("of_best_photo")
    if isinstance(ratio, float):
        lines.append(f"{ratio:.2g} × the best photo")
    elif "best_photo" in numbers:
        lines.append("no photo excites it")
    return "\n".join(lines)


def _reading(made: Sequence[MadeFilter], told: Sequence[dict[str, object]]) -> str:
    """What the words below the images mean."""
    if made[0].negative:
        return (
            "Pushed down: what the channel answers least to, before its ReLU where it has one. Min and mean: of what "
            "was pushed, for the image as it is."
        )
    words = ["Max and mean: of the channel's map, for the image as it is."]
    if any("best_photo" in numbers for numbers in told):
        words.append("× the best photo: its maximum over that of the strongest photo of the scan.")
    if any(one.before for one in made):
        words.append(
            "Before ReLU: silent in nine places of ten at the start, so that what its ReLU reads was pushed up."
        )
    after = sorted({one.ascended[0] for one in made if one.after})
    if after:
        words.append(
            f"{made[0].layer} alone is linear in the pixels: {after[0]}, which reads it, was pushed up."
        )
    dark = [one.channel for one in made if one.max <= 0]
    if dark:
        words.append(f"Silent to the end: {', '.join(map(str, dark))}.")
    return " ".join(words)


def _kernels(network: Network, made: Sequence[MadeFilter], side: int) -> list[Picture] | None:
    """The filters that made the channels, enlarged, where they read the photo's colours."""
    trace = network.trace(network.example_inputs())
    makers = [made_by(trace, network.find(one.layer, trace), one.channel) for one in made]
    call = makers[0].call
    if call is None or call.parents != (-1,) or any(one.call != call for one in makers):
        return None
    drawn = weights(network, call.name, channels=[one.channel for one in makers], scale="cell")
    found = []
    for cell in (one for row in drawn.rows for one in row):
        if not isinstance(cell, Picture):
            return None
        h, w = cell.size
        rows, columns = (np.arange(side) * own // side for own in (h, w))
        enlarged = np.ascontiguousarray(cell.pixels[rows][:, columns])
        # A second line, so that the rows of both sheets stand beside each other.
        found.append(Picture(enlarged, f"{cell.caption}\n{h} × {w}", raw=cell.raw))
    return found
