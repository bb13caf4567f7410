"""Which filter made a channel: through concatenations, pools and activations, and no further."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cutaway.network.made_by import made_by
from cutaway.network.record import record


class Joined(nn.Module):
    """Three branches of 2, 3 and 2 channels, joined, normalised, pooled; then a sum."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 2, 1)
        self.norm, self.d = nn.BatchNorm2d(7), nn.Conv2d(7, 7, 1)

    def forward(self, x):
        joined = torch.cat([self.a(x).relu(), self.b(x), self.c(x)], dim=1)
        pooled = nn.functional.max_pool2d(self.norm(joined).relu(), 2)
        return (self.d(pooled) + pooled).flatten(1)


@pytest.fixture(scope="module")
def trace():
    return record(Joined().eval(), torch.zeros(1, 3, 8, 8))


def _found(trace, kind, channel):
    return made_by(trace, next(call for call in trace.calls if call.kind == kind), channel)


@pytest.mark.parametrize(
    ("channel", "layer", "filter"),
    [(0, "a", 0), (1, "a", 1), (2, "b", 0), (4, "b", 2), (5, "c", 0), (6, "c", 1)],
)
def test_a_channel_of_a_concatenation_is_a_filter_of_one_branch(trace, channel, layer, filter):
    for kind in ("cat", "batch_norm", "max_pool2d"):
        found = _found(trace, kind, channel)
        assert (found.call.name, found.channel) == (layer, filter)


def test_the_filter_found_computes_the_channel():
    """Zero it, and that channel alone goes quiet."""
    module = Joined().eval()
    images = torch.rand(1, 3, 8, 8)
    trace = record(module, images)
    cat = next(call for call in trace.calls if call.kind == "cat")
    found = made_by(trace, cat, 3)
    before = torch.cat([module.a(images).relu(), module.b(images), module.c(images)], 1)
    with torch.no_grad():
        getattr(module, found.call.name).weight[found.channel].zero_()
        getattr(module, found.call.name).bias[found.channel].zero_()
    after = torch.cat([module.a(images).relu(), module.b(images), module.c(images)], 1)
    changed = (before != after).flatten(2).any(2)[0]
    assert changed.nonzero()[:, 0].tolist() == [3]
    assert not after[0, 3].any()


def test_sums_and_mixtures_are_told(trace):
    found = _found(trace, "add", 4)
    assert found.call is None
    assert "no single filter: add puts d and max_pool2d together" in found.words
    assert "mixes channels" in _found(trace, "flatten", 0).words
    one = record(nn.ReLU(), torch.zeros(1, 3, 4, 4))
    assert made_by(one, one.calls[0], 1).words == "no filter: relu reads the photo itself"
