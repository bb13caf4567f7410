"""A map lands where its units look, whatever the step, the start and the window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.view.placement import Placement

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
STEPS = st.floats(0.3, 9.0)


def plainly(placement: Placement, values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """One pixel at a time, as the definition says."""
    drawn = np.full(size, np.nan)
    top, left, bottom, right = placement.window
    for y in range(size[0]):
        for x in range(size[1]):
            if not (top < y + 0.5 < bottom and left < x + 0.5 < right):
                continue
            row, low_y = _cell(y + 0.5, placement.start[0], placement.step[0], values.shape[0])
            column, low_x = _cell(x + 0.5, placement.start[1], placement.step[1], values.shape[1])
            corners = values[row : row + 2, column : column + 2]
            weights = np.outer([1 - low_y, low_y], [1 - low_x, low_x])[: corners.shape[0], : corners.shape[1]]
            drawn[y, x] = (corners * weights).sum()
    return drawn


def _cell(place: float, start: float, step: float, count: int) -> tuple[int, float]:
    along = min(max((place - start) / step, 0), count - 1)
    before = min(int(along), max(count - 2, 0))
    return before, along - before


@given(st.data())
def test_as_the_definition_says(data):
    size, cells = data.draw(SIZES), data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    edges = st.floats(-3, 45)
    window = tuple(data.draw(edges) for _ in range(4))
    start = (data.draw(st.floats(-20, 40)), data.draw(st.floats(-20, 40)))
    placement = Placement(start, (data.draw(STEPS), data.draw(STEPS)), window)
    values = np.random.default_rng(data.draw(st.integers(0, 99))).standard_normal(cells)
    drawn = placement.resample(values, size)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn, plainly(placement, values, size), atol=2e-5)


@given(
    st.integers(0, 5),
    st.integers(0, 7),
    st.integers(2, 9),
    st.integers(2, 9),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_a_single_unit_peaks_at_its_middle(i, j, step_y, step_x, top, left):
    """The middle of cell (i, j) is at start + step · (i, j): that very pixel holds the unit's value."""
    values = np.zeros((6, 8))
    values[i, j] = 3.0
    placement = Placement((top + 0.5, left + 0.5), (step_y, step_x), (0, 0, 100, 120))
    drawn = placement.resample(values, (100, 120))
    y, x = top + step_y * i, left + step_x * j
    assert drawn[y, x] == 3.0
    assert np.argwhere(drawn == 3.0).tolist()[0] == ([0, x] if i == 0 and top else [y, x])[:1] + drawn_first(
        j, left, x
    )
    if 0 < i < 5 and 0 < j < 7:
        assert (drawn > 0).sum() == (2 * step_y - 1) * (2 * step_x - 1)


def drawn_first(j: int, left: int, x: int) -> list[int]:
    """Left of the first column's middle a map stays level."""
    return [0 if j == 0 and left else x]


@given(SIZES, SIZES)
def test_spread_evenly_it_covers_the_photo_and_keeps_its_mean(cells, size):
    placement = Placement.stretched(cells, size)
    flat = placement.resample(np.full(cells, 0.1), size)
    assert (flat == np.float32(0.1)).all()
    symmetric = np.add.outer(np.abs(np.arange(cells[0]) - (cells[0] - 1) / 2), np.zeros(cells[1]))
    drawn = placement.resample(symmetric, size)
    np.testing.assert_allclose(drawn, drawn[::-1], atol=1e-5)


@given(SIZES, SIZES, st.integers(0, 99))
def test_nothing_leaves_the_range_of_the_map(cells, size, seed):
    values = np.random.default_rng(seed).standard_normal(cells).astype(np.float32)
    drawn = Placement.stretched(cells, size).resample(values, size)
    assert values.min() <= drawn.min() <= drawn.max() <= values.max()


def test_at_its_own_size_it_is_itself():
    values = np.random.default_rng(0).standard_normal((7, 9)).astype(np.float32)
    np.testing.assert_array_equal(Placement.stretched((7, 9), (7, 9)).resample(values, (7, 9)), values)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_an_odd_number_reaches_only_as_far_as_it_is_mixed_in(odd):
    values = np.zeros((5, 5))
    values[2, 2] = odd
    drawn = Placement.stretched((5, 5), (25, 25)).resample(values, (25, 25))
    touched = ~np.isfinite(drawn)
    # From the middle of one neighbour to that of the other, the middles themselves untouched.
    assert touched[8:17, 8:17].all()
    assert touched.sum() == 81


def test_infinities_side_by_side_stay_infinite():
    drawn = Placement.stretched((1, 2), (1, 8)).resample(np.array([[np.inf, np.inf]]), (1, 8))
    assert np.isposinf(drawn).all()


def test_numbers_too_large_for_the_drawing_are_infinite():
    assert np.isposinf(Placement.stretched((1, 1), (2, 2)).resample(np.array([[1e300]]), (2, 2))).all()


@given(SIZES, SIZES, st.integers(1, 4))
def test_a_photo_made_smaller_takes_its_map_along(cells, size, factor):
    large = (size[0] * factor, size[1] * factor)
    assert Placement.stretched(cells, large).scaled((1 / factor, 1 / factor)).step == pytest.approx(
        Placement.stretched(cells, size).step
    )


def test_the_window_decides_by_the_middle_of_a_pixel():
    rows, columns = Placement((0, 0), (1, 1), (1.4, 0.6, 2.6, 3.0)).seen((4, 4))
    assert rows.tolist() == [False, True, True, False]
    assert columns.tolist() == [False, True, True, False]
