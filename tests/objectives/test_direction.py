"""Along a direction of channels, and apart from each other."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadSetting
from cutaway.synthesis import Adam, Pixels, ascend


def test_direction_is_a_plain_loop():
    maps, vector = torch.randn(2, 3, 2, 2), torch.randn(3)
    for power in (0.0, 1.0, 2.0):
        found = cw.direction("x", vector, power).score({"x": maps})
        for one, given in zip(maps, found.tolist(), strict=True):
            summed = 0.0
            for place in one.flatten(1).T.tolist():
                dot = sum(a * b for a, b in zip(place, vector.tolist(), strict=True))
                cosine = dot / math.hypot(*place) / math.hypot(*vector.tolist())
                summed += dot * max(cosine, 0.1) ** power
            assert given == pytest.approx(summed / 4, rel=1e-4)


def test_one_channel_is_a_direction():
    maps = torch.randn(3, 4, 5, 5)
    own = torch.eye(4)[:3]
    torch.testing.assert_close(
        cw.direction("x", own).score({"x": maps}), cw.channel("x", [0, 1, 2]).score({"x": maps})
    )
    flat = torch.randn(3, 4)
    torch.testing.assert_close(cw.direction("x", torch.eye(4)[2]).score({"x": flat}), flat[:, 2])


@pytest.mark.parametrize("power", [0.0, 2.0])
def test_gradients(power):
    maps = torch.randn(3, 3, 2, 2, dtype=torch.double, requires_grad=True)
    vector = torch.randn(3).double()
    assert torch.autograd.gradcheck(lambda x: cw.direction("x", vector, power).score({"x": x}), maps)
    assert torch.autograd.gradcheck(lambda x: cw.diversity("x").score({"x": x}), maps)


def test_diversity_is_the_mean_cosine_of_grams():
    maps = torch.randn(4, 3, 5, 5)
    grams = cw.gram_matrix(maps)
    found = cw.diversity("x").score({"x": maps})
    for i in range(4):
        alike = [
            float((grams[i] * grams[j]).sum() / grams[i].norm() / grams[j].norm()) for j in range(4) if j != i
        ]
        assert float(found[i]) == pytest.approx(-sum(alike) / 3, rel=1e-4)
    assert cw.diversity("x").score({"x": maps[:1].expand(3, -1, -1, -1)}).tolist() == pytest.approx([-1] * 3)


def test_ascending_diversity_drives_images_apart():
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU()), cw.Preprocessing(size=12))
    made = ascend(net, cw.diversity("1"), Pixels.noise(3, 12), steps=20, optimizer=Adam(5.0))
    assert bool((made.history[-1] > made.history[0]).all())


def test_what_is_refused():
    with pytest.raises(BadSetting, match="cosine, a power, must be at least 0"):
        cw.direction("x", torch.ones(3), -1)
    with pytest.raises(BadSetting, match="not all zero"):
        cw.direction("x", torch.zeros(3))
    with pytest.raises(BadSetting, match=r"give .3,. or .2, 3."):
        cw.direction("x", torch.ones(4)).score({"x": torch.ones(2, 3, 2, 2)})
    with pytest.raises(BadSetting, match="give two or more"):
        cw.diversity("x").score({"x": torch.ones(1, 3, 2, 2)})
