"""Masks and filling: against cases that are known."""

from __future__ import annotations

import numpy as np
import torch

from cutaway.recipes.retouch import boxed, filled, hull, softened


def test_a_hole_in_a_slope_is_filled_about_as_the_slope_goes():
    slope = torch.linspace(0, 1, 64).expand(1, 3, 64, 64).clone()
    hole = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    hole[..., 24:40, 24:40] = True
    broken = torch.where(hole, torch.tensor(9.0), slope)
    whole = filled(broken, hole)
    assert torch.equal(whole[~hole.expand_as(whole)], slope[~hole.expand_as(slope)])
    assert (whole - slope).abs().max() < 0.2


def test_what_is_in_the_hole_does_not_matter():
    image = torch.rand(1, 3, 50, 33)
    hole = torch.zeros(1, 1, 50, 33, dtype=torch.bool)
    hole[..., 10:45, 0:20] = True
    other = torch.where(hole, torch.rand(1, 3, 50, 33) * 100, image)
    torch.testing.assert_close(filled(image, hole), filled(other, hole))


def test_an_image_that_is_all_hole_stays():
    image = torch.rand(1, 3, 9, 9)
    assert torch.equal(filled(image, torch.ones(1, 1, 9, 9, dtype=torch.bool)), image)


def test_a_softened_mask_holds_the_mask_and_ends():
    mask = np.zeros((64, 64), bool)
    mask[20:40, 20:40] = True
    soft = softened(mask, (128, 128))[0, 0].numpy()
    assert (soft[40:80, 40:80] == 1).all()
    assert (soft[:24] == 0).all()
    assert 0 < soft[60, 32] < 1
    assert soft.max() == 1


def test_boxes_lie_where_they_were():
    mask = boxed([(0, 0, 7, 224), (112, 56, 224, 112)], (224, 224))
    assert mask[:2].all()
    assert mask[32:, 16:32].all()
    assert mask.sum() == 2 * 64 + 32 * 16


def test_a_hull_fills_hollows():
    ring = np.zeros((20, 20), bool)
    ring[5:15, 5:15] = True
    ring[7:13, 7:13] = False
    assert hull(ring)[5:15, 5:15].all()
    assert hull(ring).sum() == 100
