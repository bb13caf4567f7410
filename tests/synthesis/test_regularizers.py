"""Regularizers against scipy and cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

import cutaway as cw
from cutaway.errors import BadSetting
from cutaway.synthesis import (
    CentreBias,
    Clip,
    GaussianBlur,
    L2Decay,
    Normalised,
    Pixels,
    SmallBenefit,
    SmallGradient,
    SmallPixels,
    ascend,
)
from tests.synthesis.networks import small


def images(h: int = 9, w: int = 12) -> torch.Tensor:
    return torch.randn(2, 3, h, w, generator=torch.Generator().manual_seed(1))


NONE = torch.zeros(2, 3, 9, 12)


@pytest.mark.parametrize("width", [0.5, 1.0, 2.2])
def test_blur_is_scipys(width):
    given = images()
    expected = ndimage.gaussian_filter(
        given.double().numpy(), (0, 0, width, width), mode="nearest", truncate=4
    )
    assert np.allclose(GaussianBlur(width, every=1)(given, NONE, 0).numpy(), expected, atol=1e-5)


def test_blur_comes_every_few_steps():
    given, blur = images(), GaussianBlur(1.0, every=3)
    assert [torch.equal(blur(given, NONE, step), given) for step in range(6)] == [True, True, False] * 2


def test_decay_by_hand():
    assert torch.allclose(L2Decay(0.25)(images(), NONE, 0), 0.75 * images())


def test_small_ones_by_hand():
    """A pixel is all its channels together; each image has its own share."""
    given = torch.tensor(
        [[[[3.0, 0.0, 1.0, 2.0]], [[4.0, 0.5, 1.0, 0.0]]], [[[0.1, 9.0, 8.0, 7.0]], [[0.1, 9.0, 8.0, 7.0]]]]
    )
    gradient = torch.tensor(
        [[[[1.0, 5.0, 1.0, 0.0]], [[-1.0, 5.0, 1.0, 9.0]]], [[[1.0, 0.0, -2.0, 3.0]], [[1.0, 0.0, 0.0, 3.0]]]]
    )

    def kept(regularizer):
        edited = regularizer(given, gradient, 0)
        left = (edited != 0).any(1)[:, 0] | (given == 0).all(1)[:, 0]
        assert torch.equal(edited[(edited != 0)], given[(edited != 0)])
        return left.tolist()

    # norms 5, .5, 1.4, 2 and .1, 13, 11, 10
    assert kept(SmallPixels(0.5)) == [[True, False, False, True], [False, True, True, False]]
    # of gradients 1.4, 7, 1.4, 9 and 1.4, 0, 2, 4
    assert kept(SmallGradient(0.25))[1] == [True, False, True, True]
    # value times gradient −1, 2.5, 2, 0 and .2, 0, −16, 42
    assert kept(SmallBenefit(0.25)) == [[False, True, True, True], [True, True, False, True]]
    assert kept(SmallBenefit(0.5)) == [[False, True, True, False], [True, False, False, True]]
    assert kept(SmallPixels(0.0)) == [[True] * 4] * 2


def test_centre_bias_by_hand():
    found = CentreBias(0.5, width=1.0)(torch.ones(1, 1, 3, 3), torch.zeros(1, 1, 3, 3), 0)[0, 0]
    # The middle of a side lies one half side away, a corner √2 of it.
    assert found[1, 1] == 1
    assert float(found[0, 1]) == pytest.approx(1 - 0.5 * (1 - np.exp(-0.5)))
    assert float(found[2, 2]) == pytest.approx(1 - 0.5 * (1 - np.exp(-1.0)))


def test_clip_by_hand():
    given = torch.tensor([-2.0, 0.5, 2.0]).expand(1, 2, 1, 3)
    found = Clip((-1.0, 0.0), (1.0, 0.25))(given, given, 0)
    assert found[0, :, 0].tolist() == [[-1.0, 0.5, 1.0], [0.0, 0.25, 0.25]]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: L2Decay(1.5),
        lambda: GaussianBlur(0.0),
        lambda: GaussianBlur(1.0, every=0),
        lambda: SmallPixels(-0.1),
        lambda: CentreBias(0.1, width=0.0),
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(BadSetting):
        wrong()


def test_the_loop_edits_what_the_network_takes_with_the_scores_gradient():
    """One step by hand: move, then edit with the gradient from before the step, in the network's own units."""
    net = small()
    start = Pixels.noise(2, 10, spread=40.0)
    pixels = start.images().detach().clone().requires_grad_(True)
    images = net.preprocessing.normalize(pixels)
    images.retain_grad()
    net.module(images)[:, 1].mean((1, 2)).sum().backward()
    moved = 255 * pixels.detach() + 3.0 * pixels.grad / (
        pixels.grad.square().mean((1, 2, 3), keepdim=True).sqrt()
    )
    edited = SmallBenefit(0.3)(net.preprocessing.normalize(moved / 255), images.grad, 0)
    expected = net.preprocessing.pixels(L2Decay(0.2)(edited, images.grad, 0))

    made = ascend(
        net,
        cw.channel("2", 1),
        start,
        steps=1,
        # So small a gradient would feel what is added to its root mean square.
        optimizer=Normalised(3.0, least=1e-12),
        regularizers=[SmallBenefit(0.3), L2Decay(0.2)],
    )
    assert torch.allclose(made.images, expected, atol=1e-5)
