"""Deconvnet by hand: every way back through one operation, worked out on paper."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cutaway as cw
from cutaway.attribution import Deconvnet, GuidedBackprop
from cutaway.objectives.objective import Objective


def weighing(weights):
    """An objective whose derivative at the output is `weights`: the signal that starts the way back."""
    return Objective("weighed", ("@output",), lambda a: (a["@output"] * weights).flatten(1).sum(1))


def test_relus_act_on_the_signal_not_by_the_forward_gate():
    """D2."""
    net = cw.Network(nn.ReLU())
    images = torch.tensor([[[[-1.0, 2.0], [3.0, -4.0]]]])
    signal = torch.tensor([[[[5.0, -6.0], [7.0, -8.0]]]])
    back = Deconvnet()(net, images, weighing(signal))
    assert back.flatten().tolist() == [5, 0, 7, 0]
    guided = GuidedBackprop()(net, images, weighing(signal))
    assert guided.flatten().tolist() == [0, 0, 7, 0]


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": (5, 2)},
        {"kernel_size": 3, "stride": (3, 2), "padding": (0, 1)},
        {"kernel_size": 3, "groups": 2},
        {"kernel_size": (3, 2), "dilation": (2, 3), "padding": 2},
    ],
    ids=["not square", "strides", "groups", "dilation"],
)
def test_convolutions_go_back_by_their_transposed_filters(settings):
    """D1: against PyTorch's own transposed convolution, given the filters."""
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 6, **settings)
    net = cw.Network(nn.Sequential(conv, nn.ReLU()))
    images = torch.randn(1, 4, 13, 12)
    signal = torch.randn(conv(images).shape)
    back = Deconvnet()(net, images, weighing(signal))
    left = [
        (side - 1) - ((out - 1) * s - 2 * p + d * (k - 1))
        for side, out, s, p, d, k in zip(
            images.shape[2:],
            signal.shape[2:],
            conv.stride,
            conv.padding,
            conv.dilation,
            conv.kernel_size,
            strict=True,
        )
    ]
    by_hand = F.conv_transpose2d(
        signal.clamp_min(0), conv.weight, None, conv.stride, conv.padding, left, conv.groups, conv.dilation
    )
    torch.testing.assert_close(back, by_hand.detach(), rtol=1e-5, atol=1e-6)


def test_overlapping_pools_add_up_where_they_share_a_switch():
    """D3: both windows found the 9, so it gets both signals; unpooling by assignment would keep one of them."""
    net = cw.Network(nn.Sequential(nn.ReLU(), nn.MaxPool2d((1, 3), stride=(1, 2))))
    images = torch.tensor([[[[1.0, 2.0, 9.0, 4.0, 5.0]]]])
    back = Deconvnet()(net, images, weighing(torch.tensor([[[[3.0, 4.0]]]])))
    assert back.flatten().tolist() == [0, 0, 7, 0, 0]


@pytest.mark.parametrize(
    ("pool", "fill", "share"),
    [
        (nn.AvgPool2d((1, 2)), [3, 3, 4, 4], [1.5, 1.5, 2, 2]),
        (nn.AvgPool2d((1, 3), stride=1), [3, 7, 7, 4], [1, 7 / 3, 7 / 3, 4 / 3]),
        (nn.AvgPool2d((1, 2), stride=(1, 3), padding=(0, 1)), [3, 0, 4, 4], [1.5, 0, 2, 2]),
        (nn.AdaptiveAvgPool2d((1, 2)), [3, 3, 4, 4], [1.5, 1.5, 2, 2]),
    ],
    ids=["windows", "overlapping", "padded", "adaptive"],
)
def test_average_pools_are_filled(pool, fill, share):
    """D4: every cell gets the whole value, or its share on request."""
    net = cw.Network(nn.Sequential(nn.ReLU(), pool))
    images = torch.ones(1, 1, 1, 4)
    signal = weighing(torch.tensor([[[[3.0, 4.0]]]]))
    assert Deconvnet()(net, images, signal).flatten().tolist() == fill
    assert Deconvnet("gradient")(net, images, signal).flatten().tolist() == pytest.approx(share)


def test_a_mean_over_space_is_filled():
    class Mean(nn.Module):
        def forward(self, x):
            return torch.relu(x).mean((2, 3))

    back = Deconvnet()(cw.Network(Mean()), torch.ones(1, 1, 2, 2), weighing(torch.tensor([[5.0]])))
    assert back.flatten().tolist() == [5, 5, 5, 5]


def test_a_mean_over_channels_is_no_pool():
    class Mean(nn.Module):
        def forward(self, x):
            return torch.relu(x).mean(1, keepdim=True)

    back = Deconvnet()(cw.Network(Mean()), torch.ones(1, 2, 1, 1), weighing(torch.full((1, 1, 1, 1), 6.0)))
    assert back.flatten().tolist() == [3, 3]


def test_batch_norm_scales_and_does_not_shift():
    norm = nn.BatchNorm2d(1).eval()
    norm.weight.data[:], norm.bias.data[:] = 3.0, 10.0
    norm.running_var[:], norm.running_mean[:] = 4.0 - norm.eps, 100.0
    back = Deconvnet()(
        cw.Network(nn.Sequential(norm, nn.ReLU())), torch.zeros(1, 1, 1, 1), weighing(torch.ones(1, 1, 1, 1))
    )
    assert float(back) == pytest.approx(1.5)


class Meeting(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.how = how

    def forward(self, x):
        one, two = torch.relu(x), torch.relu(2 * x)
        return one + two if self.how == "sum" else torch.cat([one, two], 1)


def test_sums_hand_on_the_whole_and_concatenations_their_channels():
    images = torch.ones(1, 1, 1, 1)
    whole = Deconvnet()(cw.Network(Meeting("sum")), images, weighing(torch.tensor([[[[5.0]]]])))
    assert float(whole) == 5 + 2 * 5
    parts = torch.tensor([5.0, 7.0]).view(1, 2, 1, 1)
    assert float(Deconvnet()(cw.Network(Meeting("cat")), images, weighing(parts))) == 5 + 2 * 7


def test_one_unit_alone_and_no_other():
    """D5: the projection of a unit is that of its activation with all others of the layer set to zero."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3), nn.ReLU()
    net, images = cw.Network(nn.Sequential(*layers)), torch.randn(1, 3, 20, 20)
    alone = Deconvnet()(net, images, cw.unit("4", 3, 2, 1))
    signal = torch.zeros(cw.capture(net, images, "4")["4"].shape)
    signal[0, 3, 2, 1] = 1
    torch.testing.assert_close(alone, Deconvnet()(net, images, weighing(signal)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", [Deconvnet(), GuidedBackprop()])
def test_a_network_without_activations_is_refused(method):
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh()))
    with pytest.raises(cw.UnsupportedMethod, match="plain gradient under another name|Use Saliency"):
        method(net, torch.randn(1, 3, 8, 8), cw.unit("0", 0, 0, 0))


@pytest.mark.parametrize("activation", [nn.GELU(), nn.SiLU(), nn.Hardswish(), nn.ReLU6(), nn.PReLU()])
def test_guided_backprop_keeps_other_activations_derivative(activation):
    """Positive signal passes by the activation's own derivative, negative signal not at all."""
    images = torch.linspace(-4, 4, 8).view(1, 1, 1, 8)
    signal = torch.tensor([1.0, -1.0] * 4).view(1, 1, 1, 8)
    found = GuidedBackprop()(cw.Network(activation), images, weighing(signal))
    leaf = images.clone().requires_grad_()
    (derivative,) = torch.autograd.grad(activation(leaf).sum(), leaf)
    torch.testing.assert_close(found, derivative * signal.clamp_min(0))


def test_average_takes_two_words():
    with pytest.raises(cw.BadSetting, match="fill or gradient"):
        Deconvnet("median")
