"""Colours: where they come from, and that they rise with the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cutaway.errors import BadSetting
from cutaway.view.colormap import COLORMAPS, apply, jet, levels, table


def lightness(colours: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB 0..255."""
    linear = colours / 255
    linear = np.where(linear > 0.04045, ((linear + 0.055) / 1.055) ** 2.4, linear / 12.92)
    y = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


@pytest.mark.parametrize("name", ["viridis", "inferno"])
def test_as_in_matplotlib(name):
    matplotlib = pytest.importorskip("matplotlib", reason="the peer is not installed")
    theirs = matplotlib.colormaps[name](np.arange(256))[:, :3] * 255
    assert np.abs(table(name).astype(float) - theirs).max() <= 2


@pytest.mark.parametrize("name", ["gray", "viridis", "inferno"])
def test_brightness_only_rises(name):
    assert (np.diff(lightness(table(name))) > -0.3).all()
    assert lightness(table(name))[-1] - lightness(table(name))[0] > 70


def test_diverging_is_white_at_zero_and_alike_on_both_sides():
    light = lightness(table("diverging"))
    assert table("diverging")[127:129].min() > 235
    assert np.abs(light - light[::-1]).max() < 2
    assert (np.diff(light[:128]) > -0.3).all()
    assert table("diverging")[0, 2] > table("diverging")[0, 0]
    assert table("diverging")[-1, 0] > table("diverging")[-1, 2]


def test_jet_as_matlab_lists_it():
    """The eight colours of MATLAB's jet(8), and the first and last ones of jet(64)."""
    assert jet(8).tolist() == [
        [0, 0, 1], [0, 0.5, 1], [0, 1, 1], [0.5, 1, 0.5], [1, 1, 0], [1, 0.5, 0], [1, 0, 0], [0.5, 0, 0]
    ]  # fmt: skip
    assert jet(64)[[0, 7, 8, 63]].tolist() == [[0, 0, 0.5625], [0, 0, 1], [0, 0.0625, 1], [0.5, 0, 0]]


@given(st.integers(1, 300))
def test_jet_of_any_length(count):
    colours = jet(count)
    assert colours.shape == (count, 3)
    assert ((colours >= 0) & (colours <= 1)).all()


@given(
    hnp.arrays(np.float32, hnp.array_shapes(max_dims=3, max_side=5), elements=st.floats(width=32)),
    st.sampled_from(COLORMAPS),
)
def test_any_number_has_a_colour(unit, name):
    coloured = apply(unit, name)
    assert coloured.shape == (*unit.shape, 3)
    known = ~np.isnan(unit)
    np.testing.assert_array_equal(coloured[known], table(name)[levels(unit[known])])


def test_every_level_is_reached():
    assert levels(np.linspace(0, 1, 256)).tolist() == list(range(256))


def test_an_unknown_map_is_refused_with_those_there_are():
    with pytest.raises(BadSetting, match=r"'infernal' \(closest: inferno\); there are gray, viridis"):
        table("infernal")
