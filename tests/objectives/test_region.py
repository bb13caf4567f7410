"""The mean of a layer over a box of units."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import Saliency


def test_the_mean_of_a_box():
    values = torch.randn(2, 4, 5, 6)
    torch.testing.assert_close(
        cw.region("x", 2, (1, 3, 4, 5)).score({"x": values}), values[:, 2, 1:4, 3:5].mean((1, 2))
    )
    torch.testing.assert_close(
        cw.region("x", None, (0, 0, 5, 6)).score({"x": values}), values.flatten(1).mean(1)
    )
    one = cw.region("x", 3, (4, 5, 5, 6))
    assert torch.equal(one.score({"x": values}), cw.unit("x", 3, 4, 5).score({"x": values}))
    assert one.name == "x:3 in rows 4 to 4, columns 5 to 5"


def test_only_what_the_box_sees_has_a_gradient():
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)))
    found = Saliency()(net, torch.randn(1, 3, 16, 16), cw.region("1", None, (2, 5, 4, 9)))
    inside = torch.zeros(16, 16, dtype=torch.bool)
    inside[2 : 2 + 2 + 4, 5 : 5 + 4 + 4] = True
    assert bool((found[0, 0] != 0).eq(inside).all())


@pytest.mark.parametrize(
    ("box", "words"),
    [((0, 0, 2), "got 3 numbers"), ((2, 0, 2, 3), "at least one unit"), ((-1, 0, 2, 3), "at least one unit")],
)
def test_boxes_without_units_are_refused(box, words):
    with pytest.raises(cw.BadSetting, match=words):
        cw.region("x", None, box)


def test_what_the_layer_does_not_have_is_refused():
    values = {"x": torch.zeros(1, 4, 5, 6), "y": torch.zeros(1, 4)}
    with pytest.raises(cw.BadSetting, match=r"5 × 6 units, the box ends at \(6, 2\)"):
        cw.region("x", None, (0, 0, 6, 2)).score(values)
    with pytest.raises(cw.BadSetting, match="channels 0 to 3, got 4"):
        cw.region("x", 4, (0, 0, 1, 1)).score(values)
    with pytest.raises(cw.BadSetting, match=r"y has shape \(1, 4\)"):
        cw.region("y", 0, (0, 0, 1, 1)).score(values)
