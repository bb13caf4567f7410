"""Grad-CAM, against its definition."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cutaway.attribution import CAM, GradCAM
from cutaway.errors import UnknownLayer, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective


@pytest.fixture
def images():
    return torch.randn(2, 3, 10, 8)


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 6, 3),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(144, 5),
    ).eval()


def by_hand(module: nn.Sequential, images: torch.Tensor, last: int, k: int) -> torch.Tensor:
    activation = images
    for layer in module[: last + 1]:
        activation = layer(activation)
    activation = activation.detach().requires_grad_(True)
    output = activation * 1
    for layer in module[last + 1 :]:
        output = layer(output)
    (gradient,) = torch.autograd.grad(output[:, k].sum(), activation)
    return (gradient.mean((2, 3), keepdim=True) * activation).sum(1, keepdim=True).detach()


@pytest.mark.parametrize(("layer", "last"), [(None, 3), ("3", 3), ("1", 1), ("0", 0)])
def test_it_is_the_map_weighted_by_its_mean_gradient(layer, last, images):
    module = net()
    signed = GradCAM(layer, relu=False)(Network(module), images, class_logit(2))
    torch.testing.assert_close(signed, by_hand(module, images, last, 2))
    assert torch.equal(GradCAM(layer)(Network(module), images, class_logit(2)), signed.clamp_min(0))
    assert GradCAM(layer).grid(Network(module), images) == str(last)


def test_it_is_cam_where_both_apply(images):
    """Selvaraju et al., appendix A: equal up to the number of places."""
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)
    ).eval()
    network = Network(module)
    signed = GradCAM(relu=False)(network, images, class_logit(1))
    torch.testing.assert_close(signed * 8 * 6, CAM()(network, images, class_logit(1)))


def test_inner_objectives_and_their_layers(images):
    inner = Objective("channel 2", ("2",), lambda a: a["2"][:, 2].mean((1, 2)))
    assert GradCAM("1")(Network(net()), images, inner).shape == (2, 1, 8, 6)
    with pytest.raises(UnknownLayer, match="does not depend on 3"):
        GradCAM("3")(Network(net()), images, inner)
    with pytest.raises(UnsupportedMethod, match="needs a map"):
        GradCAM("5")(Network(net()), images, class_logit(0))
    with pytest.raises(UnknownLayer, match="Closest|It has"):
        GradCAM("7")(Network(net()), images, class_logit(0))
