"""Shapley values: beside Captum called by hand, and where they can be counted out."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pytest
import torch
from captum.attr import GradientShap, KernelShap
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import SHAP


@pytest.fixture(scope="module")
def squeezenet() -> tuple[cw.Network, nn.Module, Tensor]:
    module = cw.load("squeezenet1_1").module.double()
    torch.manual_seed(0)
    return cw.Network(module), module, torch.randn(2, 3, 64, 72, dtype=torch.float64)


def agrees(ours: Tensor, theirs: Tensor) -> None:
    assert float(theirs.abs().max()) > 0
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-5


def seeded() -> None:
    torch.manual_seed(4)
    np.random.seed(4)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_gradients_are_captums(squeezenet, noise) -> None:
    net, module, images = squeezenet
    drawn = 0.3 * images.flip(2)
    ours = SHAP(samples=6, baseline=drawn, noise=noise, seed=4, reduce="none")(
        net, images, cw.class_logit([285, 7])
    )
    for i, k in enumerate((285, 7)):
        seeded()
        one = images[i : i + 1]
        reach = noise * float(one.max() - one.min())
        agrees(
            ours[i : i + 1], GradientShap(module).attribute(one, drawn, 6, stdevs=reach, target=k).detach()
        )


def test_cells_are_captums(squeezenet) -> None:
    net, module, images = squeezenet
    method = SHAP("kernel", samples=40, cell=24, seed=4)
    ours = method(net, images[:1], cw.class_logit(285))
    assert ours.shape == (1, 1, 3, 3)
    lattice = method.lattice(net, images)
    assert (lattice.start, lattice.step) == ((12.0, 12.0), (24.0, 24.0))
    seeded()
    cells = (torch.arange(64) // 24)[:, None] * 3 + torch.arange(72) // 24
    theirs = KernelShap(module).attribute(
        images[:1], 0.0, 285, feature_mask=cells.expand(1, 3, -1, -1), n_samples=40, return_input_shape=False
    )
    agrees(ours.reshape(1, 9), theirs.to(ours))
    with torch.no_grad():
        rise = (module(images[:1]) - module(torch.zeros_like(images[:1])))[0, 285]
    torch.testing.assert_close(ours.sum(), rise, rtol=1e-4, atol=1e-4)


class Pairs(nn.Module):
    """Four cells of 2 × 2 pixels: products of neighbours, so that no cell's share is its own alone."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        a, b, c, d = nn.functional.avg_pool2d(x.mean(1, keepdim=True), 2).flatten(1).T
        return torch.stack([a * b + 2 * c, a * b * c * d + d], 1) * self.one


def test_cells_have_the_values_that_all_orders_give() -> None:
    torch.manual_seed(0)
    module, image = Pairs().double(), torch.rand(1, 3, 4, 4).double() + 0.5
    wanted = torch.zeros(4, dtype=torch.float64)
    module.requires_grad_(False)
    for order in itertools.permutations(range(4)):
        shown, before = torch.zeros_like(image), float(module(torch.zeros_like(image))[0, 1])
        for cell in order:
            part = (..., slice(cell // 2 * 2, cell // 2 * 2 + 2), slice(cell % 2 * 2, cell % 2 * 2 + 2))
            shown[part] = image[part]
            after = float(module(shown)[0, 1])
            wanted[cell] += (after - before) / math.factorial(4)
            before = after
    found = SHAP("kernel", samples=4000, cell=2)(cw.Network(module), image, cw.class_logit(1)).flatten()
    torch.testing.assert_close(found, wanted, rtol=0.05, atol=0.05 * float(wanted.abs().max()))


def test_gradients_of_a_linear_score_are_exact() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, 3)).eval()
    images = torch.randn(2, 3, 4, 4)
    found = SHAP(samples=3, baseline=0.5, reduce="none")(cw.Network(module), images, cw.class_logit(2))
    right = (images - 0.5) * module[1].weight[2].detach().view(1, 3, 4, 4)
    torch.testing.assert_close(found, right)
    assert SHAP(samples=3)(cw.Network(module), images, cw.class_logit(2)).shape == (2, 1, 4, 4)


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(nn.functional.relu(self.conv(x), inplace=True).mean((2, 3)))


@pytest.mark.parametrize("method", [SHAP(samples=4), SHAP("kernel", cell=5)])
def test_any_network_and_nothing_left_behind(method) -> None:
    torch.manual_seed(0)
    module, images = Functional().train(), torch.randn(3, 3, 10, 12)
    net, drawn, own = cw.Network(module), torch.get_rng_state(), np.random.get_state()[1].copy()
    with torch.inference_mode():
        found = method(net, images, cw.class_logit([1, 0, 4]))
    assert torch.equal(found, method(net, images, cw.class_logit([1, 0, 4])))
    torch.testing.assert_close(found[2:], method(net, images[2:], cw.class_logit(4)))
    assert torch.equal(torch.get_rng_state(), drawn)
    assert np.array_equal(np.random.get_state()[1], own)
    assert module.training
    assert all(p.grad is None for p in module.parameters())
    with cw.memory("16M"):
        torch.testing.assert_close(
            found, method(net, images, cw.class_logit([1, 0, 4])), rtol=1e-3, atol=1e-5
        )
    plain = cw.channel("conv", 1)
    assert method(net, images, plain).shape == found.shape


def test_bad_settings_are_told(monkeypatch) -> None:
    net, image = cw.Network(Functional()), torch.randn(1, 3, 10, 12)
    with pytest.raises(cw.BadSetting, match=r"10 × 12 cells need at least 122 samples, got 50"):
        SHAP("kernel", samples=50, cell=1)(net, image, cw.class_logit(1))
    with pytest.raises(cw.BadSetting, match="a single cell"):
        SHAP("kernel", cell=32)(net, image, cw.class_logit(1))
    for wrong in ({"samples": 0}, {"cell": 0}, {"noise": -1}, {"reduce": "mean"}, {"how": "deep"}):
        with pytest.raises(cw.BadSetting):
            SHAP(**wrong)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(cw.UnsupportedMethod, match=r'pip install "cutaway\[shap\]"'):
        SHAP()(net, image, cw.class_logit(1))
