"""From raw numbers to 0..1, by a named rule that the caption can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cutaway.errors import BadSetting

__all__ = ["SCALES", "Range", "Scale"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SCALES = ("layer", "cell", "symmetric", "percentile", "channel", "channel-soft")


@dataclass(frozen=True)
class Range:
    """What is drawn dark and what bright: `low` → 0, `high` → 1.

    Args:
        low: drawn as 0.
        high: drawn as 1.
        rule: the name of the rule that found them.

    >>> Range(-1.0, 3.0, "layer").unit(np.array([-1.0, 1.0, 3.0])).tolist()
    [0.0, 0.5, 1.0]
    >>> str(Range(-1.251, 24.75, "layer"))
    'layer scale −1.3 … 24.8'
    """

    low: float
    high: float
    rule: str

    def __str__(self) -> str:
        low, high = (number(end, self.high - self.low) for end in (self.low, self.high))
        return f"{self.rule} scale {low} … {high}" if low != high else f"{self.rule} scale {low}"

    def unit(self, values: Float[np.ndarray, "*size"]) -> Float[np.ndarray, "*size"]:
        """Scale numbers to 0..1, clipped; a range without width makes everything 0.5, NaN stays."""
        kind = np.float64 if values.dtype == np.float64 else np.float32
        low, high = self.low, self.high
        if not low < high:
            return np.where(np.isnan(values), np.nan, 0.5).astype(kind)
        wide: np.ndarray = values.astype(kind, copy=False)
        with np.errstate(over="ignore"):
            if not 1e-30 < high - low < 1e30:
                # So small or large a difference leaves what floats can hold: bring it nearer to one first.
                nearer = 0.5 if high - low > 1 else 2.0**500
                wide, low, high = values.astype(np.float64) * nearer, low * nearer, high * nearer
            scaled = np.asarray((wide - low) / (high - low))
        return np.clip(scaled, 0, 1, out=scaled).astype(kind, copy=False)

    def centred(self) -> Range:
        """Give the range that reaches as far below zero as above: what a diverging colour map needs.

        >>> Range(-1.0, 3.0, "layer").centred()
        Range(low=-3.0, high=3.0, rule='symmetric')
        """
        most = max(abs(self.low), abs(self.high))
        return Range(-most, most, "symmetric")


@dataclass(frozen=True)
class Scale:
    """A rule for what is drawn dark and what bright.

    Args:
        name: "layer": the smallest of all numbers given → 0, the largest → 1;
            "cell": the same for one map alone;
            "symmetric": −m → 0, 0 → 0.5, m → 1 with m the largest size;
            "percentile": the 1st → 0, the 99.5th → 1, so that a few giants do not darken the rest;
            "channel": minus the mean, over the standard deviation, × 64 + 128, as 0..255;
            "channel-soft": minus the mean, over the standard deviation, × 0.1 + 0.5.
        low_percentile: for "percentile".
        high_percentile: for "percentile".

    Raises:
        BadSetting: for another name.

    >>> Scale("symmetric").fit(np.array([-1.0, 4.0]))
    Range(low=-4.0, high=4.0, rule='symmetric')
    """

    name: str = "layer"
    low_percentile: float = 1.0
    high_percentile: float = 99.5

    def __post_init__(self) -> None:
        if self.name not in SCALES:
            raise BadSetting(f"there is no scale {self.name!r}; there are {', '.join(SCALES)}")
        if not 0 <= self.low_percentile < self.high_percentile <= 100:
            raise BadSetting(
                f"percentiles must rise within 0..100, got {self.low_percentile}, {self.high_percentile}"
            )

    @classmethod
    def of(cls, scale: str | Scale) -> Scale:
        """Give the scale of a name; a Scale is given as it is.

        >>> Scale.of("cell") == Scale.of(Scale("cell"))
        True
        """
        return cls(scale) if isinstance(scale, str) else scale

    @property
    def each(self) -> bool:
        """Whether it is a rule for one map alone: each map of a sheet is then drawn on a range of its own."""
        return self.name in ("cell", "channel", "channel-soft")

    def fit(self, values: Float[np.ndarray, "..."]) -> Range:
        """Find the range for numbers; NaN and infinite ones are left out.

        >>> Scale("cell").fit(np.array([2.0, np.nan, 5.0]))
        Range(low=2.0, high=5.0, rule='cell')
        """
        known = values[np.isfinite(values)]
        if known.size == 0:
            return Range(0.0, 0.0, self.name)
        if self.name == "symmetric":
            most = float(np.abs(known).max())
            return Range(-most, most, self.name)
        if self.name == "percentile":
            low, high = np.percentile(known, [self.low_percentile, self.high_percentile])
            return Range(float(low), float(high), self.name)
        if self.name in ("channel", "channel-soft"):
            with np.errstate(over="ignore"):
                mean, std = float(known.mean(dtype=np.float64)), float(known.std(dtype=np.float64))
            if not np.isfinite(std):  # numbers near the end of what floats can hold
                return Range(float(known.min()), float(known.max()), self.name)
            # × 64 + 128 of 0..255 reaches ±2 (a little less above) deviations; × 0.1 + 0.5 reaches ±5.
            below, above = (2.0, 127 / 64) if self.name == "channel" else (5.0, 5.0)
            return Range(mean - below * std, mean + above * std, self.name)
        return Range(float(known.min()), float(known.max()), self.name)

    def fit_all(self, several: Iterable[Float[np.ndarray, "..."]]) -> Range:
        """Find one range for several arrays of any shapes, so that their brightness can be compared.

        >>> Scale("layer").fit_all([np.array([0.0]), np.array([[2.0]])]).high
        2.0
        """
        return self.fit(np.concatenate([np.asarray(values).ravel() for values in several]))


def number(value: float, spread: float = 0.0) -> str:
    """Write a number for a caption: as many digits as matter within a spread, else three; a true minus sign.

    >>> number(-0.12345), number(1234567.0), number(20.0), number(-1.251, spread=26.0)
    ('−0.123', '1.23 × 10⁶', '20', '−1.3')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value + 0.0:g}".replace("-", "−")
    largest = max(abs(value), spread)
    if not 1e-3 <= largest < 1e5:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        if float(mantissa).is_integer():
            mantissa = str(int(float(mantissa)))
        return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}".replace("-", "−")
    if float(value).is_integer():
        return f"{value:.0f}".replace("-", "−")
    places = max(0, 2 - math.floor(math.log10(largest)))
    text = f"{value:.{places}f}"
    if float(text) == 0:
        return number(float(f"{value:.1g}"))
    if not spread and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")
