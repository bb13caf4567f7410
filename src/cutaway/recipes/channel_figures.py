"""One channel of a scan in numbers: where it is strong, how often it is silent, what it fires for, what is like it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.purity import LabelFigures, label_figures, most_frequent, shuffled_hits, silent, ties
from cutaway.dataset.row import Row

__all__ = ["ChannelFigures", "correlations"]

QUANTILES = (0.5, 0.9, 0.99)
_SHUFFLES = 1_000


@dataclass(frozen=True)
class ChannelFigures:
    """What an index says of one channel.

    Args:
        index: that holds it.
        layer: its name in the index.
        channel: 0-based.
        k: how many of the strongest, and of the lowest, places are looked at.
    """

    index: ActivationIndex = field(repr=False)
    layer: str
    channel: int
    k: int

    @property
    def name(self) -> str:
        """The layer and the channel, as a person types them."""
        return f"{self.layer}:{self.channel}"

    @cached_property
    def maxima(self) -> Float[np.ndarray, " n"]:
        """The channel's maximum in each photo; NaN in those that were skipped."""
        return self.index.channel(self.layer, self.channel)

    @cached_property
    def quiet(self) -> Bool[np.ndarray, " n"]:
        """In which photos it is silent."""
        return silent(self.maxima)

    @property
    def silent_share(self) -> float:
        """The share of photos in which it is silent."""
        return float(self.quiet[self.index.present].mean())

    @property
    def silence(self) -> str:
        """In how many photos it is silent, in words."""
        count, kept = int(self.quiet[self.index.present].sum()), int(self.index.present.sum())
        share = f" ({100 * self.silent_share:.0f} %)" if count >= 0.01 * kept else ""
        return f"Silent in {count:,} of {kept:,} photos{share}"

    @cached_property
    def strongest(self) -> list[Row]:
        """Its strongest places, of the photos in which it fires."""
        rows = self.index.top(self.layer, self.channel, self.k)
        return [row for row in rows if not self.quiet[row.photo]]

    @cached_property
    def lowest(self) -> list[Row]:
        """The photos in which its strongest answer is the lowest, and where that is."""
        return self.index.top(self.layer, self.channel, self.k, lowest=True)

    @property
    def tied(self) -> int:
        """How many photos share the value of the last of the strongest, where not all of them are shown."""
        return ties(self.maxima, self.k) if len(self.strongest) == self.k else 0

    @property
    def quantiles(self) -> dict[str, float]:
        """The median of its maxima, and the values that a tenth and a hundredth of them exceed."""
        known = self.maxima[self.index.present]
        return {f"{100 * share:g} %": float(np.quantile(known, share)) for share in QUANTILES}

    @cached_property
    def labels(self) -> list[LabelFigures]:
        """How well it finds each label; none where the photos have none, or it never fires."""
        return label_figures(self.maxima, self.index.labels) if self.strongest else []

    @cached_property
    def hits(self) -> tuple[str | None, int]:
        """The label that most of its strongest photos share, and how many do."""
        prefer = [one.label for one in self.labels]
        return most_frequent([row.label for row in self.strongest], prefer=prefer)

    @cached_property
    def hits_by_chance(self) -> float:
        """How many of them would share a label, on average, if labels were dealt at random."""
        photos = np.array([[row.photo] for row in self.strongest], int).reshape(-1, 1)
        return float(shuffled_hits(photos, self.index.labels, _SHUFFLES).mean())

    @cached_property
    def alike(self) -> list[tuple[int, float]]:
        """The other channels of the layer, those whose maxima rise and fall with its own first, each with r."""
        found = correlations(self.index.maxima(self.layer)[self.index.present], self.channel)
        order = np.argsort(-np.nan_to_num(found, nan=-2), kind="stable")
        return [(int(k), float(found[k])) for k in order if k != self.channel and np.isfinite(found[k])]


def correlations(maxima: Float[np.ndarray, "n channels"], channel: int) -> Float[np.ndarray, " channels"]:
    """Correlate one channel's maxima with those of every channel (Pearson's r); NaN where one has a single value.

    >>> correlations(np.array([[1.0, 2.0, 5.0, 1.0], [2.0, 4.0, 4.0, 1.0]]), 0).round(3).tolist()
    [1.0, 1.0, -1.0, nan]
    """
    centred = maxima.astype(np.float64) - maxima.mean(0, dtype=np.float64)
    lengths = np.linalg.norm(centred, axis=0)
    products = lengths * lengths[channel]
    # Which has no width is told by its values: rounding leaves a little length.
    products[(maxima == maxima[0]).all(0) | (maxima[:, channel] == maxima[0, channel]).all()] = np.nan
    found: np.ndarray = (centred * centred[:, [channel]]).sum(0) / products
    return found
