"""Objects cut out of photos by a map alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import cutaway as cw

CUP = (20, 100, 380, 480)  # cup and saucer in coffee.png, by eye


@pytest.mark.parametrize("how", ["grabcut", "otsu", "share", "percentile"])
def test_the_mask_lies_on_the_cup(net, coffee, how):
    """C10: seeds from the map, a border from the photo; the cup's inside is in it, the table's corners are not."""
    sheet = cw.segment(net, coffee, how=how, truth=CUP)
    told = sheet.provenance["mask"]
    mask = sheet.rows[0][2].values.astype(bool)
    assert mask.shape == coffee.size
    assert mask[200, 270]
    assert not mask[:30, :30].any()
    assert not mask[-30:, -30:].any()
    assert told["area"] == pytest.approx(mask.mean())
    assert 0.05 < told["area"] < 0.7
    assert told["iou"] > (0.75 if how == "grabcut" else 0.1)


def test_agreement_with_a_known_mask(net, coffee, tmp_path):
    """C10, F7: the IoU of the mask with itself is 1, with its opposite 0."""
    sheet = cw.segment(net, coffee, how="otsu")
    mask = sheet.rows[0][2].values.astype(bool)
    for known, wanted in ((mask, 1.0), (~mask, 0.0)):
        path = cw.Picture((known[..., None] * np.uint8(255)).repeat(3, -1)).save(tmp_path / "mask.png")
        assert cw.segment(net, coffee, how="otsu", truth=path).provenance["mask"]["iou"] == wanted


def test_another_class_and_another_method(net, coffee):
    sheet = cw.segment(net, coffee, target="coffee mug", method="saliency", how="percentile", level=90)
    assert "coffee mug" in sheet.title
    assert "Saliency" in sheet.rows[0][1].caption


def test_same_photo_same_mask(net, coffee):
    one, two = (cw.segment(net, coffee).rows[0][2].values for _ in range(2))
    assert np.array_equal(one, two)


def test_without_opencv_it_says_what_to_install(net, coffee, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(cw.BadSetting, match=r"pip install 'cutaway\[segment\]'.*otsu"):
        cw.segment(net, coffee)
    assert cw.segment(net, coffee, how="otsu").provenance["mask"]["area"] > 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"how": "magic"}, "grabcut, otsu, share, percentile"),
        ({"level": 3.0}, "grabcut takes its seeds by itself"),
        ({"how": "share", "level": 3.0}, "0..1"),
        ({"how": "otsu", "truth": (0, 0, 9999, 10)}, "does not lie in a photo of 400 × 600"),
        ({"how": "otsu", "truth": np.zeros((5, 5), np.uint8)}, "they must be of one size"),
    ],
)
def test_bad_settings_are_told(net, coffee, settings, told):
    with pytest.raises(cw.BadSetting, match=told):
        cw.segment(net, coffee, **settings)
