"""What a generator makes of photos that it never saw, beside them, with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.images.likeness import correlation, psnr
from cutaway.network.network import Network
from cutaway.recipes.generator_training import codes
from cutaway.recipes.invert import Likeness, invert
from cutaway.recipes.shown import enlarged
from cutaway.synthesis.parametrization.generator import Generator
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture

__all__ = ["ascended", "inversions", "mean_likeness", "sheet_of", "told_likeness"]


def inversions(
    network: Network, generator: Generator, layer: str, photos: Float[Tensor, "n 3 h w"]
) -> tuple[Float[Tensor, "n 3 h w"], list[Likeness]]:
    """Make photos again from a layer's features in one pass each, and tell how near they come.

    Args:
        network: with its preprocessing.
        generator: of the layer.
        layer: its name.
        photos: as colours of 0..1.
    """
    goal = codes(network, layer, photos)
    with torch.no_grad():
        parts = [generator(part.to(network.device)) for part in torch.split(goal, 8)]
    made = torch.cat(parts).cpu()
    found = codes(network, layer, made)
    errors = (found - goal).double().flatten(1).norm(dim=1) / goal.double().flatten(1).norm(dim=1)
    return made, [
        Likeness(correlation(_values(one), _values(photo)), psnr(_values(one), _values(photo)), float(error))
        for one, photo, error in zip(made, photos, errors, strict=True)
    ]


def ascended(
    network: Network, layer: str, photos: Float[Tensor, "n 3 h w"], steps: int
) -> tuple[list[np.ndarray], list[Likeness]]:
    """Make photos again by ascent, as `invert` does, each anew.

    Args:
        network: with its preprocessing.
        layer: its name.
        photos: as colours of 0..1.
        steps: evaluations for each.
    """
    found = [
        invert(network, Picture.of_values(_values(photo)), layer, steps=steps, size=tuple(photo.shape[1:]))
        for photo in photos
    ]
    return [one.values for one in found], [next(iter(one.scores.values())) for one in found]


def mean_likeness(several: Sequence[Likeness]) -> Likeness:
    """Give the mean of each figure over photos.

    >>> mean_likeness([Likeness(0.0, 10.0, 0.5), Likeness(1.0, 20.0, 1.0)])
    Likeness(correlation=0.5, psnr=15.0, error=0.75)
    """
    return Likeness(*(float(np.mean(figures)) for figures in zip(*several, strict=True)))


def sheet_of(
    paths: Sequence[Path],
    rows: Mapping[str, tuple[Sequence[Float[np.ndarray, "h w 3"]], Sequence[Likeness]]],
    photos: Float[Tensor, "n 3 h w"],
) -> Grid:
    """Lay photos out in a row, and below each what was made of it in each way.

    Args:
        paths: of the photos.
        rows: the images and their figures, by the way that they were made.
        photos: as colours of 0..1.
    """
    names = [path.name for path in paths]
    first = [enlarged(_values(photo), name) for photo, name in zip(photos, names, strict=True)]
    more = [
        tuple(enlarged(np.asarray(one), _words(score)) for one, score in zip(images, scores, strict=True))
        for images, scores in rows.values()
    ]
    return Grid((tuple(first), *more), row_titles=("photo", *rows))


def told_likeness(one: Likeness) -> dict[str, Any]:
    """Tell the figures for a machine."""
    return {name: float(value) for name, value in one._asdict().items()}


def _words(score: Likeness) -> str:
    return (
        f"correlation {score.correlation:.2f} · {score.psnr:.1f} dB\nfeatures {score.error:.0%} off"
    ).replace("%", " %")


def _values(image: Float[Tensor, "3 h w"]) -> Float[np.ndarray, "h w 3"]:
    return np.ascontiguousarray(image.permute(1, 2, 0).numpy())
