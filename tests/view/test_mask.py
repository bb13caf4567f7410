"""Masks beside scikit-image's, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops

from cutaway.errors import BadSetting
from cutaway.view.cutout import cutout
from cutaway.view.mask import bounding_box, iou, largest_piece, otsu, thresholded, without_holes
from cutaway.view.picture import Picture

masks = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(masks)
def test_the_largest_piece_is_scikit_images(mask):
    found = largest_piece(mask)
    labels = label(mask, connectivity=1)
    if not labels.any():
        assert not found.any()
        return
    sizes = np.bincount(labels.ravel())[1:]
    assert found.sum() == sizes.max()
    assert len(np.unique(labels[found])) == 1


@given(masks)
def test_the_box_is_scikit_images(mask):
    box = bounding_box(mask)
    if not mask.any():
        assert box is None
    else:
        assert box == regionprops(mask.astype(np.uint8))[0].bbox


@pytest.mark.parametrize("seed", range(5))
def test_otsu_is_scikit_images(seed):
    source = np.random.default_rng(seed)
    values = np.concatenate([source.normal(0, 1, 500), source.normal(4 + seed, 0.7, 200)]).reshape(35, 20)
    assert otsu(values) == pytest.approx(threshold_otsu(values, nbins=256), abs=1e-9)
    assert np.array_equal(thresholded(values), values > otsu(values))


def test_thresholds_by_hand():
    values = np.array([[0.0, 1.0, 2.0, np.nan], [3.0, 4.0, 5.0, 10.0]])
    assert thresholded(values, "share", 0.35).sum() == 3
    assert thresholded(values, "share").tolist() == [[False] * 4, [False, False, False, True]]
    assert thresholded(values, "percentile", 50).sum() == 3
    assert not thresholded(np.ones((2, 2))).any()
    assert not thresholded(np.full((2, 2), np.nan)).any()


def test_small_holes_are_filled_and_large_ones_and_bays_kept():
    ring = np.ones((20, 20), bool)
    ring[3, 3] = ring[10:16, 10:16] = ring[0, 5] = False
    filled = without_holes(ring)
    assert filled[3, 3]
    assert not filled[12, 12]
    assert not filled[0, 5]


def test_agreement():
    one, two = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert iou(one, two) == 1
    one[:2], two[1:3] = True, True
    assert iou(one, two) == pytest.approx(1 / 3)
    with pytest.raises(BadSetting, match="one size"):
        iou(one, two[:2])


@pytest.mark.parametrize(
    ("how", "level"), [("magic", None), ("share", 2), ("percentile", 101), ("otsu", 0.5)]
)
def test_bad_settings_are_told(how, level):
    with pytest.raises(BadSetting):
        thresholded(np.eye(3), how, level)


def test_a_cutout_keeps_the_object_and_pales_the_rest():
    photo = Picture(np.full((60, 60, 3), (200, 30, 30), np.uint8))
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    drawn = cutout(photo, mask)
    assert np.array_equal(drawn.pixels[25:35, 25:35], photo.pixels[25:35, 25:35])
    outside = drawn.pixels[5, 5].astype(int)
    assert outside.min() > 150
    assert np.ptp(outside) == 0
    assert np.array_equal(drawn.values, mask.astype(np.float32))
    with pytest.raises(BadSetting, match="the photo"):
        cutout(photo, mask[:5])
