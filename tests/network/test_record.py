"""What a network costs, counted apart from our code."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway
from cutaway.network.network import Network
from cutaway.network.record import record
from cutaway.network.zoo.registry import entry


def counted(module: nn.Module, images: torch.Tensor) -> tuple[int, int]:
    """Parameters, and multiply–accumulates by the shapes that hooks see."""
    macs = 0

    def count(layer: nn.Module, given: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal macs
        if isinstance(layer, nn.Conv2d):
            h, w = layer.kernel_size
            macs += output.numel() * layer.in_channels // layer.groups * h * w
        elif isinstance(layer, nn.Linear):
            macs += output.numel() * layer.in_features

    handles = [layer.register_forward_hook(count) for layer in module.modules()]
    with torch.no_grad():
        module.eval()(images)
    for handle in handles:
        handle.remove()
    return sum(p.numel() for p in module.parameters()), macs


def test_squeezenet_costs_what_its_paper_says():
    network = cutaway.load("squeezenet1_1")
    layers = network.layers_for(torch.zeros(1, 3, 224, 224))
    assert sum(layer.parameters for layer in layers) == 1_235_496
    total = sum(layer.macs for layer in layers)
    assert total == counted(network.module, torch.zeros(1, 3, 224, 224))[1]
    assert round(total / 1e6) == 349


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "alexnet", "efficientnet_lite0"])
def test_costs_of_other_networks(name):
    module, images = entry(name).build(), torch.zeros(1, 3, 224, 224)
    layers = Network(module).layers_for(images)
    assert (sum(x.parameters for x in layers), sum(x.macs for x in layers)) == counted(module, images)


def test_weights_that_are_used_again_count_once():
    conv = nn.Conv2d(3, 3, 3)
    layers = Network(nn.Sequential(conv, nn.ReLU(), conv)).layers_for(torch.zeros(1, 3, 8, 8))
    assert [layer.parameters for layer in layers] == [84, 0, 0]
    assert [layer.macs for layer in layers] == [36 * 81, 0, 16 * 81]
    assert [layer.name for layer in layers] == ["0", "1", "0:2"]


def test_transposed_and_grouped_convolutions():
    net = nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.ConvTranspose2d(8, 6, 2, stride=2, groups=2))
    layers = Network(net).layers_for(torch.zeros(1, 4, 8, 8))
    assert [layer.macs for layer in layers] == [8 * 36 * 2 * 9, 8 * 36 * 3 * 4]
    assert [layer.shape for layer in layers] == [(1, 8, 6, 6), (1, 6, 12, 12)]


def test_the_cost_is_of_one_image():
    network = Network(nn.Conv2d(3, 4, 3))
    one = network.layers_for(torch.zeros(1, 3, 8, 8))
    assert [x.macs for x in network.layers_for(torch.zeros(5, 3, 8, 8))] == [x.macs for x in one]


def test_a_parameter_read_on_a_detour_is_not_dead():
    """A class token is expanded, a scale is squared, before the layer that reads it."""

    class Detour(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.scale = nn.Parameter(torch.ones(1, 3, 1, 4)), nn.Parameter(torch.ones(1))
            self.dead = nn.Parameter(torch.ones(7))

        def forward(self, x):
            return torch.cat([self.token.expand(len(x), -1, -1, -1), x], 2) * self.scale**2

    trace = record(Detour(), torch.rand(2, 3, 4, 4))
    assert trace.unused == ("dead",)
    assert [(call.name, call.parameters) for call in trace.calls] == [("cat", 12), ("mul", 1)]
