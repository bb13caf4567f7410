"""How purely the channels of a layer fire: a row for each, with its label, and how alike its places are."""

from __future__ import annotations

import os

import numpy as np
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.purity import (
    homogeneity,
    label_figures,
    most_frequent,
    shuffled_hits,
    silent,
    strongest_photos,
    ties,
)
from cutaway.dataset.row import Row
from cutaway.errors import BadIndex, BadSetting
from cutaway.network.network import Network
from cutaway.recipes.columns import Spot, columns_at, mean_column, yardstick
from cutaway.recipes.origin import origin, spelled
from cutaway.recipes.patches import USUAL, indexed
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.table import Table

__all__ = ["purity"]

# Of k strongest photos, so large a share with one label is what people call pure: 7 of 9.
PURE = 7 / 9


def purity(
    index: ActivationIndex | str | os.PathLike[str],
    layer: str,
    *,
    k: int | None = None,
    alike: bool = True,
    network: Network | str | nn.Module | None = None,
    shuffles: int = 200,
    seed: int = 0,
) -> Table:
    """Tell for each channel of a layer which label it fires for, how purely, and how alike its strongest places are.

    Args:
        index: that `scan` made of photos with labels, or its folder.
        layer: by any of its names.
        k: strongest photos of each channel that are counted; None takes nine, or what the scan kept where that is less.
        alike: also run the network on the strongest photos, and tell how homogeneous the places are.
        network: of the scan, where its name does not open it.
        shuffles: how often labels are dealt anew to tell what chance would give.
        seed: of the dealing, of the places at random, and of the order of photos with one value.

    Returns:
        A Table with a row for each channel, purest first: channel, label, how many of the k strongest have it, the
        average precision of the label that the channel finds best, that label, and the homogeneity. Its notes tell how
        many channels are pure (7 of 9, or as large a share), by chance how many would be, and how alike places at
        random are.

    Raises:
        BadImage, BadIndex, BadSetting, UnknownLayer: with what to do instead.

    Source: Agrawal, Girshick and Malik, "Analyzing the performance of multilayer neural networks for object
    recognition", ECCV 2014.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.recipes.scan import scan
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> names = {"chelsea.png": "animal", "camera.png": "person", "coffee.png": "person"}
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial", labels=names)
    >>> table = purity(index, "1", network=net)
    >>> len(table), table.columns[:3]
    (4, ('channel', 'label', 'of 3'))
    """
    opened = indexed(index)
    name = opened.layer(layer)
    check_labels(opened)
    if shuffles < 1:
        raise BadSetting(f"shuffles must be at least 1, got {shuffles}")
    count = k if k is not None else min(USUAL, opened.kept, int(opened.present.sum()))
    maxima = opened.maxima(name)
    tops = [opened.top(name, channel, count) for channel in range(opened.channels(name))]
    strongest = strongest_photos(maxima, count, seed)
    rows: list[list[object]] = []
    for channel in range(len(tops)):
        firing = [int(photo) for photo in strongest[:, channel] if photo >= 0]
        figures = label_figures(maxima[:, channel], opened.labels) if firing else []
        label, hits = most_frequent(
            [opened.labels[photo] for photo in firing], [one.label for one in figures]
        )
        best: tuple[object, ...] = (
            (figures[0].label, round(figures[0].average_precision, 4)) if figures else ("", "")
        )
        rows.append([channel, label or "", hits, *best])
    columns: tuple[str, ...] = ("channel", "label", f"of {count}", "best detected", "average precision")
    notes = _notes(name, [int(str(row[2])) for row in rows], strongest, opened, count, shuffles, seed)
    if alike:
        model = scanned_network(opened, network)
        columns = (*columns, "homogeneity")
        several = _homogeneities(model, opened, name, tops)
        for cells, figure in zip(rows, several, strict=True):
            cells.append(round(float(figure), 4) if np.isfinite(figure) else "")
        random = yardstick(model, opened, name, seed)
        usual = float(np.nanmedian(several)) if np.isfinite(several).any() else float("nan")
        notes.append(
            f"Homogeneity is the mean cosine between the layer's columns at a channel's {count} places: median "
            f"{told_cosine(usual)}; of places at random {told_cosine(random)}."
        )
    rows.sort(key=lambda row: (-int(str(row[2])), -float(str(row[4] or 0)), int(str(row[0]))))
    code = spelled(
        purity, repr(str(opened.folder)), repr(name), k=k, alike=alike, shuffles=shuffles, seed=seed
    )
    return Table(
        columns,
        tuple(tuple(row) for row in rows),
        title=f"{opened.network} · {name}: which labels its {len(rows)} channels fire for",
        notes=tuple(notes),
        provenance=origin(None, code, k=count, seed=seed)
        | {"network": opened.network, "weights": opened.weights, "index": str(opened.folder)},
    )


def check_labels(index: ActivationIndex) -> None:
    """Refuse an index whose photos have no labels.

    Raises:
        BadIndex: with how to give it some.
    """
    if not any(label is not None for label in index.labels):
        raise BadIndex(
            f"{index.folder} has no labels, and purity asks for them. Put the photos into a folder for each, or give a "
            "table, and scan again: cutaway scan … --labels photos.csv"
        )


def _notes(
    layer: str,
    hits: list[int],
    strongest: np.ndarray,
    index: ActivationIndex,
    count: int,
    shuffles: int,
    seed: int,
) -> list[str]:
    least = int(np.ceil(PURE * count - 1e-9))
    dealt = shuffled_hits(strongest, index.labels, shuffles, seed)
    pure, by_chance = sum(one >= least for one in hits), float((dealt >= least).sum(1).mean())
    mute = int((strongest < 0).all(0).sum())
    tied = sum(
        ties(one, count) > 0 and bool(last >= 0)
        for one, last in zip(index.maxima(layer).T, strongest[-1], strict=True)
    )
    notes = [
        f"{pure} of {len(hits)} channels of {layer} have {least} or more of their {count} strongest photos from one "
        f"label; if labels were dealt at random it would be {by_chance:.2g} (mean of {shuffles} times). On average "
        f"{np.mean(hits):.2f} of {count}; at random {dealt.mean():.2f}."
    ]
    if tied:
        notes.append(
            f"In {tied} of them more photos share the value of the last than there are places (an activation that ends "
            "at 6, say): those that count are drawn by lot. Average precision is free of that."
        )
    if mute:
        notes.append(f"Silent in all of these photos: {mute} of them.")
    return notes


def _homogeneities(network: Network, index: ActivationIndex, layer: str, tops: list[list[Row]]) -> np.ndarray:
    """How alike each channel's strongest places are; NaN where it fires in fewer than two photos."""
    mean, maxima = mean_column(index, layer), index.maxima(layer)
    quiet = [silent(maxima[:, channel]) for channel in range(len(tops))]
    kept = [[row for row in rows if not quiet[channel][row.photo]] for channel, rows in enumerate(tops)]
    spots = [spot_of(row) for rows in kept for row in rows]
    columns = columns_at(network, index, layer, spots)
    ends = np.cumsum([len(rows) for rows in kept])[:-1]
    return np.array([homogeneity(one, mean, channel) for channel, one in enumerate(np.split(columns, ends))])


def told_cosine(value: float) -> str:
    """Write a cosine with two places and a true minus sign.

    >>> told_cosine(-0.001), told_cosine(-0.5)
    ('0.00', '−0.50')
    """
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def spot_of(row: Row) -> Spot:
    """Give the place of a row for reading the layer's column there."""
    return Spot(row.photo, row.y or 0, row.x or 0)
