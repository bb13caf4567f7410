"""Scores through a network: their gradient is that of plain torch, and the network is left as it was."""

from __future__ import annotations

import torch

from cutaway.objectives.match import match
from cutaway.training.scored import scored
from tests.synthesis.networks import same, small, state


def test_gradient_is_that_of_plain_torch():
    net = small()
    goal = torch.randn(2, 4, 12, 12, generator=torch.Generator().manual_seed(0))
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)).requires_grad_(True)
    weight = torch.tensor([2.0, -1.0])
    before = state(net.module)
    found = scored(net, images, match("2", goal))
    (slope,) = torch.autograd.grad((weight * found).sum(), images)
    assert same(state(net.module), before)
    plain = -(net.module(images) - goal).square().flatten(1).sum(1) / goal.square().flatten(1).sum(1)
    (expected,) = torch.autograd.grad((weight * plain).sum(), images)
    assert torch.allclose(found, plain, rtol=1e-5)
    assert torch.allclose(slope, expected, atol=1e-6)
