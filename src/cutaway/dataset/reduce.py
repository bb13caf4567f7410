"""Features of many numbers brought to two: PCA, t-SNE, UMAP; and how well each keeps who is near whom."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.network.progress import report
from cutaway.network.workers import one_thread

__all__ = ["METHODS", "Reduced", "reduced"]

METHODS = ("pca", "tsne", "umap")
# t-SNE and UMAP begin from so many principal components: enough for the neighbours, and quicker.
_COMPONENTS = 50
# Steps of t-SNE in its two phases, as openTSNE has them, and how often it is told how far it is.
_STEPS, _TOLD = 250 + 500, 10
# Fewer have no neighbourhoods to speak of.
_LEAST = 10
_log = logging.getLogger("cutaway")


class Reduced(NamedTuple):
    """Features in two dimensions.

    Args:
        points: one for each row.
        place: brings further rows to the same plane.
    """

    points: Float[np.ndarray, "n 2"]
    place: Callable[[Float[np.ndarray, "m c"]], Float[np.ndarray, "m 2"]]


def reduced(
    features: Float[np.ndarray, "n c"], method: str = "tsne", *, seed: int = 0, neighbors: int = 30
) -> Reduced:
    """Bring features to two dimensions.

    Args:
        features: without NaN; at least three rows, ten for t-SNE and UMAP.
        method: "pca", "tsne" (van der Maaten and Hinton 2008, by openTSNE), or "umap" (McInnes 2018, by umap-learn).
        seed: of what is drawn at random.
        neighbors: to how many each keeps near: t-SNE's perplexity, UMAP's n_neighbors.

    Raises:
        BadSetting: for another method, too few rows, or where its package is not installed.

    >>> line = np.arange(10.0)[:, None] * np.array([[3.0, 4.0, 0.0]])
    >>> found = reduced(line, "pca")
    >>> found.points.shape, np.allclose(found.place(line[:1]), found.points[:1], atol=1e-5)
    ((10, 2), True)
    """
    if method not in METHODS:
        raise BadSetting(f"method takes {', '.join(METHODS)}, got {method!r}")
    least = 3 if method == "pca" else _LEAST
    if len(features) < least:
        raise BadSetting(f"{method} needs at least {least} photos, got {len(features)}")
    if neighbors < 2:
        raise BadSetting(f"neighbors must be at least 2, got {neighbors}")
    with one_thread():
        mean, axes = _axes(features, 2 if method == "pca" else _COMPONENTS)

    def along(rows: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m d"]:
        # One thread: t-SNE makes another picture of another last digit.
        with one_thread():
            found = (torch.from_numpy(np.ascontiguousarray(rows)).double() - mean) @ axes
        return found.float().numpy()

    if method == "pca":
        return Reduced(along(features), along)
    near = min(neighbors, (len(features) - 1) // 3) if method == "tsne" else min(neighbors, len(features) - 1)
    return (_tsne if method == "tsne" else _umap)(along(features), along, seed, max(1, near))


def _axes(features: np.ndarray, count: int) -> tuple[Tensor, Tensor]:
    """The mean, and the directions of most variance; each points to where its largest entry is positive."""
    rows = torch.from_numpy(np.ascontiguousarray(features)).double()
    mean = rows.mean(0)
    centred = rows - mean
    if len(rows) >= rows.shape[1]:
        vectors = torch.linalg.eigh(centred.T @ centred)[1].flip(1)
    else:
        values, left = torch.linalg.eigh(centred @ centred.T)
        vectors = (centred.T @ left / values.clamp_min(1e-12).sqrt()).flip(1)
    chosen = vectors[:, : min(count, *features.shape)]
    if chosen.shape[1] < 2:  # features of a single number lie on a line
        chosen = torch.cat([chosen, torch.zeros(len(chosen), 2 - chosen.shape[1], dtype=chosen.dtype)], 1)
    signs = chosen.gather(0, chosen.abs().argmax(0, keepdim=True)).sign()
    return mean, chosen * torch.where(signs == 0, 1, signs)


def _tsne(rows: np.ndarray, along: Callable[[np.ndarray], np.ndarray], seed: int, near: int) -> Reduced:
    library = _library("openTSNE", "openTSNE", "tsne")
    beginning = rows[:, :2] / max(float(rows[:, 0].std()), 1e-12) * 1e-4
    stepped = 0

    def tell(*_: object) -> None:
        nonlocal stepped
        stepped += _TOLD
        report("steps", stepped, _STEPS)

    made = library.TSNE(
        perplexity=near,
        random_state=seed,
        n_jobs=1,
        initialization=beginning,
        callbacks=tell,
        callbacks_every_iters=_TOLD,
    ).fit(rows)

    def place(more: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m 2"]:
        return np.asarray(made.transform(along(more), perplexity=min(5, near)), np.float32)

    return Reduced(np.asarray(made, np.float32), place)


def _umap(rows: np.ndarray, along: Callable[[np.ndarray], np.ndarray], seed: int, near: int) -> Reduced:
    _log.warning("UMAP compiles itself first, once a run: about a minute")
    library = _library("umap", "umap-learn", "umap")
    # Numba, below UMAP, changes how many threads all of OpenMP has, torch's too: they are set back.
    with one_thread():
        made = library.UMAP(n_neighbors=max(2, near), random_state=seed, n_jobs=1).fit(rows)

    def place(more: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m 2"]:
        moved = along(more)
        with one_thread():
            return np.asarray(made.transform(moved), np.float32)

    return Reduced(np.asarray(made.embedding_, np.float32), place)


def _library(module: str, package: str, extra: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ImportWarning
            )  # UMAP's, for not finding Tensorflow, which is not needed
            return import_module(module)
    except ImportError as error:
        raise BadSetting(
            f'method="{extra}" needs {package}: pip install "cutaway[{extra}]"; or method="pca", which needs nothing'
        ) from error
