"""Which label a channel fires for, and how purely: counts among its strongest photos, and figures over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = [
    "LabelFigures",
    "homogeneity",
    "label_figures",
    "most_frequent",
    "shuffled_hits",
    "silent",
    "strongest_photos",
    "ties",
]


class LabelFigures(NamedTuple):
    """How well a channel's maximum tells one label from all others.

    Args:
        label: the name.
        photos: that have it.
        mean: of the channel's maxima in them.
        average_precision: of finding them by the maximum; 1 where they all come first.
        auc: the share of pairs, one with and one without the label, in which the maximum is larger with it.
        chance: what average precision tends to without any relation: the share of photos that have the label.
    """

    label: str
    photos: int
    mean: float
    average_precision: float
    auc: float
    chance: float


def silent(maxima: Float[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Tell in which photos a channel does not fire: where it has its lowest value, if that is 0 or several have it.

    Args:
        maxima: of the channel in each photo; NaN, of photos that were skipped, is not silent.

    >>> silent(np.array([0.0, 3.0])).tolist(), silent(np.array([1.0, 3.0])).tolist()
    ([True, False], [False, False])
    """
    least = np.nanmin(maxima)
    found: np.ndarray = maxima == least
    return found if least == 0 or found.sum() > 1 else np.zeros(len(maxima), bool)


def ties(maxima: Float[np.ndarray, " n"], k: int) -> int:
    """Tell how many photos share the value of the k-th strongest, where there are more of them than places for them.

    >>> ties(np.array([6.0, 6.0, 6.0, 1.0]), 2), ties(np.array([6.0, 6.0, 6.0, 1.0]), 3)
    (3, 0)
    """
    known = np.sort(maxima[~np.isnan(maxima)])[::-1]
    if len(known) <= k or known[k - 1] != known[k]:
        return 0
    return int((known == known[k - 1]).sum())


def strongest_photos(
    maxima: Float[np.ndarray, "n channels"], k: int, seed: int = 0
) -> Int[np.ndarray, "k channels"]:
    """Give the numbers of each channel's k strongest photos; −1 where it is silent in them.

    Photos with one value (many, where an activation ends at 6) come in an order drawn by lot: that of the folders would
    put photos with one label together.

    >>> strongest_photos(np.array([[0.0, 5.0], [2.0, 7.0], [0.0, 6.0]]), 2).tolist()
    [[1, 1], [-1, 2]]
    """
    lot = np.random.default_rng(seed).permutation(len(maxima))
    found = np.empty((k, maxima.shape[1]), np.int64)
    for channel, values in enumerate(maxima.T):
        chosen = np.lexsort((lot, -values))[:k]
        found[:, channel] = np.where(silent(values)[chosen], -1, chosen)
    return found


def label_figures(maxima: Float[np.ndarray, " n"], labels: Sequence[str | None]) -> list[LabelFigures]:
    """Take a channel as a detector of each label, and tell how good a one: best average precision first.

    Average precision is the sum over recall steps of precision; photos of one value come in together, so that no order
    among them is made up. Photos without a label, and NaN, are left out; so are labels of a single photo, which come
    first by luck too often to say anything.

    Source: Agrawal, Girshick and Malik, "Analyzing the performance of multilayer neural networks for object
    recognition", ECCV 2014, who ask so whether filters are "grandmother cells".

    >>> label_figures(np.array([4.0, 3.0, 2.0, 1.0]), ["cat", "dog", "cat", "dog"])[0]
    LabelFigures(label='cat', photos=2, mean=3.0, average_precision=0.833..., auc=0.75, chance=0.5)
    """
    known = np.array([k for k, x in enumerate(labels) if x is not None and not np.isnan(maxima[k])], int)
    if not len(known):
        return []
    names, code = np.unique([str(labels[k]) for k in known], return_inverse=True)
    values, count = maxima[known].astype(np.float64), len(known)
    order = np.argsort(-values, kind="stable")
    values, code = values[order], code[order]
    # The tie group of each photo, and how many photos come in with it or before.
    group = np.concatenate([[0], np.cumsum(values[1:] < values[:-1])])
    last = np.searchsorted(group, group, side="right")
    first = np.searchsorted(group, group, side="left")
    # Of each photo, how many of its own label have come in: counted within label and group at once.
    place = code * (group[-1] + 1) + group
    by_label = np.sort(place)
    each = np.bincount(code, minlength=len(names))
    begin = np.concatenate([[0], np.cumsum(each)[:-1]])
    precision = (np.searchsorted(by_label, place, side="right") - begin[code]) / last
    ranks = count - (first + last - 1) / 2  # 1 is the weakest; equals share their mean rank
    found = []
    for k, name in enumerate(names):
        own, many = code == k, int(each[k])
        if many < 2:
            continue
        others = count - many
        beaten = float(ranks[own].sum()) - many * (many + 1) / 2
        auc = beaten / (many * others) if others else float("nan")
        mean, ap = float(values[own].mean()), float(precision[own].mean())
        found.append(LabelFigures(str(name), many, mean, ap, auc, many / count))
    return sorted(found, key=lambda one: (-one.average_precision, one.label))


def most_frequent(labels: Sequence[str | None], prefer: Sequence[str] = ()) -> tuple[str | None, int]:
    """Give the label that most of some photos share, and how many do.

    Args:
        labels: of the photos.
        prefer: of labels that are as frequent, the first of these wins, else the first by name.

    >>> most_frequent(["cat", "dog", "cat", None])
    ('cat', 2)
    """
    counts: dict[str, int] = {}
    for label in labels:
        if label is not None:
            counts[label] = counts.get(label, 0) + 1
    if not counts:
        return None, 0
    rank = {label: k for k, label in enumerate(prefer)}
    best = min(counts, key=lambda label: (-counts[label], rank.get(label, len(rank)), label))
    return best, counts[best]


def shuffled_hits(
    photos: Int[np.ndarray, "k channels"], labels: Sequence[str | None], shuffles: int = 200, seed: int = 0
) -> Int[np.ndarray, "shuffles channels"]:
    """Tell how many of each channel's strongest photos would share a label if labels were dealt anew.

    Args:
        photos: the numbers of each channel's strongest photos; −1 where the channel does not fire.
        labels: of all photos; those without one are dealt too.
        shuffles: how often.
        seed: of the dealing.

    >>> shuffled_hits(np.array([[0], [1], [-1]]), ["cat", "cat"], shuffles=2).tolist()
    [[2], [2]]
    """
    names = sorted({label for label in labels if label is not None})
    code = np.array([names.index(label) if label is not None else -1 for label in labels])
    source = np.random.default_rng(seed)
    most = np.zeros((shuffles, photos.shape[1]), np.int64)
    for row in most:
        dealt = np.where(photos >= 0, source.permutation(code)[photos], -1)
        for one in dealt:
            same = (dealt == one) & (one >= 0)
            np.maximum(row, same.sum(0), out=row)
    return most


def homogeneity(
    columns: Float[np.ndarray, "k c"], mean: Float[np.ndarray, " c"], without: int | None = None
) -> float:
    """Tell how alike places are to the layer itself: the mean cosine of their columns, over all pairs.

    A column is what all channels of the layer answer at one place; they see the very patch that the unit sees.

    Args:
        columns: of the places.
        mean: column of the layer, taken off first, so that places that have nothing in common are near 0.
        without: a channel to leave out: the one for whose sake the places were chosen.

    Returns:
        −1..1; NaN for fewer than two places.

    >>> (
    ...     homogeneity(np.array([[2.0, 1.0], [2.0, 3.0]]), np.array([1.0, 2.0])),
    ...     homogeneity(np.array([[2.0, 1.0], [2.0, 3.0]]), np.array([1.0, 2.0]), without=1),
    ... )
    (0.0, 1.0)
    """
    count = len(columns)
    if count < 2:
        return float("nan")
    kept = np.ones(columns.shape[1], bool)
    if without is not None:
        kept[without] = False
    centred = (columns - mean).astype(np.float64)[:, kept]
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    # The sum over all pairs, out of the length of the sum: no matrix of pairs.
    total = float((unit.sum(0) ** 2).sum() - (unit**2).sum())
    return round(total / (count * (count - 1)), 12)
