"""Pieces cut around a unit: the unit answers, and sends its signal back, exactly as in the whole image."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from cutaway.attribution.projection import project
from cutaway.network.capture import differentiate
from cutaway.network.crop import cropping
from cutaway.network.network import INPUT, Network
from cutaway.objectives.objective import Unit
from cutaway.objectives.unit import unit

windows = st.tuples(
    st.sampled_from([(1, 1), (2, 2), (3, 3), (3, 1), (5, 3)]),
    st.sampled_from([(1, 1), (2, 2), (1, 2), (3, 2)]),
    st.booleans(),
)


def convolution(channels, kernel, stride, padded, dilation, groups):
    padding = tuple(dilation * (k // 2) for k in kernel) if padded else (0, 0)
    return nn.Conv2d(channels, 4, kernel, stride, padding, dilation=dilation, groups=groups)


@st.composite
def networks(draw):
    layers, channels = [nn.Conv2d(3, 4, draw(st.sampled_from([1, 3])))], 4
    for _ in range(draw(st.integers(1, 3))):
        kernel, stride, padded = draw(windows)
        kind = draw(st.sampled_from(["conv", "conv", "max", "avg"]))
        if kind == "conv":
            dilation = draw(st.sampled_from([1, 2]))
            groups = draw(st.sampled_from([1, 2]))
            layers += [convolution(channels, kernel, stride, padded, dilation, groups)]
            layers += draw(
                st.sampled_from([[], [nn.ReLU()], [nn.BatchNorm2d(4), nn.ReLU(inplace=True)], [nn.SiLU()]])
            )
        else:
            padding = tuple(k // 2 for k in kernel) if padded else (0, 0)
            pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
            layers += [pool(kernel, stride, padding, ceil_mode=draw(st.booleans()))]
    return nn.Sequential(*layers)


def fitting(module, images):
    """The network, where it is not too deep for such images."""
    try:
        module.double()(images)
    except RuntimeError:
        assume(False)
    return Network(module.eval())


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(module=networks(), place=st.tuples(st.floats(0, 1), st.floats(0, 1)), seed=st.integers(0, 9999))
def test_a_unit_answers_in_its_piece_as_in_the_whole_image(module, place, seed):
    torch.manual_seed(seed)
    image = torch.randn(1, 3, 61, 53, dtype=torch.float64)
    net = fitting(module, image)
    trace = net.trace(image)
    call = trace.calls[-1]
    cut = cropping(trace, call)
    assert cut is not None
    rows, columns = call.shape[2:]
    y, x = round(place[0] * (rows - 1)), round(place[1] * (columns - 1))
    objective = unit(call.name, 0, y, x)
    whole = differentiate(net, image, objective.score, objective.layers, [INPUT])
    (top, left, bottom, right), v, u = cut.around(y, x)
    piece = image[:, :, top:bottom, left:right]
    objective = unit(call.name, 0, v, u)
    part = differentiate(net, piece, objective.score, objective.layers, [INPUT])
    torch.testing.assert_close(part.scores, whole.scores, rtol=1e-9, atol=1e-12)
    expected = whole.gradients[INPUT].clone()
    torch.testing.assert_close(
        part.gradients[INPUT], expected[:, :, top:bottom, left:right], rtol=1e-9, atol=1e-12
    )
    expected[:, :, top:bottom, left:right] = 0
    assert not expected.any()


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(module=networks(), seed=st.integers(0, 9999))
def test_many_units_projected_at_once_are_each_as_alone(module, seed):
    torch.manual_seed(seed)
    images = torch.randn(2, 3, 61, 53, dtype=torch.float64)
    net = fitting(module, images)
    call = net.trace(images).calls[-1]
    rows, columns = call.shape[2:]
    places = {(y, x) for y in (0, rows // 2, rows - 1) for x in (0, columns // 3, columns - 1)}
    units = [(i, Unit(call.name, c, y, x)) for i in range(2) for c in (0, 2) for y, x in sorted(places)]
    for (image, one), found in zip(units, project(net, images, units, {}), strict=True):
        objective = unit(*one)
        alone = differentiate(net, images[image : image + 1], objective.score, objective.layers, [INPUT])
        assert found.activation == pytest.approx(float(alone.scores))
        whole = torch.zeros_like(images[0])
        top, left, bottom, right = found.box
        whole[:, top:bottom, left:right] = found.values
        torch.testing.assert_close(whole, alone.gradients[INPUT][0], rtol=1e-9, atol=1e-12)


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        x = self.conv(x)
        return x * x.mean((2, 3), keepdim=True).sigmoid()


class Placing(nn.Module):
    """Adds a learned number to each place: a piece would meet those of another place."""

    def __init__(self):
        super().__init__()
        self.conv, self.place = nn.Conv2d(3, 4, 3), nn.Parameter(torch.randn(1, 4, 30, 30))

    def forward(self, x):
        return self.conv(x) + self.place


@pytest.mark.parametrize(
    "module",
    [
        Gated(),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU()),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(7)),
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), nn.ReLU()),
        nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.Upsample(scale_factor=2, mode="bilinear")),
        Placing(),
    ],
    ids=["gate", "group norm", "adaptive pool", "reflected border", "enlarged", "numbers of a place"],
)
def test_what_may_need_the_whole_image_runs_on_it(module):
    torch.manual_seed(0)
    net, image = Network(module), torch.randn(1, 3, 32, 32)
    call = net.trace(image).calls[-1]
    assert cropping(net.trace(image), call) is None
    objective = unit(call.name, 1, 3, 4)
    alone = differentiate(net, image, objective.score, objective.layers, [INPUT])
    (found,) = project(net, image, [(0, Unit(call.name, 1, 3, 4))], {})
    torch.testing.assert_close(found.values, alone.gradients[INPUT][0])
