"""Colour bars: round numbers between true ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cutaway.view.colorbar import colorbar, ticks
from cutaway.view.colormap import COLORMAPS, apply
from cutaway.view.scale import Range

ENDS = st.floats(-1e9, 1e9)


@given(ENDS, ENDS, st.integers(1, 10))
def test_ticks_are_round_rising_and_inside(one, other, most):
    low, high = min(one, other), max(one, other)
    found = ticks(low, high, most)
    assert all(low < value < high for value in found)
    assert found == sorted(set(found))
    assert len(found) <= most + 1
    if len(found) > 1:
        steps = np.diff(found)
        mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
        assert min(abs(mantissa - m) for m in (1, 2, 5, 10)) < 1e-3
        np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(1, 600),
)
@example(0.0, 5e-324, 1)  # its half is zero
@example(-1.7e308, 1.7e308, 200)  # its length is infinite
def test_any_range_has_a_bar(one, other, width):
    bar = colorbar(Range(min(one, other), max(one, other), "cell"), "gray", width)
    assert bar.width == width


@pytest.mark.parametrize("name", COLORMAPS)
def test_the_colours_run_from_end_to_end(name):
    drawn = np.asarray(colorbar(Range(-1.0, 1.0, "cell"), name, 258))
    expected = apply(np.linspace(0, 1, 256, dtype=np.float32), name)
    np.testing.assert_array_equal(drawn[4, 1:-1], expected)
    assert (drawn[12:] < 200).any()
