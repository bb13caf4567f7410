"""E11, against the recipe written down step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.view.camshow import camshow
from cutaway.view.heatmap import Heatmap
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement


def jet_colour(k: int) -> list[float]:
    """The k-th of MATLAB's 255 colours of jet, from its definition by ramps of a quarter's length."""
    ramp = [(i + 1) / 64 for i in range(64)] + [1.0] * 63 + [i / 64 for i in range(64, 0, -1)]
    return [ramp[k - at] if 0 <= k - at < len(ramp) else 0.0 for at in (32 + 64, 32, 32 - 64)]


def recipe(photo: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Min–max; below 0.2 to zero; jet times a ramp; plus half the gray photo; min–max."""
    low, high = values.min(), values.max()
    combined = np.zeros((*values.shape, 3))
    for y, x in np.ndindex(*values.shape):
        unit = (values[y, x] - low) / (high - low) if high > low else 0.0
        unit = 0.0 if unit < 0.2 else unit
        k = min(int(255 * unit + 0.5), 254)
        red, green, blue = (float(c) for c in photo[y, x])
        gray = int(0.298936021293775 * red + 0.587043074451121 * green + 0.114020904255103 * blue + 0.5)
        for c in range(3):
            combined[y, x, c] = gray / 2 + 255 * jet_colour(k)[c] * k / 254
    low, high = combined.min(), combined.max()
    return np.floor(255 * (combined - low) / (high - low) + 0.5) if high > low else np.zeros_like(combined)


@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 12))
def test_as_the_recipe_says(seed, h, w):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
    values = rng.standard_normal((h, w))
    # A tie in the last rounding may fall to either side.
    assert np.abs(camshow(photo, values) - recipe(photo, values)).max() <= 1


def test_a_heatmap_has_that_look():
    rng = np.random.default_rng(0)
    photo, raw = (
        rng.integers(0, 256, (30, 40, 3)).astype(np.uint8),
        rng.standard_normal((5, 7)).astype(np.float32),
    )
    resized = Placement.stretched((5, 7), (30, 40)).resample(raw, (30, 40)).astype(np.float64)
    drawn = np.asarray(Heatmap(raw, photo=Picture(photo), look="camshow").tile())
    assert np.abs(drawn - recipe(photo, resized)).max() <= 1


@pytest.mark.parametrize("value", [0.0, 5.0, np.nan, np.inf])
def test_a_flat_map_leaves_the_gray_photo(value):
    photo = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    drawn = camshow(photo, np.full((3, 3), value))
    assert (drawn[..., 0] == drawn[..., 1]).all()
    assert (drawn[..., 0] == drawn[..., 2]).all()


def test_a_photo_of_one_pixel():
    drawn = camshow(np.full((1, 1, 3), 90, np.uint8), np.ones((1, 1)))
    # One value alone has no spread: min–max makes it zero, and so the sum.
    assert drawn.tolist() == [[[0, 0, 0]]]


def test_what_is_unknown_counts_as_the_minimum():
    photo = np.full((1, 3, 3), 90, np.uint8)
    np.testing.assert_array_equal(
        camshow(photo, np.array([[np.nan, 0.0, 1.0]])), camshow(photo, np.array([[0.0, 0.0, 1.0]]))
    )
