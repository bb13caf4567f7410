"""Saliency, against autograd."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cutaway.attribution import CAM, Attribution, GradCAM, Saliency
from cutaway.errors import BadSetting
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit


@pytest.mark.parametrize("reduce", ["max", "sum", "none"])
def test_it_is_the_gradient_of_the_pixels(reduce):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 5)).eval()
    images = torch.randn(2, 3, 8, 8)
    found = Saliency(reduce)(Network(module), images, class_logit([1, 3]))
    leaf = images.clone().requires_grad_(True)
    (right,) = torch.autograd.grad(module(leaf)[[0, 1], [1, 3]].sum(), leaf)
    if reduce == "max":
        right = right.abs().max(1, keepdim=True).values
    elif reduce == "sum":
        right = right.abs().sum(1, keepdim=True)
    assert torch.equal(found, right)
    assert images.grad is None


def test_wrong_settings_are_refused():
    method = Saliency()
    object.__setattr__(method, "reduce", "mean")  # as where no type checker looks on
    with pytest.raises(BadSetting, match="max, sum, signed or none"):
        method.__post_init__()


@pytest.mark.parametrize("method", [CAM(), GradCAM(), Saliency()])
def test_every_method_is_an_attribution(method):
    assert isinstance(method, Attribution)
