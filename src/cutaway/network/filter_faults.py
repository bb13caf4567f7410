"""What is wrong with the filters of a first layer: dead, copies of each other, noise, too fine for their stride."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

__all__ = ["Fault", "filter_faults"]

# A filter this much weaker than the usual one does nothing.
_DEAD = 0.02
# Filters are copies where the cosine between them is at least this. Opposites are none: a ReLU keeps half of each.
_ALIKE = 0.95
# Smaller kernels have too few frequencies to tell noise from a pattern.
_LEAST = 5
# A filter is noise where its spectrum is as even as those of all but this share of random ones.
_RANDOM = 0.05
# More of its energy than this above what the stride can carry is aliased.
_FINE = 0.75
_GRID = 32


class Fault(NamedTuple):
    """One fault of one filter.

    Args:
        filter: 0-based.
        kind: "dead", "copy", "noise" or "aliased".
        figure: how strong it is against the usual one (dead), the cosine (copy), how even its spectrum is (noise), the
            share of its energy above the stride's limit (aliased).
        other: of a copy, the filter that it is one of; −1 otherwise.
    """

    filter: int
    kind: str
    figure: float
    other: int = -1


def filter_faults(filters: Float[np.ndarray, "k c h w"], stride: tuple[int, int] = (1, 1)) -> list[Fault]:
    """Look for faults, by measures that need no photo.

    Source: what Zeiler and Fergus found wrong with the first layer of AlexNet ("Visualizing and understanding
    convolutional networks", ECCV 2014, section 4.1), made figures: dead features, a mix of extreme frequencies,
    aliasing by a large stride.

    Args:
        filters: weights of a convolution that reads pixels.
        stride: of it, (y, x).

    >>> source = np.random.default_rng(0)
    >>> smooth = np.outer(np.hanning(7), np.hanning(7))[None].repeat(3, 0)
    >>> [
    ...     fault.kind
    ...     for fault in filter_faults(
    ...         np.stack([smooth, smooth * 2, smooth * 0, source.normal(size=(3, 7, 7))])
    ...     )
    ... ]
    ['dead', 'copy', 'noise']
    """
    flat = filters.reshape(len(filters), -1).astype(np.float64)
    sizes = np.linalg.norm(flat, axis=1)
    usual = float(np.median(sizes))
    weak = sizes <= _DEAD * usual if usual else np.ones(len(filters), bool)
    found = [Fault(int(k), "dead", float(sizes[k] / usual) if usual else 0.0) for k in np.flatnonzero(weak)]
    alive = np.flatnonzero(~weak)
    unit = flat[alive] / sizes[alive, None]
    cosines = unit @ unit.T
    for i in range(1, len(alive)):
        j = int(cosines[i, :i].argmax())
        if cosines[i, j] >= _ALIKE:
            found.append(Fault(int(alive[i]), "copy", float(cosines[i, j]), int(alive[j])))
    h, w = filters.shape[2:]
    spectra = _spectra(filters[alive].astype(np.float64))
    if min(h, w) >= _LEAST:
        limit = _evenness_of_noise(filters.shape[1], h, w)
        for k, evenness in zip(alive, _evenness(spectra), strict=True):
            if evenness >= limit:
                found.append(Fault(int(k), "noise", float(evenness)))
    if max(stride) > 1:
        fy, fx = np.abs(np.fft.fftfreq(_GRID)), np.abs(np.fft.fftfreq(_GRID))
        lost = (fy[:, None] > 0.5 / stride[0]) | (fx[None] > 0.5 / stride[1])
        for k, spectrum in zip(alive, spectra, strict=True):
            share = float(spectrum[lost].sum() / spectrum.sum())
            if share > _FINE:
                found.append(Fault(int(k), "aliased", share))
    return found


def _spectra(filters: Float[np.ndarray, "k c h w"]) -> Float[np.ndarray, "k f f"]:
    """The energy at each frequency, over all colours."""
    power: np.ndarray = (np.abs(np.fft.fft2(filters, (_GRID, _GRID))) ** 2).sum(1)
    return power


def _evenness(spectra: Float[np.ndarray, "k f f"]) -> Float[np.ndarray, " k"]:
    """The entropy of the energy over frequencies, 1 where all have the same."""
    shares = spectra.reshape(len(spectra), -1)
    shares = shares / shares.sum(1, keepdims=True)
    entropy: np.ndarray = -(shares * np.log(np.maximum(shares, 1e-300))).sum(1) / np.log(shares.shape[1])
    return entropy


@lru_cache
def _evenness_of_noise(channels: int, h: int, w: int) -> float:
    noise = np.random.default_rng(0).normal(size=(400, channels, h, w))
    return float(np.quantile(_evenness(_spectra(noise)), _RANDOM))
