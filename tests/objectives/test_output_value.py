"""One number of an output of any shape."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import IntegratedGradients, Saliency


@pytest.mark.parametrize(
    ("shape", "index"),
    [((3, 5), 2), ((3, 5), (4,)), ((3, 5), np.int64(2)), ((3, 4, 5, 6), (1, 2, 3)), ((3, 4, 2), [3, 0])],
)
def test_it_is_that_number(shape, index):
    values = torch.randn(shape)
    wanted = values[(slice(None), *(index if isinstance(index, tuple | list) else (index,)))]
    assert torch.equal(cw.output_value(index).score({"@output": values}), wanted)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 1, 1)])
def test_the_only_number_needs_no_index(shape):
    values = torch.randn(shape)
    assert torch.equal(cw.output_value().score({"@output": values}), values.flatten())


def test_regression_from_end_to_end():
    net = nn.Sequential(nn.Flatten(), nn.Linear(48, 3)).eval()
    images = torch.randn(2, 3, 4, 4)
    found = Saliency("none")(cw.Network(net), images, cw.output_value(1))
    torch.testing.assert_close(found, net[1].weight[1].detach().view(1, 3, 4, 4).expand(2, -1, -1, -1))
    total = IntegratedGradients()(cw.Network(net), images, cw.output_value(1)).sum((1, 2, 3))
    torch.testing.assert_close(total, (net(images) - net[1].bias)[:, 1].detach(), rtol=1e-5, atol=1e-6)


def test_one_of_several_outputs():
    net = cw.Network(TwoEnds())
    images = torch.randn(2, 3, 4, 4)
    found = Saliency("none")(net, images, cw.output_value(output="angle"))
    torch.testing.assert_close(found[1].flatten(), net.module.angle.weight[0].detach())
    assert cw.output_value(output="angle").name == "@output['angle']"


class TwoEnds(nn.Module):
    def __init__(self):
        super().__init__()
        self.scores, self.angle = nn.Linear(48, 5), nn.Linear(48, 1)

    def forward(self, x):
        return {"scores": self.scores(x.flatten(1)), "angle": self.angle(x.flatten(1))}


def test_what_is_not_there_is_refused():
    found = {"@output": torch.zeros(2, 4, 5, 6)}
    with pytest.raises(cw.BadSetting, match=r"say which number: output_value\(\(3, 4, 5\)\)"):
        cw.output_value().score(found)
    with pytest.raises(cw.BadSetting, match="has 3 indices, got 1"):
        cw.output_value(2).score(found)
    with pytest.raises(cw.BadSetting, match="axis 2 of the output has 0 to 4, got 5"):
        cw.output_value((1, 5, 0)).score(found)
    with pytest.raises(cw.BadSetting, match="got -1"):
        cw.output_value(-1).score({"@output": torch.zeros(2, 4)})
