"""Figures of an embedding: whether labels stay together, and whether neighbours in it are neighbours at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["silhouette", "trustworthiness"]

# More rows than these are told from as many drawn at random: both need every distance.
_MOST = 8_000


def silhouette(points: Float[np.ndarray, "n d"], labels: Sequence[str | None], seed: int = 0) -> float | None:
    """Give the mean silhouette, −1..1: how much nearer a point is to its own label's than to the next label's.

    Points without a label, and labels of a single point, are left out; None where fewer than two labels are left.

    Source: Rousseeuw, "Silhouettes", Journal of Computational and Applied Mathematics 20, 1987.

    >>> points = np.array([[0.0, 0.0], [0.0, 1.0], [9.0, 0.0], [9.0, 1.0]])
    >>> round(silhouette(points, ["a", "a", "b", "b"]), 2)
    0.89
    """
    counts: dict[str, int] = {}
    for label in labels:
        if label is not None:
            counts[label] = counts.get(label, 0) + 1
    names = sorted(name for name, count in counts.items() if count > 1)
    if len(names) < 2:
        return None
    chosen = _some(np.array([i for i, label in enumerate(labels) if label in names]), seed)
    rows = torch.from_numpy(np.ascontiguousarray(points[chosen])).double()
    code = torch.tensor([names.index(str(labels[i])) for i in chosen])
    member = torch.nn.functional.one_hot(code, len(names)).double()
    each = member.sum(0)
    totals = torch.cdist(rows, rows) @ member
    own_count = each[code]
    own = totals.gather(1, code[:, None])[:, 0] / (own_count - 1).clamp_min(1)
    others = (totals / each.clamp_min(1)).masked_fill(each == 0, torch.inf)
    next_best = others.scatter(1, code[:, None], torch.inf).min(1).values
    score = (next_best - own) / torch.maximum(own, next_best).clamp_min(1e-300)
    return float(score[own_count > 1].mean())


def trustworthiness(
    features: Float[np.ndarray, "n c"], points: Float[np.ndarray, "n d"], k: int = 5, seed: int = 0
) -> float:
    """Give the share, 0..1, to which a point's k nearest in the embedding are near in the features too.

    Source: Venna and Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.

    >>> source = np.random.default_rng(0).normal(size=(30, 2))
    >>> trustworthiness(source, source * 3)
    1.0
    """
    chosen = _some(np.arange(len(features)), seed)
    count = len(chosen)
    k = max(1, min(k, (count - 2) // 2))
    before, after = (_distances(rows[chosen]) for rows in (features, points))
    ranks = torch.empty(count, count, dtype=torch.int64)
    ranks.scatter_(1, before.argsort(1), torch.arange(1, count + 1).expand(count, -1))
    near = after.argsort(1)[:, :k]
    over = (ranks.gather(1, near) - k).clamp_min(0).sum()
    return 1.0 - 2.0 * float(over) / (count * k * (2 * count - 3 * k - 1))


def _distances(rows: np.ndarray) -> Tensor:
    values = torch.from_numpy(np.ascontiguousarray(rows)).double()
    return torch.cdist(values, values).fill_diagonal_(torch.inf)


def _some(places: np.ndarray, seed: int) -> np.ndarray:
    if len(places) <= _MOST:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, _MOST, replace=False))
