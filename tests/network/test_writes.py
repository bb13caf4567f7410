"""Tensors that are written to: by items, through views, into a given place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cutaway.attribution import GradCAM
from cutaway.network.capture import capture, differentiate
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit

IMAGES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


class Written(nn.Module):
    """A convolution, then whatever a test does with its map."""

    def __init__(self, forward: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.two, self.fc = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 5)
        self.does = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.does(self, x)


def by_item(net: Any, x: Tensor) -> Tensor:
    y = net.conv(x)
    y[:, 0] = 0
    return y


def through_a_view(net: Any, x: Tensor) -> Tensor:
    y = net.conv(x)
    y.view(len(y), -1).relu_()
    return y


def through_a_slice(net: Any, x: Tensor) -> Tensor:
    y = net.conv(x)
    y[:, 1:3].mul_(2).sub_(1)
    return y


def by_copying(net: Any, x: Tensor) -> Tensor:
    y = net.conv(x)
    y[:, :, 1:].copy_(net.conv(x).flip(2)[:, :, 1:])
    return y


WRITES = [by_item, through_a_view, through_a_slice, by_copying]


@pytest.mark.parametrize("write", WRITES)
def test_a_block_is_what_it_returned(write):
    net = nn.Sequential(Written(write), nn.Conv2d(4, 5, 3)).eval()
    right = net[0](IMAGES).detach()
    found = capture(Network(net), IMAGES, ["0", "0.conv", "@output"])
    assert torch.equal(found["0"], right)
    assert torch.equal(found["0.conv"], net[0].conv(IMAGES))
    assert torch.equal(found["@output"], net[1](right))


@pytest.mark.parametrize("write", WRITES)
def test_the_gradient_of_a_block_is_at_what_it_returned(write):
    net = nn.Sequential(Written(write), nn.Conv2d(4, 5, 3), nn.Tanh()).eval()
    found = differentiate(
        Network(net), IMAGES, lambda a: a["@output"].sum((1, 2, 3)), ["@output"], ["0", "0.conv"]
    )
    inner = net[0](IMAGES).detach().requires_grad_(True)
    (right,) = torch.autograd.grad(net[2](net[1](inner)).sum(), inner)
    torch.testing.assert_close(found.gradients["0"], right)
    assert torch.equal(found.activations["0"], inner.detach())


def test_logits_are_what_the_softmax_reads():
    def forward(net: Any, x: Tensor) -> Tensor:
        scores = net.fc(net.conv(x).mean((2, 3)))
        scores[:, 2] = -1e9
        return scores.softmax(1)

    net = Written(forward).eval()
    found = capture(Network(net), IMAGES, ["@logits", "@output"])
    torch.testing.assert_close(found["@logits"].softmax(1), found["@output"])


def test_an_operation_that_writes_into_a_given_place():
    def forward(net: Any, x: Tensor) -> Tensor:
        y = net.conv(x)
        given = torch.empty_like(y)
        torch.add(y, 1, out=given)
        return net.two(y) * net.two(given)

    net = Written(forward).eval()
    with torch.no_grad():
        y, right = net.conv(IMAGES), net(IMAGES)
    found = capture(Network(net), IMAGES, ["conv", "add", "@output"])
    assert torch.equal(found["conv"], y)
    assert torch.equal(found["add"], y + 1)
    assert torch.equal(found["@output"], right)
    derived = differentiate(Network(net), IMAGES, lambda a: a["@output"].sum((1, 2, 3)), ["@output"], ["add"])
    torch.testing.assert_close(derived.scores, right.sum((1, 2, 3)))
    torch.testing.assert_close(derived.activations["add"], y + 1)


def test_a_map_put_together_from_parts_stays_on_the_way():
    """As inverse wavelets and some up-samplings do."""

    def forward(net: Any, x: Tensor) -> Tensor:
        y = net.conv(x)
        wide = torch.zeros(len(x), 4, 12, 6, dtype=x.dtype)
        wide[:, :, ::2] = y
        wide[:, :, 1::2] = F.relu(y)
        return net.fc(net.two(wide).mean((2, 3)))

    net = Written(forward).eval()
    network = Network(net)
    trace = network.trace(IMAGES)
    assert trace.unused == ()
    reached, todo = set(), [index for _, index in trace.outputs]
    while todo:
        index = todo.pop()
        if index >= 0:
            reached.add(trace.calls[index].name)
            todo += trace.calls[index].parents
    assert {"conv", "relu", "two", "fc"} <= reached
    assert GradCAM("relu", relu=False)(network, IMAGES, class_logit(1)).abs().sum() > 0
    found = differentiate(network, IMAGES, lambda a: a["@output"][:, 1], ["@output"], ["conv"]).gradients[
        "conv"
    ]
    inner = net.conv(IMAGES).detach().requires_grad_(True)
    net.conv = nn.Identity()
    (right,) = torch.autograd.grad(net(inner)[:, 1].sum(), inner)
    torch.testing.assert_close(found, right)


def test_a_view_that_was_taken_before_the_first_gradient():
    """What lies before is not recorded; it can be written to all the same."""

    def forward(net: Any, x: Tensor) -> Tensor:
        y = net.conv(x)
        half = y[:, :2]
        gate = torch.sigmoid(y[:, 2:])
        half.mul_(gate)
        return torch.cat([half, gate], 1)

    net = Written(forward).eval()
    found = differentiate(
        Network(net), IMAGES, lambda a: a["@output"].sum((1, 2, 3)), ["@output"], ["sigmoid"]
    )
    y = net.conv(IMAGES).detach()
    torch.testing.assert_close(found.gradients["sigmoid"], y[:, :2] + 1)


@pytest.mark.parametrize(
    "write",
    [
        lambda net, x: _set(x.clone(), F.avg_pool2d(x, 3, 1, 1)[:, :, 4:]) * 1,
        lambda net, x: _of(x.clone(), lambda y: y[:, :, :4].copy_(x[:, :, 4:])) * 1,
        lambda net, x: _of(x.clone(), lambda y: y[:, :, :4].add_(x[:, :, 4:])) * 1,
    ],
    ids=["item", "copy", "add"],
)
def test_a_field_never_misses_what_was_written_in(write):
    net = Written(lambda own, x: write(own, x * own.fc.bias.sum()))
    layer = Network(net).layers_for(IMAGES)[-1]
    images = IMAGES[:1].clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(net(images)[0, :, 0, 0].sum(), images)
    assert gradient[0, :, 3:].abs().sum() > 0
    assert layer.field is None or layer.field.whole_image


def _set(tensor: Tensor, value: Tensor) -> Tensor:
    tensor[:, :, : value.shape[2]] = value
    return tensor


def _of(tensor: Tensor, write: Callable[[Tensor], Any]) -> Tensor:
    write(tensor)
    return tensor
