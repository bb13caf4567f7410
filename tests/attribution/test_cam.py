"""Class activation maps, against their definition."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cutaway
from cutaway.attribution import CAM, GradCAM
from cutaway.errors import UnknownClass, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit, class_probability
from cutaway.objectives.objective import Objective


@pytest.fixture
def images():
    return torch.randn(2, 3, 9, 7)


def gap(*ends: nn.Module) -> nn.Sequential:
    pool = (nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *pool, nn.Linear(4, 5), *ends).eval()


@pytest.mark.parametrize("ends", [(), (nn.Softmax(1),)], ids=["logits", "softmax"])
def test_it_is_the_map_weighted_by_the_row_of_its_class(ends, images):
    net = gap(*ends)
    maps = CAM()(Network(net), images, class_logit(3))
    features = net[1](net[0](images))
    right = (features * net[4].weight[3].view(1, 4, 1, 1)).sum(1, keepdim=True)
    torch.testing.assert_close(maps, right.detach())
    logits = net[:5](images)
    torch.testing.assert_close(maps.mean((1, 2, 3)) + net[4].bias[3].detach(), logits[:, 3].detach())
    assert CAM().grid(Network(net), images) == "1"


def test_each_image_may_have_its_own_class(images):
    network = Network(gap())
    both = CAM()(network, images, class_logit([1, 4]))
    torch.testing.assert_close(both[0], CAM()(network, images, class_logit(1))[0])
    torch.testing.assert_close(both[1], CAM()(network, images, class_logit(4))[1])


def test_a_difference_of_classes_is_the_difference_of_maps(images):
    network = Network(gap())
    one, two = (CAM()(network, images, class_logit(k)) for k in (1, 2))
    torch.testing.assert_close(CAM()(network, images, class_logit(1) - 0.5 * class_logit(2)), one - 0.5 * two)


def test_probability_mixes_classes_by_its_derivative(images):
    network = Network(gap())
    p = network.module(images).softmax(1).detach()
    maps = torch.stack([CAM()(network, images, class_logit(k))[:, 0] for k in range(5)], 1)
    slope = -p * p[:, :1]
    slope[:, 0] += p[:, 0]
    right = (maps * slope[:, :, None, None]).sum(1, keepdim=True)
    torch.testing.assert_close(CAM()(network, images, class_probability(0)), right)


def test_squeezenet_gives_the_channel_of_its_class():
    network = cutaway.load("squeezenet1_1")
    images = torch.randn(1, 3, 96, 96)
    maps = CAM()(network, images, class_logit(285))
    with torch.no_grad():
        before = network.module.classifier[:3](network.module.features(images))
        logit = network.module(images)[0, 285]
    torch.testing.assert_close(maps[:, 0], before[:, 285])
    torch.testing.assert_close(maps.mean(), logit)


def test_works_in_inference_mode_and_on_frozen_weights(images):
    net = gap()
    right = CAM()(Network(net), images, class_logit(0))
    net.requires_grad_(False)
    with torch.inference_mode():
        assert torch.equal(CAM()(Network(net), images, class_logit(0)), right)


def test_other_objectives_and_networks_are_refused(images):
    inner = Objective("brightness", ("1",), lambda a: a["1"].mean((1, 2, 3)))
    with pytest.raises(UnsupportedMethod, match="brightness reads 1. Use GradCAM"):
        CAM()(Network(gap()), images, inner)
    with pytest.raises(UnsupportedMethod, match="CAM cannot read"):
        CAM()(
            Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(140, 5))),
            images,
            class_logit(0),
        )
    with pytest.raises(UnknownClass, match="classes 0 to 4, got 5"):
        CAM()(Network(gap()), images, class_logit(5))


class Ends(nn.Module):
    """A map, its mean, and one linear layer, as the graph has it; but each does something else besides."""

    def __init__(self, end: str) -> None:
        super().__init__()
        self.conv, self.fc, self.end = nn.Conv2d(3, 35, 3), nn.Linear(35, 5), end
        self.scale = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        maps = F.relu(self.conv(x))
        weight, bias = self.fc.weight, self.fc.bias
        return {
            "normalised weights": lambda: F.linear(maps.mean((2, 3)), F.normalize(weight)),
            "scaled weights": lambda: F.linear(maps.mean((2, 3)), weight * self.scale),
            "other order of channels": lambda: self.fc(maps[:, torch.arange(34, -1, -1)].mean((2, 3))),
            "mean of a part": lambda: self.fc(maps[:, :, 1:-1, 1:-1].mean((2, 3))),
            "mean of channels": lambda: self.fc(maps.mean(1).flatten(1)),
            "pool of a part": lambda: self.fc(F.avg_pool2d(maps, 5).flatten(1)),
            "ReLU at the end": lambda: F.relu(self.fc(maps.mean((2, 3)))),
            "bias twice": lambda: F.linear(maps.mean((2, 3)), weight, bias * 2),
        }[self.end]()


@pytest.mark.parametrize(
    "end",
    "normalised weights|scaled weights|other order of channels|mean of a part|mean of channels|pool of a part"
    "|ReLU at the end|bias twice".split("|"),
)
def test_an_end_that_only_looks_like_one_is_refused(end, images):
    """Better no map than a wrong one: the definition has to hold for these very images."""
    net = Ends(end).eval()
    assert net(images).shape == (2, 5)
    with pytest.raises(UnsupportedMethod, match="Use GradCAM"):
        CAM()(Network(net), images, class_logit(1))
    assert GradCAM()(Network(net), images, class_logit(1)).shape == (2, 1, 7, 5)


def test_spectrally_normalised_weights_are_not_taken_raw(images):
    net = gap()
    torch.nn.utils.parametrizations.spectral_norm(net[4])
    net.eval()
    try:
        maps = CAM()(Network(net), images, class_logit(1))
    except UnsupportedMethod:
        return
    torch.testing.assert_close(maps.mean((1, 2, 3)) + net[4].bias[1].detach(), net(images)[:, 1].detach())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_it_holds_in_every_precision(dtype, images):
    net = gap().to(dtype)
    maps = CAM()(Network(net), images, class_logit(3))
    assert maps.dtype == dtype
    logits = net(images.to(dtype))[:, 3].detach()
    right = (maps.double().mean((1, 2, 3)) + net[4].bias[3].detach().double()).to(dtype)
    torch.testing.assert_close(right, logits, atol=0.02, rtol=0.02)
    with torch.autocast("cpu", torch.bfloat16):
        assert CAM()(Network(gap()), images, class_logit(3)).shape == (2, 1, 7, 5)
