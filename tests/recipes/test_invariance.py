"""Curves that can be told beforehand: nothing done, a shift that a network cannot see, a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadSetting
from cutaway.recipes.invariance import _changed


def test_doing_nothing_changes_nothing(net, cat):
    found = cw.invariance(net, cat, steps=3, layers=["fire2", "fire9"])
    assert list(found.distances) == ["translation", "scale", "rotation"]
    for change in found.names:
        assert all(line[1] < 1e-4 for line in found.distances[change].values())
        assert found.probabilities[change][1] == pytest.approx(0.592, abs=0.002)
        assert all(line[0] > 0.3 for line in found.distances[change].values())
    assert found.values.shape == (3, 2, 3)


def test_changes_are_what_they_say():
    image = torch.arange(48.0).view(1, 1, 6, 8)
    right = _changed(image, "translation", np.array([0.25]))[0, 0]
    assert torch.allclose(right[:, 2:], image[0, 0, :, :-2], atol=1e-4)
    double = _changed(image, "scale", np.array([2.0]))[0, 0]
    middle = image[0, 0, 1:5, 2:6].mean()
    assert double.mean() == pytest.approx(float(middle), abs=1e-4)
    turned = _changed(image, "rotation", np.array([180.0]))[0, 0]
    assert torch.allclose(turned, image[0, 0].flip(0, 1), atol=1e-4)
    square = torch.arange(36.0).view(1, 1, 6, 6)
    quarter = _changed(square, "rotation", np.array([90.0]))[0, 0]
    assert torch.allclose(quarter, torch.rot90(square[0, 0], 1), atol=1e-4)


def test_distances_are_those_of_a_plain_loop(net, cat):
    found = cw.invariance(net, cat, steps=5, layers=["fire5"], changes=["scale"])
    images = net.prepare(cat).as_subclass(torch.Tensor)
    still = cw.capture(net, images, "fire5")["fire5"]
    for k, amount in enumerate(found.amounts["scale"]):
        moved = cw.capture(net, _changed(images, "scale", np.array([amount])), "fire5")["fire5"]
        right = float((moved - still).norm() / still.norm())
        assert found.distances["scale"]["fire5"][k] == pytest.approx(right, rel=1e-3, abs=1e-4)


def test_a_network_that_only_takes_the_mean_does_not_see_a_turn(cat):
    layers = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)
    network = cw.Network(nn.Sequential(*layers), cw.Preprocessing(size=(32, 32), fit="exact"))
    found = cw.invariance(network, cat, steps=3, layers=["0"], changes=["rotation"])
    assert found.distances["rotation"]["0"] == pytest.approx([0, 0, 0], abs=1e-4)


def test_wrong_settings(net, cat):
    with pytest.raises(BadSetting, match="changes takes translation, scale, rotation, got"):
        cw.invariance(net, cat, changes=["shear"])
    with pytest.raises(BadSetting, match="steps must be at least 2"):
        cw.invariance(net, cat, steps=1)


def test_it_draws_and_saves_itself(net, cat, tmp_path):
    found = cw.invariance(net, cat, steps=3, layers=["fire2"], changes=["rotation"])
    assert found.to_image().width > 900
    with np.load(found.save(tmp_path / "a.npz")) as kept:
        assert kept["values"].shape == (1, 1, 3)
        assert kept["probabilities_rotation"].shape == (3,)
