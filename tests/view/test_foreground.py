"""A guess at the object, against objects that are known."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.view.foreground import foreground
from cutaway.view.mask import iou, piece_at
from cutaway.view.picture import Picture


def disc(size=128, middle=(64, 70), radius=30, noise=12, seed=0):
    source = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    mask = (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2
    pixels = np.where(mask[..., None], (200, 90, 40), (60, 110, 90)) + source.normal(
        0, noise, (size, size, 3)
    )
    return Picture(pixels.clip(0, 255).astype(np.uint8)), mask.reshape(64, 2, 64, 2).mean((1, 3)) > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_a_disc_on_a_noisy_ground_is_found(seed):
    picture, truth = disc(seed=seed, middle=(50 + 5 * seed, 70), radius=20 + 3 * seed)
    found = foreground(picture)
    assert found is not None
    assert iou(found, truth) > 0.85


def test_of_two_things_the_one_in_the_middle_is_taken():
    picture, truth = disc(radius=22)
    pixels = picture.pixels.copy()
    pixels[8:28, 100:124] = (240, 240, 240)
    found = foreground(Picture(pixels))
    assert found is not None
    assert iou(found, truth) > 0.75


def test_where_nothing_stands_out_there_is_no_object():
    assert foreground(Picture(np.full((50, 80, 3), 90, np.uint8))) is None


def test_piece_at_keeps_the_piece_that_holds_the_place():
    mask = np.zeros((5, 7), bool)
    mask[1:3, 1:3] = mask[3:, 4:] = True
    kept = piece_at(mask, 4, 5)
    assert kept.sum() == 6
    assert not kept[:3].any()
    assert not piece_at(mask, 0, 0).any()
