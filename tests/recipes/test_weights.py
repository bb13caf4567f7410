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


def test_filters_are_drawn_in_their_colours(net):
    """C1: each filter stretched on its own from black to full colour, in the order red, green, blue."""
    raw = net.module.features[0].weight.detach().numpy().transpose(0, 2, 3, 1)
    drawn = [cell for row in cw.weights(net).rows for cell in row]
    assert len(drawn) == 64
    for one, cell in zip(raw, drawn, strict=True):
        wanted = 255 * (one - one.min()) / (one.max() - one.min())
        assert np.abs(cell.pixels - wanted).max() <= 0.51


def test_two_networks_of_other_filter_sizes(net, tmp_path):
    """C1: their raw filters are saved one by one, each with its name."""
    torch.manual_seed(0)
    other = cw.Network(nn.Sequential(nn.Conv2d(3, 8, 5)), name="other")
    path = cw.weights([net, other]).save(tmp_path / "w.npz")
    with np.load(path) as saved:
        assert saved["values_0"].shape == (3, 3, 3)
        assert saved["values_71"].shape == (5, 5, 3)
        assert np.array_equal(saved["values_71"], other.module[0].weight[7].detach().permute(1, 2, 0).numpy())
        assert len(saved["names"]) == 72


def test_deep_kernels_as_one_group_for_each_filter(net):
    """C2: a title that says which filters and inputs; names that say which is which."""
    grid = cw.weights(net, "fire9.expand3x3", channels=[5], inputs=[0, 2])
    assert grid.names == ("5 ← 0", "5 ← 2")
    assert "filters 5 of inputs 0, 2" in grid.title
    with pytest.raises(cw.BadSetting, match="channels 0 to 63, got 64"):
        cw.weights(net, "fire9.expand3x3", inputs=[64])
