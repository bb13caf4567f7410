"""Units and channels as objectives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import GradCAM, Saliency
from cutaway.objectives.objective import Unit, each


@pytest.fixture
def net() -> cw.Network:
    torch.manual_seed(0)
    return cw.Network(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Flatten(), nn.Linear(80, 6))
    )


IMAGES = torch.linspace(-1, 1, 2 * 3 * 64).view(2, 3, 8, 8)


def test_a_unit_is_that_number(net):
    values = cw.capture(net, IMAGES, "2")["2"]
    assert torch.equal(cw.unit("2", 3, 1, 2).score({"2": values}), values[:, 3, 1, 2])
    assert torch.equal(cw.unit("2", np.int64(3)).score({"2": values}), values[:, 3, 2, 2])
    assert torch.equal(cw.unit("4", 5).score({"4": values.flatten(1)[:, :6]}), values.flatten(1)[:, 5])
    assert torch.equal(cw.channel("2", 3).score({"2": values}), values[:, 3].mean((1, 2)))


def test_what_the_layer_does_not_have_is_told(net):
    values = cw.capture(net, IMAGES, "2")["2"]
    for wrong, told in (
        (cw.unit("2", 5), "channels 0 to 4, got 5"),
        (cw.unit("2", -1), "channels 0 to 4, got -1"),
        (cw.unit("2", 0, 4, 0), "rows 0 to 3, got 4"),
        (cw.unit("2", 0, 0, 9), "columns 0 to 3, got 9"),
        (cw.channel("2", 5), "channels 0 to 4, got 5"),
    ):
        with pytest.raises(cw.BadSetting, match=told):
            wrong.score({"2": values})
    with pytest.raises(cw.BadSetting, match="has no places"):
        cw.unit("4", 0, 1, 1).score({"4": torch.zeros(1, 6)})
    with pytest.raises(cw.BadSetting, match="needs a layer"):
        cw.unit("4", 0).score({"4": torch.zeros(1, 6, 3)})


def test_nothing_after_its_layer_runs_and_its_gradient_is_autograds(net):
    leaf = IMAGES.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(net.module[:3](leaf)[:, 3, 1, 2].sum(), leaf)
    torch.testing.assert_close(Saliency("none")(net, IMAGES, cw.unit("2", 3, 1, 2)), wanted)
    deep = cw.unit("2", 3, 1, 2) - 0.5 * cw.channel("0", 1)
    assert GradCAM("1")(net, IMAGES, cw.unit("2", 3)).shape == (2, 1, 6, 6)
    assert deep.layers == ("2", "0")
    assert deep.units == ()


def test_each_keeps_units_only_where_all_are():
    both = each([cw.unit("2", 3, 1, 2), cw.unit("0", 1, 0, 0)])
    assert both.units == (Unit("2", 3, 1, 2), Unit("0", 1, 0, 0))
    assert each([cw.unit("2", 3, 1, 2), cw.channel("0", 1)]).units == ()


@pytest.mark.parametrize("method", [cw.attribution.GuidedBackprop(), cw.attribution.Deconvnet()])
def test_units_of_several_layers_in_one_batch(net, method):
    together = method(net, IMAGES, each([cw.unit("2", 3, 1, 2), cw.unit("0", 1, 0, 5)]))
    torch.testing.assert_close(together[:1], method(net, IMAGES[:1], cw.unit("2", 3, 1, 2)))
    torch.testing.assert_close(together[1:], method(net, IMAGES[1:], cw.unit("0", 1, 0, 5)))
    with pytest.raises(cw.BadSetting, match="3 units were given for a batch of 2"):
        method(net, IMAGES, each([cw.unit("2", 3, 1, 2)] * 3))
