"""Which photos are most like another, by their features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from cutaway.errors import BadSetting

__all__ = ["directions", "nearest", "precision_at"]

_BLOCK = 1 << 25
_ASKED = 5_000


def directions(
    features: Float[np.ndarray, "n c"], mean: Float[np.ndarray, " c"] | None = None
) -> Float[np.ndarray, "n c"]:
    """Bring features to their differences from the mean photo's, of length one: their products are cosines.

    Args:
        features: of photos; rows of NaN stay so.
        mean: of the photos compared with; of these themselves by default.

    >>> directions(np.array([[1.0, 0.0], [3.0, 0.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    centred = features.astype(np.float32) - (np.nanmean(features, 0) if mean is None else mean).astype(
        np.float32
    )
    found: np.ndarray = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    return found


def nearest(
    queries: Float[np.ndarray, "q c"],
    base: Float[np.ndarray, "n c"],
    k: int,
    *,
    without: Sequence[int | None] | None = None,
    engine: str = "exact",
) -> tuple[Int[np.ndarray, "q k"], Float[np.ndarray, "q k"]]:
    """Find the k nearest of each query, nearest first; of equals the earlier one.

    Args:
        queries: directions.
        base: directions to search in; rows of NaN are never found.
        k: how many.
        without: for each query one of the base that is not to be found, or None.
        engine: "exact" for matrix products, or "faiss" for its flat index, which finds the same.

    Returns:
        Their places in the base, and the cosines.

    Raises:
        BadSetting: for more than there are, or where faiss is not installed.

    >>> base = directions(np.array([[0.0, 1.0], [1.0, 0.0], [0.9, 0.1], [0.0, 0.0]]), np.zeros(2))
    >>> nearest(base[1:2], base, 2, without=[1])[0].tolist()
    [[2, 0]]
    """
    sound = ~np.isnan(base[:, 0])
    most = int(sound.sum()) - (without is not None)
    if not 1 <= k <= most:
        raise BadSetting(f"k must lie in 1..{most}, the photos to compare with, got {k}")
    left_out = [None] * len(queries) if without is None else list(without)
    found = _of_faiss if engine == "faiss" else _of_products
    if engine not in ("exact", "faiss"):
        raise BadSetting(f"engine must be exact or faiss, got {engine!r}")
    places, cosines = found(
        queries.astype(np.float32), base[sound].astype(np.float32), min(k + 1, int(sound.sum()))
    )
    places = np.flatnonzero(sound)[places]
    kept, closeness = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
    for row, (ids, values, one) in enumerate(zip(places, cosines, left_out, strict=True)):
        order = np.lexsort((ids, -values))
        chosen = [i for i in order if ids[i] != one][:k]
        kept[row], closeness[row] = ids[chosen], values[chosen]
    return kept, closeness


def precision_at(
    base: Float[np.ndarray, "n c"], labels: Sequence[str | None], k: int = 5, *, engine: str = "exact"
) -> float:
    """Give the share of a photo's k nearest that have its label, over the photos that have one.

    Of very many photos, some thousand evenly spaced ones are asked; all are searched.

    >>> base = directions(np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]]), np.zeros(2))
    >>> precision_at(base, ["a", "a", "b", "b"], 1)
    1.0
    """
    known = np.array([label is not None for label in labels]) & ~np.isnan(base[:, 0])
    if known.sum() <= k:
        raise BadSetting(f"{int(known.sum())} photos have a label: too few for the {k} nearest of each")
    ids = np.flatnonzero(known)
    asked = np.unique(np.linspace(0, len(ids) - 1, min(len(ids), _ASKED)).astype(int))
    places, _ = nearest(base[ids[asked]], base[ids], k, without=asked.tolist(), engine=engine)
    names = np.array([str(labels[int(i)]) for i in ids])
    return float((names[places] == names[asked, None]).mean())


def _of_products(queries: np.ndarray, base: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    step = max(1, _BLOCK // max(1, len(base)))
    whole = torch.from_numpy(np.ascontiguousarray(base))
    found = [
        (torch.from_numpy(np.ascontiguousarray(queries[i : i + step])) @ whole.T).topk(k, dim=1)
        for i in range(0, len(queries), step)
    ]
    return torch.cat([one.indices for one in found]).numpy(), torch.cat([one.values for one in found]).numpy()


def _of_faiss(queries: np.ndarray, base: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        import faiss
    except ImportError as error:
        raise BadSetting(
            'engine="faiss" needs it: pip install "cutaway[faiss]"; or engine="exact"'
        ) from error
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(np.ascontiguousarray(base))
    cosines, places = index.search(np.ascontiguousarray(queries), k)
    return places, cosines
