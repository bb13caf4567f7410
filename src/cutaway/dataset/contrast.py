"""Which channels tell some photos from all others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cutaway.dataset.purity import label_figures

__all__ = ["Contrast", "contrast"]

# So many times as many channels as are asked for are ranked in full; which ones is told by their means.
_RANKED = 4


class Contrast(NamedTuple):
    """A channel that answers more to some photos than to the rest.

    Args:
        channel: its number.
        inside: mean of its maxima in these photos.
        outside: mean in the rest.
        auc: the share of pairs, one of these and one of the rest, in which the maximum is larger in these.
    """

    channel: int
    inside: float
    outside: float
    auc: float


def contrast(
    maxima: Float[np.ndarray, "n channels"], chosen: Bool[np.ndarray, " n"], most: int = 6
) -> list[Contrast]:
    """Find the channels whose maxima tell some photos from the rest best, by the area under the ROC curve.

    Args:
        maxima: of each photo and channel; NaN for photos that count as neither.
        chosen: which photos.
        most: how many channels, at most; those below 0.5 are never among them.

    Returns:
        The best first; nothing where fewer than two photos are on either side.

    >>> contrast(
    ...     np.array([[1.0, 9.0], [2.0, 8.0], [3.0, 1.0], [4.0, 0.0]]), np.array([True, True, False, False])
    ... )
    [Contrast(channel=1, inside=8.5, outside=0.5, auc=1.0)]
    """
    known = ~np.isnan(maxima[:, 0])
    rows, side = maxima[known].astype(np.float64), chosen[known]
    if min(side.sum(), (~side).sum()) < 2:
        return []
    inside, outside = rows[side].mean(0), rows[~side].mean(0)
    apart = (inside - outside) / np.maximum(rows.std(0), 1e-12)
    likely = np.argsort(-apart, kind="stable")[: _RANKED * most]
    labels = ["chosen" if one else "rest" for one in side.tolist()]
    found = []
    for channel in likely.tolist():
        auc = next(one.auc for one in label_figures(rows[:, channel], labels) if one.label == "chosen")
        found.append(Contrast(channel, float(inside[channel]), float(outside[channel]), auc))
    best = [one for one in found if one.auc > 0.5]
    return sorted(best, key=lambda one: (-one.auc, one.channel))[:most]
