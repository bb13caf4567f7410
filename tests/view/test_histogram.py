"""Histograms count right, and draw what they count."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.errors import BadSetting
from cutaway.view.histogram import histogram
from cutaway.view.scatter import COLOURS

VALUES = np.array([0.0, 0.1, 0.2, 3.9, 4.0, np.nan, 2.0])


def test_bars_hold_every_number_once():
    found = histogram(VALUES, bins=4)
    assert found.values.tolist() == [3, 0, 1, 2]
    both = histogram(VALUES, bins=4, marked=VALUES > 1, names=("large", "small"))
    assert both.values.tolist() == [[0, 0, 1, 2], [3, 0, 0, 0]]


def test_heights_are_counts():
    pixels = histogram(np.array([0.0] * 10 + [1.0] * 5), bins=2, size=(300, 500)).pixels
    blue = (pixels == COLOURS[0]).all(-1)
    tall, half = blue[:, 100].sum(), blue[:, 400].sum()
    assert tall == pytest.approx(2 * half, abs=2)
    assert not blue[:, :40].any()


def test_a_single_value_and_none():
    assert histogram(np.full(7, 3.0), bins=3).values.sum() == 7
    with pytest.raises(BadSetting, match="at least one number"):
        histogram(np.array([np.nan]))
