"""Bars end where their numbers lie on the axis."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.view.bars import bars
from cutaway.view.scatter import COLOURS


def lengths(pixels: np.ndarray) -> list[int]:
    """How many pixels wide each bar is, from above; those without any are left out."""
    blue = np.pad((pixels == COLOURS[0]).all(-1).sum(1), 1)
    starts, stops = (np.flatnonzero(np.diff((blue > 9).astype(int)) == edge) for edge in (1, -1))
    return [int(blue[start + 1 : stop + 1].max()) for start, stop in zip(starts, stops, strict=True)]


def test_bars_are_as_long_as_their_numbers():
    one, two, three = lengths(bars({"a": 1.0, "b": 2.0, "c": 3.0, "d": 0.0}, {}, high=4.0).pixels)
    assert two - one == pytest.approx(three - two, abs=2)
    assert two - one == pytest.approx(one, abs=6)  # the axis covers a little of each


def test_bands_lie_around_their_mean_and_both_are_seen_where_they_meet():
    pixels = bars({"a": 0.0}, {"x": (2.0, 1.0), "y": (3.0, 1.0)}, high=4.0).pixels
    row = pixels[30].astype(int)

    def there(*colour: int) -> np.ndarray:
        return np.flatnonzero(np.abs(row - colour).max(1) <= 2)

    gray, orange, both = there(214, 214, 220), there(250, 226, 190), there(210, 190, 164)
    assert len(gray) > 50
    assert len(gray) == pytest.approx(len(both), abs=6)  # x from 1 to 3, y from 2 to 4
    assert len(orange) == pytest.approx(len(both), abs=6)
    assert gray.max() < both.min() + 6
    assert both.max() < orange.min() + 6


def test_all_zero():
    assert bars({"a": 0.0}, {"x": (0.0, 0.0)}).size[1] == 420
