"""Ranges: what is drawn dark, what bright, and how it is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cutaway.errors import BadSetting
from cutaway.view.scale import SCALES, Range, Scale, number

FINITE = {"allow_nan": False, "allow_infinity": False}
ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(min_dims=1, max_dims=3, max_side=6),
    elements=st.floats(width=32),
)


@given(ARRAYS, st.sampled_from(SCALES))
def test_whatever_comes_it_becomes_0_to_1(values, rule):
    unit = Scale(rule).fit(values).unit(values)
    assert unit.shape == values.shape
    assert unit.dtype == values.dtype
    np.testing.assert_array_equal(np.isnan(unit), np.isnan(values))
    assert ((unit >= 0) & (unit <= 1) | np.isnan(unit)).all()


@given(
    hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(**FINITE)),
    st.sampled_from(["layer", "cell"]),
)
def test_smallest_is_black_and_largest_white(values, rule):
    """A6: min to 0, max to 1, over all numbers given."""
    unit = Scale(rule).fit(values).unit(values)
    if values.min() < values.max():
        assert unit[values.argmin()] == 0
        assert unit[values.argmax()] == 1
    else:
        assert (unit == 0.5).all()


@given(
    hnp.arrays(np.float32, st.integers(2, 30), elements=st.floats(-1e6, 1e6, width=32)),
    st.sampled_from(SCALES),
)
def test_order_is_kept(values, rule):
    unit = Scale(rule).fit(values).unit(values)
    assert (np.diff(unit[np.argsort(values, kind="stable")]) >= 0).all()


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)))
def test_symmetric_has_zero_in_the_middle(values):
    found = Scale("symmetric").fit(values)
    assert found.low == -found.high
    assert found.unit(np.zeros(1))[0] == 0.5
    assert Range(values.min(), values.max(), "layer").centred() == found


def test_percentiles_leave_giants_out():
    values = np.append(np.linspace(0, 1, 1000), 1e6)
    assert Scale("percentile").fit(values).high == pytest.approx(np.percentile(values, 99.5))
    wide = Scale("percentile", 0, 100).fit(values)
    assert (wide.low, wide.high) == (0, 1e6)


def test_standardised_as_the_recipe_says():
    """B7: minus mean, over std, × 64, + 128, clipped to 0..255."""
    values = np.random.default_rng(0).standard_normal((13, 13)) * 7 + 3
    recipe = np.clip((values - values.mean()) / values.std() * 64 + 128, 0, 255) / 255
    np.testing.assert_allclose(Scale("channel").fit(values).unit(values), recipe, atol=1e-12)


def test_soft_as_the_recipe_says():
    """B9: standardise, × 0.1, + 0.5, clip."""
    values = np.random.default_rng(0).standard_t(2, (150, 150))
    recipe = np.clip((values - values.mean()) / values.std() * 0.1 + 0.5, 0, 1)
    np.testing.assert_allclose(Scale("channel-soft").fit(values).unit(values), recipe, atol=1e-12)


@given(st.lists(ARRAYS, min_size=1, max_size=4))
def test_one_range_for_several_photos(arrays):
    together = Scale("layer").fit_all(arrays)
    known = np.concatenate([a[np.isfinite(a)].ravel().astype(float) for a in arrays])
    assert (together.low, together.high) == ((known.min(), known.max()) if known.size else (0, 0))


@pytest.mark.parametrize("rule", SCALES)
@pytest.mark.parametrize("value", [0.0, -3.0, 1e30, np.nan, np.inf])
def test_flat_maps_are_mid_gray(rule, value):
    values = np.full((3, 3), value)
    unit = Scale(rule).fit(values).unit(values)
    if np.isnan(value):
        assert np.isnan(unit).all()
    elif rule == "symmetric" and np.isfinite(value) and value:
        assert (unit == (value > 0)).all()
    else:
        assert (unit == 0.5).all()


@pytest.mark.parametrize("spread", [1e-45, 1e-30, 1.0, 1e30, 3e38])
def test_the_ends_of_what_floats_hold(spread):
    values = np.array([-spread, 0, spread], np.float32)
    np.testing.assert_allclose(Range(-spread, spread, "layer").unit(values), [0, 0.5, 1], atol=1e-6)


@pytest.mark.parametrize("rule", SCALES)
def test_of_nothing_there_is_a_range_too(rule):
    for nothing in (np.zeros(0), np.zeros((0, 3, 3), np.float32)):
        found = Scale(rule).fit(nothing)
        assert (found.low, found.high) == (0, 0)
        assert found.unit(nothing).shape == nothing.shape


def test_infinite_numbers_take_the_ends():
    values = np.array([-np.inf, 0, 1, 2, np.inf])
    assert Scale("layer").fit(values).unit(values).tolist() == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize("settings", [{"name": "loud"}, {"low_percentile": 90, "high_percentile": 10}])
def test_what_there_is_not_is_refused(settings):
    with pytest.raises(BadSetting, match="layer, cell|rise"):
        Scale(**settings)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Range(-1.27, 24.81, "layer"), "layer scale −1.3 … 24.8"),
        (Range(-0.2, 14.1, "cell"), "cell scale −0.2 … 14.1"),
        (Range(0.0, 3.0, "shared"), "shared scale 0 … 3"),
        (Range(0.0, 0.0, "cell"), "cell scale 0"),
        (Range(-0.0, 2e-6, "cell"), "cell scale 0 … 2 × 10⁻⁶"),
        (Range(-1234.6, 9999.0, "layer"), "layer scale −1235 … 9999"),
    ],
)
def test_told_in_a_caption(found, told):
    assert str(found) == told


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300))
def test_numbers_are_short_and_right(value, spread):
    text = number(value, spread)
    assert len(text) <= 14
    plain = (
        text.replace("−", "-").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace(" × 10", "e")
    )
    assert float(plain) == pytest.approx(value, abs=0.006 * max(abs(value), spread), rel=0.006)
    assert (float(plain) == 0) == (value == 0)
