"""From a map to the object: thresholds, the largest piece, its box, and how well two masks agree."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from cutaway.errors import BadSetting

__all__ = ["Box", "bounding_box", "iou", "largest_piece", "otsu", "piece_at", "thresholded", "without_holes"]

Box = tuple[int, int, int, int]


def thresholded(
    values: Float[np.ndarray, "h w"], how: str = "otsu", level: float | None = None
) -> Bool[np.ndarray, "h w"]:
    """Cut a map into object and rest; NaN is rest.

    Args:
        values: raw.
        how: "share" of the way from the smallest to the largest value, "percentile", or "otsu", which finds the
            cut that tells two groups apart best.
        level: of "share" in 0..1 (0.5 by default) or of "percentile" in 0..100 (80 by default).

    Raises:
        BadSetting: for another `how`, or a level outside.

    >>> thresholded(np.array([[0.0, 0.2, 0.9, 1.0]]), "share").tolist()
    [[False, False, True, True]]
    """
    known = values[np.isfinite(values)]
    if how not in ("share", "percentile", "otsu"):
        raise BadSetting(f"how must be share, percentile or otsu, got {how!r}")
    if not known.size or known.min() == known.max():
        return np.zeros(values.shape, bool)
    if how == "share":
        share = 0.5 if level is None else level
        if not 0 <= share <= 1:
            raise BadSetting(f"a share lies in 0..1, got {level}")
        cut = float(known.min()) + share * float(known.max() - known.min())
    elif how == "percentile":
        place = 80.0 if level is None else level
        if not 0 <= place <= 100:
            raise BadSetting(f"a percentile lies in 0..100, got {level}")
        cut = float(np.percentile(known, place))
    else:
        if level is not None:
            raise BadSetting(f"otsu finds its level by itself, got {level}")
        cut = otsu(known)
    with np.errstate(invalid="ignore"):
        return np.asarray(values > cut)


def otsu(values: Float[np.ndarray, "*size"], bins: int = 256) -> float:
    """Find the cut that makes the variance between the two sides largest.

    Source: Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man and
    Cybernetics 9 (1979).

    >>> 0.2 < otsu(np.array([0.0, 0.1, 0.2, 0.8, 0.9, 1.0])) < 0.8
    True
    """
    counts, edges = np.histogram(values, bins)
    middles = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * middles)
    above = total - below
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums / below, (sums[-1] - sums) / above
        between = np.nan_to_num(below * above * (means[0] - means[1]) ** 2)
    return float(middles[int(np.argmax(between))])


def largest_piece(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Keep the largest piece of a mask whose pixels touch by their sides.

    >>> largest_piece(np.array([[1, 0, 1], [0, 0, 1]], bool)).tolist()
    [[False, False, True], [False, False, True]]
    """
    labels = _pieces(mask)
    if not labels.any():
        return mask.copy()
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())


def piece_at(mask: Bool[np.ndarray, "h w"], y: int, x: int) -> Bool[np.ndarray, "h w"]:
    """Keep the one connected piece of a mask that holds a place; nothing where the place is not in the mask.

    >>> piece_at(np.array([[1, 0, 1]], bool), 0, 2).tolist()
    [[False, False, True]]
    """
    labels = _pieces(mask)
    return np.asarray((labels == labels[y, x]) & mask)


def without_holes(mask: Bool[np.ndarray, "h w"], most: float = 0.05) -> Bool[np.ndarray, "h w"]:
    """Fill the holes of a mask that are small beside it.

    Args:
        mask: whose holes are filled.
        most: size of a hole that is filled, as a share of the mask.

    >>> ring = np.ones((7, 7), bool)
    >>> ring[3, 3] = False
    >>> bool(without_holes(ring).all())
    True
    """
    labels = _pieces(~mask)
    sizes = np.bincount(labels.ravel())
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    small = sizes <= most * mask.sum()
    small[outside] = False
    small[0] = False
    return np.asarray(mask | small[labels])


def bounding_box(mask: Bool[np.ndarray, "h w"]) -> Box | None:
    """Give the smallest box around a mask, (top, left, bottom, right), the last two exclusive; None for an empty one.

    >>> bounding_box(np.array([[0, 0, 0], [0, 1, 1]], bool))
    (1, 1, 2, 3)
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def iou(one: Bool[np.ndarray, "h w"], two: Bool[np.ndarray, "h2 w2"]) -> float:
    """Give the intersection of two masks over their union, 0..1; two empty masks agree.

    Raises:
        BadSetting: for masks of different sizes.

    >>> iou(np.array([[1, 1, 0]], bool), np.array([[0, 1, 1]], bool))
    0.3333333333333333
    """
    if one.shape != two.shape:
        raise BadSetting(f"masks must be of one size, got {one.shape} and {two.shape}")
    union = int((one | two).sum())
    return int((one & two).sum()) / union if union else 1.0


def _pieces(mask: Bool[np.ndarray, "h w"]) -> np.ndarray:
    """Number the pieces from 1: runs of a row are joined with the runs that they touch in the row above."""
    labels = np.zeros(mask.shape, np.int64)
    parents = [0]

    def root(k: int) -> int:
        while parents[k] != k:
            parents[k] = parents[parents[k]]
            k = parents[k]
        return k

    for y, row in enumerate(mask):
        changes = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        for start, stop in zip(changes[::2], changes[1::2], strict=True):
            met = {root(int(k)) for k in np.unique(labels[y - 1, start:stop]) if k} if y else set()
            if met:
                first = min(met)
                for other in met:
                    parents[other] = first
            else:
                first = len(parents)
                parents.append(first)
            labels[y, start:stop] = first
    return np.array([root(k) for k in range(len(parents))])[labels]
