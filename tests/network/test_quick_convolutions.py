"""Convolutions by Winograd's way in a gradient: those of the network itself, up to rounding."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cutaway as cw
from cutaway.network.capture import differentiate
from cutaway.network.products import product
from cutaway.network.quick_convolutions import QuickConvolutions


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_gradient_is_the_networks_own(bias, padding):
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 256, 3),
        nn.Conv2d(256, 256, 3, padding=padding, bias=bias),
        nn.Softplus(),
        nn.Conv2d(256, 4, 3, stride=2, padding="valid"),
    )
    net, images = cw.Network(module), torch.randn(2, 3, 25, 22)
    quick = QuickConvolutions()
    score, found = lambda a: a["3"].square().flatten(1).sum(1), []
    for rules in (None, quick.rules()):
        found.append(differentiate(net, images, score, ["3"], ["@input"], rules))
    exact = differentiate(cw.Network(module.double()), images.double(), score, ["3"], ["@input"])
    assert len(quick._ready) == 1, "the wide convolution was meant to go the quick way"
    goal = exact.gradients["@input"]
    plain, other = (float((one.gradients["@input"] - goal).norm() / goal.norm()) for one in found)
    assert other < max(5e-5, 50 * plain)


def test_weights_that_change_are_met():
    layer, quick = nn.Conv2d(256, 256, 3, padding=1), QuickConvolutions()
    net, images = cw.Network(nn.Sequential(layer)), torch.randn(1, 256, 18, 18)

    def ask(rules):
        return differentiate(net, images, lambda a: a["0"].flatten(1).sum(1), ["0"], ["@input"], rules)

    ask(quick.rules())
    with torch.no_grad():
        layer.weight *= 2
    assert torch.allclose(ask(quick.rules()).scores, ask(None).scores, rtol=1e-3, atol=1e-1)


@pytest.mark.parametrize("shape", [(3, 5, 7), (512, 300, 257), (1, 2048, 1024)])
def test_products(shape):
    k, c, o = shape
    rows, weights = torch.randn(c, k).T, torch.randn(o, c)
    exact = F.linear(rows.double(), weights.double())
    assert torch.allclose(product(rows, weights).double(), exact, atol=1e-3)
