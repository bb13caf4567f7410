"""NumPy arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cutaway.errors import BadImage
from cutaway.images import read
from tests.images.samples import scene


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4), (1, 1), (1, 1, 1), (3, 3, 3)])
@pytest.mark.parametrize("kind", ["u1", "<u2", ">u2", "<f2", "<f4", ">f4", "f8"])
def test_every_allowed_shape_and_type(kind, shape):
    full = {"u1": 255, "u2": 65535}.get(kind[-2:], 1.0)
    picture = read(np.full(shape, full, kind))
    assert picture.size == shape[:2]
    assert (picture.pixels == 255).all()


def test_values_are_scaled_by_their_type():
    expected = [0, 128, 255]
    assert read(np.array([[0, 128, 255]], np.uint8)).pixels[0, :, 0].tolist() == expected
    assert read(np.array([[0, 32896, 65535]], np.uint16)).pixels[0, :, 0].tolist() == expected
    assert read(np.array([[0, 0.5, 1]], np.float32)).pixels[0, :, 0].tolist() == expected


def test_a_fourth_channel_is_transparency():
    pixels = read(np.array([[[10, 20, 30, 255], [10, 20, 30, 0]]], np.uint8)).pixels[0]
    assert pixels.tolist() == [[10, 20, 30], [255, 255, 255]]


def test_the_array_is_neither_changed_nor_shared():
    values = scene()
    picture = read(values)
    values[:] = 0
    assert picture.pixels.any()


@pytest.mark.parametrize("view", [np.s_[::-1, ::-1], np.s_[::2, 1::3], np.s_[:, :, ::-1]])
def test_views_that_are_not_contiguous(view):
    np.testing.assert_array_equal(read(scene()[view]).pixels, scene()[view])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((3, 5, 7), np.uint8), "channels come last"),
        (np.zeros((2, 5, 7, 3), np.uint8), "one picture of the batch"),
        (np.zeros((5, 7, 2), np.uint8), "shape"),
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((), np.uint8), "shape"),
        (np.zeros((0, 5), np.uint8), "no pixels"),
        (np.zeros((5, 0, 3), np.uint8), "no pixels"),
        (np.zeros((5, 7), np.int64), "type int64"),
        (np.zeros((5, 7), bool), "type bool"),
        (np.zeros((5, 7), complex), "type complex128"),
        (np.zeros((5, 7), "U3"), "type <U3"),
        (np.zeros((5, 7), object), "type object"),
        (np.full((5, 7), 200.0), "divide by 255, or give uint8"),
        (np.full((5, 7), -0.5), "go from -0.5 to -0.5"),
        (np.full((5, 7), np.nan), "NaN"),
        (np.full((5, 7), -np.inf), "NaN or infinite"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(values, reason):
    with pytest.raises(BadImage, match=reason) as refused:
        read(values)
    assert "Allowed: uint8, uint16, or float from 0 to 1; shapes (h, w)" in str(refused.value)


def test_rounding_over_the_edge_is_forgiven():
    assert read(np.array([[-1e-5, 1 + 1e-5]])).pixels[0, :, 0].tolist() == [0, 255]


@settings(deadline=None)
@given(
    hnp.arrays(
        st.one_of(
            hnp.floating_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.boolean_dtypes()
        ),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    )
)
def test_any_array_is_a_picture_or_refused(values):
    try:
        assert read(values).size == values.shape[:2]
    except BadImage as refused:
        reason = refused.reason
    else:
        reason = "Allowed"
    assert "Allowed" in reason
