"""What a network costs, counted apart from our code."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

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


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.attention = (
            nn.Conv2d(3, 8, 4, stride=4),
            nn.MultiheadAttention(8, 2, batch_first=True),
        )
        self.matrix, self.shift = nn.Parameter(torch.randn(8, 5)), nn.Parameter(torch.randn(6))

    def forward(self, x):
        y = self.embed(x).flatten(2).transpose(1, 2)
        y = torch.einsum("ntc,ck->ntk", self.attention(y, y, y)[0], self.matrix).mean(1)
        return torch.addmm(self.shift, y, torch.ones(5, 6))


def test_attention_and_sums_over_indices():
    layers: Counter[str] = Counter()
    for layer in Network(Attention().eval()).layers_for(torch.zeros(1, 3, 16, 16)):
        layers[layer.kind] += layer.macs
    tokens, width = 16, 8
    projections, mixing = 4 * tokens * width * width, 2 * tokens * tokens * width
    assert layers["conv2d"] == 16 * 8 * 3 * 4 * 4
    assert layers["multi_head_attention_forward"] == projections + mixing
    assert layers["einsum"] == tokens * width * 5
    assert layers["addmm"] == 5 * 6


@pytest.mark.parametrize("equation", ["nchw,dc->ndhw", "...c,dc->...d", "nchw,cd"])
def test_sums_over_indices(equation):
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix = nn.Parameter(torch.ones(3, 3))

        def forward(self, x):
            return torch.einsum(equation, x, self.matrix)

    images = torch.zeros(1, 3, 4, 3)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        Sum()(images)
    assert Network(Sum()).layers_for(images)[-1].macs == counter.get_total_flops() // 2


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_costs_are_those_of_torchs_own_counter(name):
    module, images = entry(name).build().eval(), torch.zeros(1, 3, 64, 96)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(images)
    assert sum(layer.macs for layer in Network(module).layers_for(images)) == counter.get_total_flops() // 2


class Turned(nn.Module):
    """Reads its weights, and its map, through attributes that are views."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.matrix = nn.Conv2d(3, 4, 3), nn.Parameter(torch.randn(5, 4))

    def forward(self, x):
        return F.relu(self.conv(x).mT).mean((2, 3)) @ self.matrix.T


def test_transposing_by_an_attribute_hides_nothing():
    network, images = Network(Turned()), torch.randn(2, 3, 8, 7)
    trace = network.trace(images)
    assert [call.name for call in trace.calls] == ["conv", "mT", "relu", "mean", "matmul"]
    assert [call.parents for call in trace.calls] == [(-1,), (0,), (1,), (2,), (3,)]
    assert trace.unused == ()
    assert sum(call.parameters for call in trace.calls) == sum(p.numel() for p in network.module.parameters())
    found = cutaway.capture(network, images, ["mT", "relu", "@output"])
    assert torch.equal(found["mT"], network.module.conv(images).mT)
    assert torch.equal(found["@output"], network.module(images))


def test_weights_made_by_a_network_of_their_own():
    """Biases of attention by place (Swin 2), or filters (hyper-networks), come out of modules without the image."""

    class Made(nn.Module):
        def __init__(self):
            super().__init__()
            self.maker = nn.Sequential(nn.Linear(2, 6), nn.ReLU(inplace=True), nn.Linear(6, 4, bias=False))
            self.register_buffer("places", torch.randn(1, 2))
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.conv(x) + torch.sigmoid(self.maker(self.places)).view(1, 4, 1, 1).contiguous()

    trace = record(Made(), torch.rand(1, 3, 6, 6))
    assert trace.unused == ()
    assert [(call.name, call.parameters) for call in trace.calls] == [("conv", 112), ("add", 18 + 24)]


def test_a_way_through_frequencies_is_followed():
    class Spectral(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

        def forward(self, x):
            return self.fc(torch.fft.irfft2(torch.fft.rfft2(self.conv(x)) * 0.5).mean((2, 3)))

    trace = record(Spectral(), torch.rand(1, 3, 8, 8))
    assert [call.kind for call in trace.calls] == ["conv2d", "fft_irfft2", "mean", "linear"]
    assert [call.parents for call in trace.calls] == [(-1,), (0,), (1,), (2,)]
    assert trace.unused == ()
