"""Filters as pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw


def test_first_filters_in_colour(net):
    """C1: every filter of the first layer, raw numbers kept."""
    grid = cw.weights(net)
    raw = net.module.features[0].weight.detach().numpy()
    assert np.array_equal(grid.values, raw.transpose(0, 2, 3, 1))
    assert grid.names == tuple(str(k) for k in range(64))


def test_filters_of_a_bgr_network_are_drawn_as_rgb():
    module = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False))
    module[0].weight.data = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1)
    network = cw.Network(module, cw.Preprocessing(size=8, channels="BGR"))
    assert cw.weights(network).values[0, 0, 0].tolist() == [-1.0, 0.0, 1.0]


def test_several_networks_side_by_side(net):
    """C1: one sheet, a column for each network."""
    other = cw.Network(nn.Sequential(nn.Conv2d(3, 8, 5)), name="other")
    grid = cw.weights([net, other])
    assert [cell.title.split(" ")[0] for cell in grid.rows[0]] == ["squeezenet1_1", "other"]
    assert grid.to_image().width > cw.weights(other).to_image().width


def test_deeper_filters_as_gray_groups(net):
    """C2: a row for each output channel, a tile for each input channel, zero at mid-gray."""
    grid = cw.weights(net, "fire2.expand3x3", channels=[0, 1, 2], inputs=range(8))
    raw = net.module.features[3].expand3x3.weight.detach().numpy()
    assert np.array_equal(grid.values, raw[:3, :8].reshape(24, 3, 3))
    sheet = grid.rows[0][0]
    assert sheet.grid == (3, 8)
    assert sheet.range.low == -sheet.range.high


def test_what_has_no_filters_is_told(net):
    with pytest.raises(cw.UnsupportedMethod, match="pool1 of squeezenet1_1 is max_pool2d"):
        cw.weights(net, "pool1")
    with pytest.raises(cw.BadSetting, match="channels 0 to 63, got 99"):
        cw.weights(net, channels=[99])
