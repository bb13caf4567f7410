"""A map on its photo: brighter where it is stronger, colourless where the network did not look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.view.colormap import COLORMAPS
from cutaway.view.hatch import GROUND, LINE, hatch
from cutaway.view.overlay import EDGE, gray_of, overlay, unseen

LEVELS = np.linspace(0, 1, 101)[None]


@pytest.mark.parametrize("name", ["inferno", "viridis", "gray"])
@given(brightness=st.integers(0, 255), opacity=st.sampled_from([0.8, 0.92, 1.0]))
def test_in_black_and_white_a_stronger_place_is_brighter(name, brightness, opacity):
    """On a part of the photo of any one gray, brightness rises with the map, all the way."""
    photo = np.full((1, 101, 3), brightness, np.uint8)
    gray = gray_of(overlay(photo, LEVELS, name, opacity))[0]
    # Less than one level is lost by rounding to whole ones.
    assert (gray >= np.maximum.accumulate(gray) - 1).all()
    assert gray[0] < 0.75 * gray[100]


@pytest.mark.parametrize("name", ["inferno", "viridis", "gray"])
def test_the_strongest_place_outshines_the_weakest_whatever_is_on_the_photo(name):
    black, white = (np.full((1, 101, 3), brightness, np.uint8) for brightness in (0, 255))
    darkest, brightest = (gray_of(overlay(photo, LEVELS, name, 0.92))[0] for photo in (black, white))
    assert darkest[100] > brightest[0] + 20


@given(brightness=st.integers(0, 255), opacity=st.sampled_from([0.5, 0.92, 1.0]))
def test_a_signed_map_darkens_to_both_sides_of_zero(brightness, opacity):
    photo = np.full((1, 101, 3), brightness, np.uint8)
    gray = gray_of(overlay(photo, LEVELS, "diverging", opacity))[0]
    for side in (gray[50::-1], gray[50:]):
        assert (side <= np.minimum.accumulate(side) + 1).all()
        assert side[-1] < 0.75 * side[0]


def test_a_photo_of_one_pixel():
    for name in COLORMAPS:
        drawn = overlay(np.full((1, 1, 3), 90, np.uint8), np.ones((1, 1)), name, 0.92, np.ones((1, 1), bool))
        assert drawn.shape == (1, 1, 3)


@given(st.integers(0, 99))
def test_without_opacity_only_the_photo_is_left(seed):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (70, 5, 3)).astype(np.uint8)
    one, other = (overlay(photo, rng.random((70, 5)), "inferno", 0.0) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_the_photo_is_still_there_under_the_strongest_colour():
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    strong = gray_of(overlay(photo, np.ones((64, 64)), "inferno", 0.92))
    assert np.corrcoef(strong.ravel(), gray_of(photo).ravel())[0, 1] > 0.95


def test_signed_maps_colour_both_ends_and_leave_zero_gray():
    photo = np.full((1, 3, 3), 120, np.uint8)
    negative, zero, positive = overlay(photo, np.array([[0.0, 0.5, 1.0]]), "diverging", 0.9)[0].astype(int)
    assert negative[2] > negative[0] + 60
    assert positive[0] > positive[2] + 60
    assert np.ptp(zero) <= 2


@given(st.integers(0, 99))
def test_what_was_not_seen_has_no_colour_and_is_dim(seed):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (12, 16, 3)).astype(np.uint8)
    seen = np.zeros((12, 16), bool)
    seen[2:9, 3:11] = True
    unit = np.where(seen, rng.random((12, 16)), np.nan)
    drawn = overlay(photo, unit, "inferno", 0.9, seen)
    outside = drawn[~seen].astype(int)
    assert (np.ptp(outside, axis=1) == 0).all()
    inner = outside[:, 0][outside[:, 0] != EDGE]
    assert inner.max() <= 71
    # A line runs all around it.
    assert (drawn[1, 3:11] == EDGE).all()
    assert (drawn[2:9, 11] == EDGE).all()
    np.testing.assert_array_equal(drawn[seen], overlay(photo, np.nan_to_num(unit), "inferno", 0.9)[seen])


def test_on_a_signed_map_what_was_not_seen_is_pale():
    """Dark is where a signed map is strong, so the outside must not be."""
    photo = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    seen = np.zeros((12, 16), bool)
    seen[2:9, 3:11] = True
    outside = overlay(photo, np.where(seen, 1.0, np.nan), "diverging", 0.9, seen)[~seen].astype(int)
    assert (np.ptp(outside, axis=1) == 0).all()
    inner = outside[:, 0][outside[:, 0] != EDGE]
    assert inner.min() >= 200
    assert np.ptp(inner) <= 50


def test_nothing_is_dimmed_where_all_was_seen():
    photo = np.zeros((3, 3, 3), np.uint8)
    assert unseen(photo, photo, np.ones((3, 3), bool)) is photo


def test_nan_inside_is_hatched():
    photo = np.full((12, 12, 3), 90, np.uint8)
    unit = np.full((12, 12), 0.5)
    unit[3:9, 3:9] = np.nan
    drawn = overlay(photo, unit, "inferno", 0.9)
    assert {tuple(c) for c in drawn[3:9, 3:9].reshape(-1, 3).tolist()} == {GROUND, LINE}
    assert GROUND not in {tuple(c) for c in drawn[~np.isnan(unit)].tolist()}


def test_hatching_many_at_once():
    images = np.zeros((2, 3, 8, 8, 3), np.uint8)
    where = np.zeros((2, 3, 8, 8), bool)
    assert hatch(images, where) is images
    where[1, 2] = True
    drawn = hatch(images, where)
    assert not drawn[0].any()
    assert drawn[1, 2].all()
