"""The kinds of photos that there are among some of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from cutaway.dataset.learning import scikit_learn
from cutaway.errors import BadSetting

__all__ = ["Facet", "facets_of"]


@dataclass(frozen=True)
class Facet:
    """Photos that are alike.

    Args:
        photos: their numbers, the nearest to the middle first.
        middle: the mean of their features, each less the mean of all photos and of length 1.
    """

    photos: tuple[int, ...]
    middle: Float[np.ndarray, " c"] = field(repr=False)


def facets_of(
    features: Float[np.ndarray, "n c"], photos: Sequence[int], count: int, *, seed: int = 0
) -> list[Facet]:
    """Divide photos into kinds by their features (k-means), the largest kind first.

    Args:
        features: of all photos of a scan; NaN for those that were skipped.
        photos: the numbers of those to divide.
        count: of kinds.
        seed: of the division.

    Raises:
        BadSetting: for fewer photos than kinds, or without scikit-learn.

    >>> found = facets_of(np.array([[5.0, 0.1], [0.2, 6.0], [5.0, 0.0], [0.0, 6.0]]), [0, 1, 2], 2)
    >>> [sorted(one.photos) for one in found]
    [[0, 2], [1]]
    """
    if count < 1:
        raise BadSetting(f"there must be at least one facet, got {count}")
    if len(photos) < count:
        raise BadSetting(
            f"{count} facets need at least as many photos, and there are {len(photos)}: ask for fewer facets, or for "
            "more photos"
        )
    # As photos are compared by `neighbors`: directions, less what all photos have.
    centred = features[list(photos)].astype(np.float64) - np.nanmean(features, 0, dtype=np.float64)
    directions = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    different = len(np.unique(directions, axis=0))
    if different < count:
        raise BadSetting(
            f"{count} facets need as many photos that differ, and there are {different}: ask for fewer"
        )
    kinds = scikit_learn().cluster.KMeans(count, n_init=4, random_state=seed).fit(directions).labels_
    found = []
    for kind in range(count):
        places = np.flatnonzero(kinds == kind)
        middle = directions[places].mean(0)
        far = np.linalg.norm(directions[places] - middle, axis=1)
        nearest = places[np.argsort(far, kind="stable")]
        found.append(Facet(tuple(int(photos[k]) for k in nearest), middle))
    return sorted(found, key=lambda one: (-len(one.photos), one.photos))
