"""Occlusion and RISE by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import RISE, Occlusion
from cutaway.objectives.objective import Objective, each


class Quarter(nn.Module):
    """Answers with the mean of the upper left quarter."""

    def forward(self, x):
        h, w = x.shape[2] // 2, x.shape[3] // 2
        return x[:, :, :h, :w].mean((1, 2, 3))[:, None]


BRIGHT = Objective("brightness", ("@output",), lambda a: a["@output"][:, 0])


def test_occlusion_falls_by_what_is_hidden():
    images = torch.ones(1, 3, 16, 16)
    found = Occlusion(size=4, stride=4)(cw.Network(Quarter()), images, BRIGHT)
    expected = torch.zeros(4, 4)
    expected[:2, :2] = 0.25
    torch.testing.assert_close(found[0, 0], expected)


@pytest.mark.parametrize(
    ("size", "stride", "shape", "last"),
    [
        (4, 4, (4, 4), (12, 12)),
        (5, 3, (5, 4), (12, 9)),
        ((3, 6), (2, 5), (8, 3), (14, 10)),
        (1, 1, (16, 13), (15, 12)),
        (4, 10, (2, 2), (10, 10)),  # a third position would lie below the image and hide nothing
    ],
)
def test_positions_reach_the_far_border(size, stride, shape, last):
    images = torch.ones(1, 1, 16, 13)
    method = Occlusion(size=size, stride=stride)
    tops, lefts = method._positions(images)
    assert (len(tops), len(lefts)) == shape
    assert (tops[-1], lefts[-1]) == last
    assert method(cw.Network(Quarter()), images, BRIGHT).shape == (1, 1, *shape)


@pytest.mark.parametrize("fill", [0.0, -1.5, "mean", "blur", "noise"])
def test_occlusion_is_a_loop_over_positions(fill):
    torch.manual_seed(0)
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14 * 14, 5)))
    images = torch.randn(2, 3, 16, 16)
    method = Occlusion(size=6, stride=5, fill=fill, seed=3)
    objective = each([cw.class_logit(1), cw.class_probability(4)])
    found = method(net, images, objective)
    for i, score in enumerate((lambda y: y[:, 1], lambda y: y.softmax(1)[:, 4])):
        filled = method._filled(images[i : i + 1], i)
        for r, top in enumerate((0, 5, 10)):
            for c, left in enumerate((0, 5, 10)):
                hidden = images[i : i + 1].clone()
                hidden[:, :, top : top + 6, left : left + 6] = filled[:, :, top : top + 6, left : left + 6]
                with torch.no_grad():
                    fall = score(net.module(images[i : i + 1])) - score(net.module(hidden))
                torch.testing.assert_close(found[i, 0, r, c], fall[0], rtol=1e-4, atol=1e-5)


def test_blur_keeps_a_flat_image_and_noise_its_mean():
    flat = torch.full((1, 3, 40, 40), 2.0)
    torch.testing.assert_close(Occlusion(fill="blur")._filled(flat, 0), flat)
    image = torch.randn(1, 3, 64, 64) + torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    noise = Occlusion(fill="noise")._filled(image, 0)
    torch.testing.assert_close(noise.mean((2, 3)), image.mean((2, 3)), atol=0.1, rtol=0)


def test_positions_lie_where_the_photo_is_hidden():
    """The map's cells are drawn at the patches' middles."""
    lattice = Occlusion(size=32, stride=8).lattice(cw.Network(Quarter()), torch.ones(1, 3, 64, 64))
    assert (lattice.start, lattice.step) == ((16.0, 16.0), (8.0, 8.0))


def test_rise_is_the_weighted_mean_of_its_masks():
    images = torch.rand(1, 3, 20, 30)
    method = RISE(masks=40, cells=4, keep=0.4, seed=2)
    masks = method.mask(0, 40, 20, 30)
    scores = (images * masks)[:, :, :10, :15].mean((1, 2, 3))
    by_hand = (scores[:, None, None, None] * masks).sum(0) / (40 * 0.4)
    found = method(cw.Network(Quarter()), images, BRIGHT)
    torch.testing.assert_close(found[0], by_hand, rtol=1e-4, atol=1e-6)


def test_masks_are_soft_shifted_and_see_what_they_should():
    masks = RISE(masks=400, cells=5, keep=0.3).mask(0, 400, 32, 48)
    assert masks.shape == (400, 1, 32, 48)
    assert 0 <= float(masks.min()) <= float(masks.max()) <= 1
    assert 0.25 < float(masks.mean()) < 0.35
    assert torch.equal(RISE(cells=5, keep=0.3).mask(7, 9, 32, 48), masks[7:9])


def test_rise_finds_the_quarter_that_counts():
    found = RISE(masks=600, cells=4)(cw.Network(Quarter()), torch.ones(1, 3, 32, 32), BRIGHT)[0, 0]
    inside = found[:16, :16].mean()
    assert inside > 1.1 * found[16:, 16:].mean()
    with cw.memory("16M"):
        again = RISE(masks=600, cells=4)(cw.Network(Quarter()), torch.ones(1, 3, 32, 32), BRIGHT)[0, 0]
    torch.testing.assert_close(again, found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Occlusion(size=0),
        lambda: Occlusion(stride=(0, 1)),
        lambda: Occlusion(fill="pink"),
        lambda: RISE(masks=0),
        lambda: RISE(keep=1.0),
        lambda: Occlusion(size=99)(cw.Network(Quarter()), torch.ones(1, 3, 32, 32), BRIGHT),
    ],
)
def test_bad_settings_are_told(wrong):
    with pytest.raises(cw.BadSetting):
        wrong()
