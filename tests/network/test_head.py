"""Where a network's logits and last maps are found, and why not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import cutaway
from cutaway.attribution import GradCAM
from cutaway.errors import UnsupportedMethod
from cutaway.network.head import feature_map, find_head, last_map, logits_target
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit

IMAGES = torch.zeros(1, 3, 12, 12)


def ends(*layers: nn.Module) -> Network:
    return Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *layers).eval(), name="tiny")


class MeanOfPlaces(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.relu(self.conv(x)).mean((2, 3)))


class SelectedPool(nn.Module):
    """A pool as timm makes it: the mean of the last two dimensions, flattened by a layer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.flatten, self.fc = (
            nn.Conv2d(3, 4, 3),
            nn.SiLU(),
            nn.Flatten(1),
            nn.Linear(4, 5),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.flatten(self.act(self.conv(x)).mean((2, 3), keepdim=True)))


class ChannelsLast(nn.Module):
    """Swin's end: n,h,w,c until the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(3, 4, 3), nn.LayerNorm(4), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


FOUND = {
    "mean and fc": (ends(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)), "1", "4.weight"),
    "with dropout": (
        ends(nn.Dropout(), nn.AvgPool2d(10), nn.Flatten(), nn.Dropout(), nn.Linear(4, 5)),
        "1",
        "6.weight",
    ),
    "mean((2, 3))": (Network(MeanOfPlaces().eval()), "relu", "fc.weight"),
    "softmax": (ends(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5), nn.Softmax(1)), "1", "4.weight"),
    "1x1 after the mean": (ends(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 5, 1), nn.Flatten()), "1", "3.weight"),
    "1x1 before the mean": (
        ends(nn.Conv2d(4, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "3",
        None,
    ),
    "a pool as in timm": (Network(SelectedPool().eval()), "act", "fc.weight"),
    "n,h,w,c before the mean": (Network(ChannelsLast().eval()), "permute:2", "fc.weight"),
    "bare maps": (ends(nn.Conv2d(4, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), "2", None),
}


@pytest.mark.parametrize("case", FOUND)
def test_heads_are_found(case):
    network, layer, weight = FOUND[case]
    head = find_head(network, network.trace(IMAGES))
    assert head.map.name == layer
    assert head.weight == weight
    assert (head.linear is None) == (weight is None)


def test_squeezenet_ends_in_its_own_channels():
    network = cutaway.load("squeezenet1_1")
    head = find_head(network, network.trace(network.example_inputs()))
    assert (head.map.name, head.linear) == ("relu10", None)
    assert feature_map(network, network.trace(network.example_inputs())).name == "fire9.cat"


class TwoEnds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.conv(x)
        return features, self.fc(features.mean((2, 3)))


REFUSED = {
    "several fc layers": (
        ends(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5)),
        r"it ends in 2 fully connected layers \(4, 6\). Use GradCAM",
    ),
    "two fc layers": (
        ends(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6), nn.Linear(6, 5)),
        r"2 fully connected layers \(4, 5\). Use GradCAM",
    ),
    "no mean": (
        ends(nn.Flatten(), nn.Linear(400, 5)),
        "do not read the mean of a map over space. Use GradCAM",
    ),
    "two outputs": (Network(TwoEnds().eval(), name="tiny"), "tiny returns 2 tensors"),
    "a larger pool": (ends(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 5)), "GradCAM"),
    "a largest instead of a mean": (
        ends(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 5)),
        "stands between",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_ends_are_refused_with_the_reason(case):
    network, word = REFUSED[case]
    with pytest.raises(UnsupportedMethod, match=word):
        find_head(network, network.trace(IMAGES))


def test_a_classifier_of_several_layers_is_refused():
    network = ends(
        nn.Flatten(), nn.Linear(400, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 5)
    )
    with pytest.raises(UnsupportedMethod) as refusal:
        find_head(network, network.trace(IMAGES))
    assert "Use GradCAM" in str(refusal.value)


def test_logits_are_before_the_softmax():
    for last in (nn.Softmax(1), nn.LogSoftmax(1)):
        trace = ends(nn.Flatten(), nn.Linear(400, 5), last).trace(IMAGES)
        target = logits_target(trace, "tiny")
        assert not isinstance(target, str)
        assert trace.at(target).name == "3"
    assert logits_target(ends(nn.Flatten(), nn.Linear(400, 5)).trace(IMAGES), "tiny") == "@output"


def test_the_last_map_is_the_last_with_several_places():
    assert last_map(ends(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)).trace(IMAGES)).name == "1"
    assert last_map(ends(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(100, 5)).trace(IMAGES)).name == "2"
    vector = Network(nn.Sequential(nn.Flatten(), nn.Linear(432, 5)))
    assert last_map(vector.trace(IMAGES)) is None
    with pytest.raises(UnsupportedMethod, match="use Saliency"):
        feature_map(vector, vector.trace(IMAGES))


def test_gradients_have_a_map_where_there_are_several_outputs():
    """The last map on the way to any output; `explain` then answers for the output named."""

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

        def forward(self, x):
            features = nn.functional.relu(self.conv(x))
            return {"logits": self.fc(features.mean((2, 3))), "features": features}

    network = Network(Named())
    images = torch.rand(1, 3, 9, 9)
    assert feature_map(network, network.trace(images)).name == "relu"
    found = GradCAM()(network, images, class_logit(1, output="logits"))
    assert found.shape == (1, 1, 7, 7)


def test_the_last_map_of_a_network_that_works_in_other_orders():
    """Not the patches at its very beginning, although all between has its channels last."""
    network = FOUND["n,h,w,c before the mean"][0]
    assert feature_map(network, network.trace(IMAGES)).name == "permute:2"
