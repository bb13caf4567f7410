"""Total variation and α-norm: by plain loops, by finite differences, and what subtracting them does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadSetting
from cutaway.synthesis import LBFGS, Pixels, ascend


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
def test_total_variation_is_a_plain_loop(power):
    images = torch.randn(2, 3, 4, 5)
    found = cw.total_variation(power).score({"@input": images})
    for one, given in zip(images.tolist(), found.tolist(), strict=True):
        summed = 0.0
        for plane in one:
            for y in range(3):
                for x in range(4):
                    across, down = plane[y][x + 1] - plane[y][x], plane[y + 1][x] - plane[y][x]
                    summed += (across**2 + down**2) ** (power / 2)
        assert given == pytest.approx(summed, rel=1e-5)


@pytest.mark.parametrize("alpha", [1.0, 2.0, 6.0])
def test_alpha_norm_is_the_power_of_the_norm(alpha):
    images = torch.randn(2, 3, 4, 5)
    wanted = torch.linalg.vector_norm(images.flatten(1), alpha, dim=1) ** alpha
    torch.testing.assert_close(cw.alpha_norm(alpha).score({"@input": images}), wanted)


@pytest.mark.parametrize("penalty", [cw.total_variation(1), cw.total_variation(2), cw.alpha_norm(6)])
def test_gradients(penalty):
    images = torch.randn(1, 2, 3, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: penalty.score({"@input": x}), images)


def test_a_plain_image_has_no_slope_and_no_nan():
    plain = torch.full((1, 3, 4, 4), 0.5, requires_grad=True)
    (slope,) = torch.autograd.grad(cw.total_variation(1).score({"@input": plain}).sum(), plain)
    assert not slope.any()


def test_subtracted_it_makes_smoother_images():
    """Of two equal ascents the one with the penalty ends smoother, and nearer to the mean colour."""
    settings = cw.Preprocessing(size=12, mean=(0.5,) * 3, std=(0.5,) * 3)
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), settings)
    goal = cw.capture(net, torch.rand(1, 3, 12, 12) * 2 - 1, "0")["0"]
    rough, smooth, faint = (
        ascend(net, objective, Pixels.noise(1, 12, spread=90), steps=20, optimizer=LBFGS()).images
        for objective in (
            cw.match("0", goal),
            cw.match("0", goal) - 0.01 * cw.total_variation(),
            cw.match("0", goal) - 0.1 * cw.alpha_norm(),
        )
    )
    for penalty, less in ((cw.total_variation(), smooth), (cw.alpha_norm(), faint)):
        before, after = (float(penalty.score({"@input": settings.normalize(x)})) for x in (rough, less))
        assert after < 0.8 * before


def test_what_is_refused():
    with pytest.raises(BadSetting, match="power must be above 0, got 0"):
        cw.total_variation(0)
    with pytest.raises(BadSetting, match="alpha must be at least 1, got 0.5"):
        cw.alpha_norm(0.5)
    with pytest.raises(BadSetting, match="2 × 2 pixels or more"):
        cw.total_variation().score({"@input": torch.ones(1, 3, 1, 9)})
