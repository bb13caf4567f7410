"""Methods made of gradients: by hand where a hand can, and the same for any batch and budget."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import (
    GradCAM,
    GuidedBackprop,
    GuidedGradCAM,
    InputXGradient,
    IntegratedGradients,
    Saliency,
    SmoothGrad,
)
from cutaway.objectives.objective import Objective, each


@pytest.fixture
def net() -> cw.Network:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 5, 3), nn.SiLU(), nn.Flatten()
    return cw.Network(nn.Sequential(*layers, nn.Linear(5 * 16, 4)))


def test_integrated_gradients_of_a_square_is_the_square():
    """The gradient 2x along the way from b to x, times x − b, is x² − b²."""
    images = torch.randn(2, 3, 4, 4)
    network = cw.Network(nn.Identity())
    squares = Objective("squares", ("@output",), lambda a: (a["@output"] ** 2).flatten(1).sum(1))
    found = IntegratedGradients(steps=3, baseline=0.5, reduce="none")(network, images, squares)
    torch.testing.assert_close(found, images**2 - 0.25, rtol=1e-4, atol=1e-5)


def test_integrated_gradients_sum_up_to_the_difference_of_the_scores(net):
    images, objective = torch.randn(2, 3, 14, 14), cw.class_logit([1, 3])
    found = IntegratedGradients(steps=200)(net, images, objective).sum((1, 2, 3))
    with torch.no_grad():
        scores = net.module(images) - net.module(torch.zeros_like(images))
    torch.testing.assert_close(found, scores[[0, 1], [1, 3]], rtol=5e-3, atol=2e-3)


class Scaled(nn.Module):
    """Hands the image on; its weight says in which precision."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.one


@pytest.mark.parametrize(
    ("rule", "steps", "most"),
    [
        ("gauss-legendre", 2, 1e-12),
        ("middle", 1, 0.25),
        ("left", 50, 1.5 / 50),
        ("right", 50, 1.6 / 50),
        ("trapezoid", 50, 1e-3),
    ],
)
def test_rules_integrate_a_cubic(rule, steps, most):
    """Of x³ the gradient along the way is a square, which Gauss and Legendre have exactly by two steps."""
    images = torch.rand(1, 3, 4, 4, dtype=torch.float64)
    cubes = Objective("cubes", ("@output",), lambda a: (a["@output"] ** 3).flatten(1).sum(1))
    network = cw.Network(Scaled().double())
    found = IntegratedGradients(steps, rule=rule, reduce="none")(network, images, cubes)
    error = float((found - images**3).abs().max())
    assert most / 50 < error + 1e-12 <= 1.01 * most
    told = IntegratedGradients(steps, rule=rule).completeness_error(network, images, cubes, found)
    torch.testing.assert_close(told, (found - images**3).flatten(1).sum(1), rtol=1e-6, atol=1e-12)


def test_no_completeness_is_told_of_absolute_values(net):
    images = torch.randn(1, 3, 14, 14)
    method = IntegratedGradients(steps=2, reduce="max")
    with pytest.raises(cw.BadSetting, match="sum up to no score"):
        method.completeness_error(net, images, cw.class_logit(1), method(net, images, cw.class_logit(1)))


def test_input_x_gradient_is_that_product(net):
    images, objective = torch.randn(2, 3, 14, 14), cw.class_logit(2)
    gradient = Saliency("none")(net, images, objective)
    torch.testing.assert_close(InputXGradient("none")(net, images, objective), images * gradient)


def test_smooth_grad_is_the_mean_over_its_noise(net):
    image, objective = torch.randn(1, 3, 14, 14), cw.class_logit(2)
    method = SmoothGrad(samples=5, noise=0.2, reduce="none", seed=7)
    reach = 0.2 * (image.max() - image.min())
    noisy = torch.cat([image + reach * method._noise(image, k) for k in range(5)])
    by_hand = Saliency("none")(net, noisy, objective).mean(0, keepdim=True)
    torch.testing.assert_close(method(net, image, objective), by_hand, rtol=1e-4, atol=1e-6)
    spread = (noisy - image).std() / reach
    assert 0.9 < float(spread) < 1.1
    squared = SmoothGrad(samples=5, noise=0.2, squared=True, reduce="none", seed=7)(net, image, objective)
    by_hand = (Saliency("none")(net, noisy, objective) ** 2).mean(0, keepdim=True)
    torch.testing.assert_close(squared, by_hand, rtol=1e-4, atol=1e-6)


def test_without_noise_smooth_grad_is_saliency(net):
    images, objective = torch.randn(2, 3, 14, 14), cw.class_logit(2)
    found = SmoothGrad(samples=3, noise=0.0)(net, images, objective)
    torch.testing.assert_close(found, Saliency()(net, images, objective))


@pytest.mark.parametrize("method", [SmoothGrad(samples=20), IntegratedGradients(steps=20)])
def test_the_same_map_for_every_budget_and_batch(net, method):
    images, objective = torch.randn(3, 3, 14, 14), each([cw.class_logit(k) for k in (2, 0, 1)])
    together = method(net, images, objective)
    assert torch.equal(together, method(net, images, objective))
    with cw.memory("16M"):
        torch.testing.assert_close(method(net, images, objective), together, rtol=1e-4, atol=1e-7)
    for i, k in enumerate((2, 0, 1)):
        alone = method(net, images[i : i + 1], cw.class_logit(k))
        torch.testing.assert_close(alone, together[i : i + 1], rtol=1e-4, atol=1e-7)


def test_seeds_tell_noise_apart(net):
    images, objective = torch.randn(1, 3, 14, 14), cw.class_logit(2)
    one, two = (SmoothGrad(samples=3, seed=seed)(net, images, objective) for seed in (0, 1))
    assert not torch.allclose(one, two)


def test_guided_grad_cam_is_the_product_of_both(net):
    images, objective = torch.randn(2, 3, 14, 14), cw.class_logit(2)
    found = GuidedGradCAM()(net, images, objective)
    coarse = torch.nn.functional.interpolate(GradCAM()(net, images, objective), (14, 14), mode="bilinear")
    torch.testing.assert_close(found, GuidedBackprop()(net, images, objective) * coarse)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Saliency("mean"),
        lambda: InputXGradient("mean"),
        lambda: SmoothGrad(samples=0),
        lambda: SmoothGrad(noise=-1),
        lambda: IntegratedGradients(steps=0),
        lambda: IntegratedGradients(steps=1, rule="trapezoid"),
        lambda: IntegratedGradients(rule="simpson"),
        lambda: GuidedGradCAM(enlarge="cubic"),
    ],
)
def test_bad_settings_are_told(wrong):
    with pytest.raises(cw.BadSetting):
        wrong()
