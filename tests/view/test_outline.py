"""Boxes with names on a photo: every name can be read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cutaway.view.outline import outlined
from cutaway.view.picture import Picture

PHOTO = Picture(np.full((240, 240, 3), 90, np.uint8))


def written(boxes: Mapping[tuple[int, int, int, int], str]) -> int:
    """How many pixels the names take, beside what the boxes alone do."""
    bare = outlined(PHOTO, dict.fromkeys(boxes, ""))
    return int((outlined(PHOTO, boxes).pixels != bare.pixels).any(-1).sum())


def test_no_name_lies_on_another_where_boxes_nearly_agree():
    boxes = {(40 + k, 40 + k, 140 + k, 140 + k): f"{100 + k}" for k in (0, 3, 6, 9)}
    assert written(boxes) > 3 * written({(40, 40, 140, 140): "100"})


def test_a_name_alone_stands_in_the_upper_left_corner():
    changed = (outlined(PHOTO, {(40, 40, 200, 200): "7"}).pixels != PHOTO.pixels).any(-1)
    assert changed[46:54, 46:54].any()
    assert not changed[60:190, 60:190].any()


def test_a_box_smaller_than_its_name_keeps_it():
    assert written({(100, 100, 103, 103): "1234"}) > 100
