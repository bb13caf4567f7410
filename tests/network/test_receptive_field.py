"""What a unit sees, against what its gradient reaches.

Every weight is positive and nothing is cut off, so that the gradient of a unit is above zero at exactly the pixels
that it sees. Maxima are replaced with means while gradients are taken: both read the same pixels.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

import cutaway
from cutaway.network.layer import Layer
from cutaway.network.network import Network
from cutaway.network.zoo.alexnet import AlexNet
from cutaway.network.zoo.registry import entry

CHANNELS = 4


class Chain(nn.Module):
    """Steps one after another; `probing` turns maxima into means over the same pixels."""

    def __init__(self, steps: list[tuple[str, dict[str, Any]]]) -> None:
        super().__init__()
        self.steps = steps
        self.probing = False
        self.weights = nn.ParameterList(
            nn.Parameter(torch.rand(self.shape(kind, spec), dtype=torch.double) + 0.5) for kind, spec in steps
        )

    @staticmethod
    def shape(kind: str, spec: dict[str, Any]) -> tuple[int, ...]:
        kernel = spec.get("kernel", (3, 3))
        return (CHANNELS, CHANNELS // spec.get("groups", 1), *kernel)

    def forward(self, x: Tensor) -> Tensor:
        for (kind, spec), weight in zip(self.steps, self.weights, strict=True):
            x = self.step(kind, spec, weight, x)
            if x.numel() == 0:
                raise RuntimeError("nothing is left of the map")
        return x

    def step(self, kind: str, spec: dict[str, Any], weight: Tensor, x: Tensor) -> Tensor:
        settings = {name: value for name, value in spec.items() if name != "kernel"}
        if kind == "conv":
            return F.conv2d(x, weight, **settings)
        if kind == "transposed":
            return F.conv_transpose2d(x, weight, **settings)
        if kind in ("max", "avg"):
            pool = F.max_pool2d if kind == "max" and not self.probing else F.avg_pool2d
            return pool(x, spec["kernel"], **settings)
        if kind in ("adaptive max", "adaptive avg"):
            largest = kind == "adaptive max" and not self.probing
            return (F.adaptive_max_pool2d if largest else F.adaptive_avg_pool2d)(x, spec["size"])
        if kind == "residual":
            return F.conv2d(x, weight, padding=1) + x
        if kind == "in place":
            y = F.conv2d(x, weight, padding=1)
            y += x
            return y
        if kind == "concatenation":
            left, right = x.chunk(2, 1)
            return torch.cat([F.conv2d(left, weight[:2, :2], padding=1), right], 1)
        if kind == "shuffle":
            n, c, h, w = x.shape
            return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        if kind == "interpolate":
            return F.interpolate(x, **spec)
        if kind == "pixel shuffle":
            return F.pixel_shuffle(x, 2).repeat(1, CHANNELS, 1, 1)
        if kind == "padded conv":
            return F.conv2d(F.pad(x, spec["pad"]), weight)
        if kind == "slice":
            return x[:, :, spec["y"], spec["x"]]
        if kind == "permute":
            return x.permute(0, 2, 3, 1).mul(2).permute(0, 3, 1, 2)
        assert kind == "batch norm"
        return F.batch_norm(x, torch.zeros(CHANNELS).double(), torch.ones(CHANNELS).double())


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def convolutions(
    draw: st.DrawFn, dilations: st.SearchStrategy[tuple[int, int]]
) -> tuple[str, dict[str, Any]]:
    kernel = draw(pairs(1, 4))
    return "conv", {
        "kernel": kernel,
        "stride": draw(pairs(1, 3)),
        # No window lies in the padding alone.
        "padding": tuple(draw(st.integers(0, min(k - 1, 2))) for k in kernel),
        "dilation": draw(dilations),
        "groups": draw(st.sampled_from([1, 2, 4])),
    }


@st.composite
def pools(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kernel = draw(pairs(1, 4))
    return draw(st.sampled_from(["max", "avg"])), {
        "kernel": kernel,
        "stride": draw(pairs(1, 3)),
        "padding": (draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2))),
        "ceil_mode": draw(st.booleans()),
    }


SLICES = st.builds(slice, st.integers(0, 2), st.sampled_from([None, -1, -2]), st.integers(1, 2))
EXACT = st.one_of(
    convolutions(st.just((1, 1))),
    pools(),
    st.sampled_from(
        [(kind, {}) for kind in "residual|in place|concatenation|shuffle|permute|batch norm".split("|")]
    ),
    st.tuples(st.just("padded conv"), st.fixed_dictionaries({"pad": st.tuples(*[st.integers(0, 2)] * 4)})),
    st.tuples(st.just("slice"), st.fixed_dictionaries({"y": SLICES, "x": SLICES})),
)


@st.composite
def transposed(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    return "transposed", {
        "kernel": draw(pairs(1, 4)),
        "stride": draw(pairs(1, 3)),
        "padding": draw(st.sampled_from([0, 0, 1])),
        "dilation": draw(st.sampled_from([1, 1, 2])),
        "groups": draw(st.sampled_from([1, 2])),
    }


@st.composite
def interpolations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    mode = draw(st.sampled_from(["nearest", "nearest-exact", "bilinear", "bicubic"]))
    spec: dict[str, Any] = {"mode": mode}
    if draw(st.booleans()):
        spec["size"] = draw(pairs(1, 16))
    else:
        spec["scale_factor"] = draw(st.sampled_from([2, 3, 1.5, 0.5, 0.7, (2.0, 1.0)]))
        spec["recompute_scale_factor"] = draw(st.sampled_from([None, True]))
    if mode in ("bilinear", "bicubic"):
        spec["align_corners"] = draw(st.booleans())
        spec["antialias"] = not spec["align_corners"] and draw(st.booleans())
    return "interpolate", spec


CONSERVATIVE = st.one_of(
    convolutions(pairs(1, 3)),
    transposed(),
    interpolations(),
    st.just(("pixel shuffle", {})),
    st.tuples(
        st.sampled_from(["adaptive avg", "adaptive max"]), st.fixed_dictionaries({"size": pairs(1, 9)})
    ),
)


def last_layer(net: Chain, images: Tensor) -> Layer:
    try:
        with torch.no_grad():
            output = net(images)
    except RuntimeError:
        assume(False)  # the map became too small for the next window
    assume(0 < output.shape[-2] <= 60)
    assume(0 < output.shape[-1] <= 60)
    return Network(net).layers_for(images)[-1]


def reached(net: Chain, images: Tensor, y: int, x: int) -> tuple[int, int, int, int] | None:
    """The bounding box of the pixels that move unit (y, x), or None where none does."""
    net.probing = True
    images = images.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(net(images)[0, :, y, x].sum(), images)
    reach = gradient[0].abs().sum(0)
    reach = reach > 1e-12 * reach.max()  # a weight of zero may be rounded to something else
    rows, columns = (reach.any(d).nonzero().flatten() for d in (1, 0))
    net.probing = False
    if len(rows) == 0:
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def units(layer: Layer, data: st.DataObject) -> list[tuple[int, int]]:
    h, w = layer.shape[2:]
    some = data.draw(st.tuples(st.integers(0, h - 1), st.integers(0, w - 1)))
    return list(dict.fromkeys([(0, 0), (h - 1, w - 1), (h // 2, w // 2), some]))


def images_of(data: st.DataObject) -> Tensor:
    h, w = data.draw(pairs(7, 20))
    return torch.rand(1, CHANNELS, h, w, dtype=torch.double)


@settings(max_examples=60, deadline=None)
@given(st.lists(EXACT, min_size=1, max_size=5), st.data())
def test_a_unit_sees_exactly_what_its_gradient_reaches(steps, data):
    net, images = Chain(steps), images_of(data)
    layer = last_layer(net, images)
    if layer.field is None:  # a view of a map with one row or column: it cannot be told
        assert min(layer.shape[2:]) == 1
        return
    for y, x in units(layer, data):
        right, told = reached(net, images, y, x), layer.field.box(y, x)
        assert told == right


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(EXACT, CONSERVATIVE), min_size=1, max_size=4), CONSERVATIVE, st.data())
def test_a_unit_never_sees_more_than_it_is_told_to(steps, one, data):
    net, images = Chain([*steps, one]), images_of(data)
    layer = last_layer(net, images)
    for y, x in units(layer, data):
        right = reached(net, images, y, x)
        if right is None or layer.field is None or layer.field.whole_image:
            continue
        told = layer.field.box(y, x)
        assert told[0] <= right[0]
        assert told[1] <= right[1]
        assert told[2] >= right[2]
        assert told[3] >= right[3]


def rows_seen(network: Network, layer: str) -> tuple[int, int]:
    return network.layer(layer).receptive_field


@pytest.mark.parametrize(
    ("layer", "side", "jump"),
    [("conv1", 3, 2), ("fire4", 47, 8), ("fire6", 111, 16), ("fire8", 175, 16), ("fire9", 207, 16)],
)
def test_squeezenet(layer, side, jump):
    found = cutaway.load("squeezenet1_1").layer(layer)
    assert found.receptive_field == (side, side)
    assert found.jump == (jump, jump)


def test_vgg16_and_alexnet():
    vgg = Network(entry("vgg16").build().features, renames={"28": "conv5_3", "30": "pool5"})
    assert rows_seen(vgg, "conv5_3") == (196, 196)
    assert rows_seen(vgg, "pool5") == (212, 212)
    alexnet = Network(AlexNet().features)
    assert rows_seen(alexnet, "10") == (163, 163)
    assert rows_seen(alexnet, "12") == (195, 195)


def test_resnet18():
    """By hand: 7 at a step of 2, 11 at 4, then 4 convolutions of 3 at steps of 4, 8, 16, 32."""
    network = Network(entry("resnet18").build())
    side, jump = 11, 4
    for stage in range(1, 5):
        for number in range(4):
            side += 2 * jump
            if stage > 1 and number == 0:
                jump *= 2
        found = network.layer(f"layer{stage}")
        assert (found.receptive_field, found.jump) == ((side, side), (jump, jump))
    assert side == 435


class Lifted(nn.Module):
    """A 3×3 convolution, and then something of the whole map."""

    def __init__(self, side: Any) -> None:
        super().__init__()
        self.conv, self.side = nn.Conv2d(3, 4, 3, padding=1), side

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x + self.side(x)


class SqueezeAndExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1)))


@pytest.mark.parametrize(
    ("net", "whole"),
    [
        (SqueezeAndExcite(), True),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(2, 4)), True),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4)), True),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.LayerNorm([4, 8, 8])), True),
        (nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), True),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4, track_running_stats=False)), True),
        (Lifted(lambda x: x.mT), True),
        (Lifted(lambda x: torch.fft.irfft2(torch.fft.rfft2(x) * torch.rand(8, 5))), True),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)), False),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.LocalResponseNorm(3)), False),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Softmax2d()), False),
        (nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), False),
    ],
    ids=[
        "squeeze",
        "group",
        "instance",
        "layer",
        "circular",
        "of this batch",
        "turned",
        "frequencies",
        "batch",
        "response",
        "softmax",
        "reflect",
    ],
)
def test_whole_image_where_a_side_path_reads_it(net, whole):
    network = Network(net.eval())
    images = torch.randn(1, 3, 8, 8)
    layer = network.layers_for(images)[-1]
    assert layer.field is not None
    assert layer.field.whole_image == whole
    assert layer.receptive_field == (3, 3)
    images.requires_grad_(True)
    # One channel: a softmax over all of them sums to one.
    (gradient,) = torch.autograd.grad(net(images)[0, 0, 0, 0], images)
    if not isinstance(net, Lifted):  # the other side of a transposed map is where it happens to be
        assert (gradient[0, :, 5:, 5:].abs().sum() > 0) == whole or isinstance(net, nn.Conv2d)


def test_attention_sees_everything():
    net = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    class Patches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.block = nn.Conv2d(3, 8, 4, stride=4), net

        def forward(self, x: Tensor) -> Tensor:
            return self.block(self.embed(x).flatten(2).transpose(1, 2))

    layers = Network(Patches().eval()).layers_for(torch.randn(1, 3, 16, 16))
    assert layers[0].receptive_field == (4, 4)
    assert layers[-1].receptive_field == (16, 16)
    assert layers[-1].field is None


def test_lattice_is_the_middle_of_the_boxes():
    net = nn.Sequential(nn.Conv2d(3, 4, 7, stride=2), nn.MaxPool2d(3, 2), nn.Conv2d(4, 4, 3))
    field = Network(net).layers_for(torch.randn(1, 3, 64, 48))[-1].field
    assert field is not None
    for y, x in [(0, 0), (3, 5), (9, 7)]:
        top, left, bottom, right = field.box(y, x)
        assert (top + bottom) / 2 == field.lattice.start[0] + field.lattice.step[0] * y
        assert (left + right) / 2 == field.lattice.start[1] + field.lattice.step[1] * x
