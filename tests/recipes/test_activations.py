"""What a layer answers, drawn in the ways that people know."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

import cutaway as cw
from cutaway.network.zoo.resnet import ResNet
from cutaway.network.zoo.vgg import VGG
from cutaway.view.heatmap import Heatmap
from cutaway.view.montage import Montage


def cells(grid: cw.Grid) -> list[Heatmap]:
    return [cell for row in grid.rows for cell in row if isinstance(cell, Heatmap)]


def sheet(grid: cw.Grid) -> Montage:
    return next(cell for row in grid.rows for cell in row if isinstance(cell, Montage))


def test_values_are_the_layers_activation(net, cat):
    """A5, C3: (C,H,W), to the bit."""
    grid = cw.activations(net, cat, layer="conv1")
    found = cw.capture(net, net.prepare(cat), "conv1")["conv1"]
    assert np.array_equal(grid.values, found[0].numpy())


def test_sheet_is_scaled_over_the_whole_layer(net, cat):
    """A6: 64 channels as 8 by 8; the layer's smallest value is black, its largest white."""
    drawn = sheet(cw.activations(net, cat, layer="conv1"))
    assert drawn.grid == (8, 8)
    values = drawn.values
    assert (drawn.range.low, drawn.range.high) == (values.min(), values.max())


def test_one_channel_as_large_as_the_photo_beside_it(net, cat):
    """A7: the photo, then the channel alone on its own scale, both of one size."""
    grid = cw.activations(net, cat, layer="conv1", channels=[14], scale="cell")
    assert isinstance(grid.rows[0][0], cw.Picture)
    only = cells(grid)[0]
    assert only.tile().size == (451, 300)
    assert (only.range.low, only.range.high) == (only.values.min(), only.values.max())


def test_strongest_channel_holds_the_largest_value(net, cat):
    """A8: the single largest value of the layer decides."""
    grid = cw.activations(net, cat, layer="fire4", strongest=1)
    found = cw.capture(net, net.prepare(cat), "fire4")["fire4"][0]
    best = int(found.flatten(1).amax(1).argmax())
    assert grid.names == (f"channel {best}",)
    assert grid.values.max() == found.max()


def test_deep_layer_with_enlarged_maps(net, cat):
    """A9: 48 channels as 6 by 8, each enlarged to 64 by 64."""
    drawn = sheet(cw.activations(net, cat, layer="fire6-squeeze1x1", tile=64, columns=8))
    assert drawn.grid == (6, 8)
    assert drawn.size == (64, 64)
    assert drawn.tile().width >= 8 * 64


def test_chosen_channels_share_one_scale(net, cat):
    """A10: a list of channels, scaled together."""
    grid = cw.activations(net, cat, layer="fire6-relu_squeeze1x1", channels=[3, 5])
    assert grid.values.shape[0] == 2
    assert len({cell.range for cell in cells(grid)}) == 1


def test_before_and_after_the_relu(net, cat):
    """A11: in place, as in SqueezeNet."""
    for name in ("conv1", "relu1"):
        before, after = cells(cw.activations(net, cat, layer=name, channels=[14], relu=True))
        assert (before.values < 0).any()
        assert np.array_equal(np.maximum(before.values, 0), after.values)


def test_before_and_after_a_functional_relu(cat):
    """A11: also where the ReLU is a function, and in place."""

    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return F.relu(self.conv(x), inplace=True)

    network = cw.Network(Functional(), cw.Preprocessing(size=32))
    before, after = cells(cw.activations(network, cat, layer="conv", channels=[1], relu=True))
    assert (before.values < 0).any()
    assert np.array_equal(np.maximum(before.values, 0), after.values)
    with pytest.raises(cw.UnsupportedMethod, match="no ReLU reads"):
        cw.activations(
            cw.Network(nn.Conv2d(3, 2, 3), cw.Preprocessing(size=32)), cat, layer="conv2d", relu=True
        )


def test_two_photos_on_one_scale(net, cat, coffee):
    """A12: a row for each photo, one scale for all, the figures in the captions."""
    grid = cw.activations(net, [cat, coffee], layer="fire6.squeeze", channels=[3, 5])
    assert [len(row) for row in grid.rows] == [3, 3]
    assert len({cell.range for cell in cells(grid)}) == 1
    together = np.concatenate([cell.values.ravel() for cell in cells(grid)])
    assert (cells(grid)[0].range.low, cells(grid)[0].range.high) == (together.min(), together.max())
    assert f"max {cells(grid)[0].values.max():.3g}" in cells(grid)[0].caption


def test_reading_help_is_where_people_look(net, cat):
    """A13: on the sheet itself."""
    told = cw.activations(net, cat, layer="conv1").caption
    assert "early layers answer to edges and colours" in told
    assert "same place in the photo" in told


def test_a_network_without_classifier_from_a_local_file(tmp_path, cat, monkeypatch):
    """B1: nothing is downloaded; the network is offline in this test."""
    path = tmp_path / "vgg.safetensors"
    save_file(VGG(16, classes=0).state_dict(), path)

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    network = cw.load("vgg16", weights=path)
    assert cw.activations(network, cat, layer="block1_conv1", channels=[0], size=64).values.shape[0] == 1


def test_a_photo_at_a_size_that_is_not_square(net, cat):
    """B3: 250 by 167, height first."""
    grid = cw.activations(net, cat, layer="conv1", channels=[0], size=(250, 167))
    assert grid.values.shape == (1, 124, 83)


def test_the_input_as_the_network_sees_it(net, cat):
    """B4: the images, drawn back."""
    shown = net.preprocessing.show(net.prepare(cat))[0]
    assert shown.size == (224, 337)
    small = np.asarray(cat.to_image().resize((337, 224), 2))
    assert np.abs(shown.pixels.astype(int) - small).max() <= 1


def test_fifty_layers_of_a_resnet50_from_one_pass(cat):
    """B5: an Album of every map, one forward pass."""
    module = ResNet(50).eval()
    network = cw.Network(module, cw.Preprocessing(size=64))
    names = [layer.name for layer in network.layers if layer.is_map][1:50]
    count = []
    module.conv1.register_forward_hook(lambda *_: count.append(1))
    network.trace(network.prepare(cat))
    count.clear()
    album = cw.activations(network, cat, layer=names)
    assert len(album.pages) == 49
    assert len(count) == 1


def test_one_channel_in_colour(net, cat):
    """B6: viridis, or any other map by name."""
    grid = cw.activations(net, cat, layer="conv1", channels=[7], colormap="viridis")
    pixels = np.asarray(cells(grid)[0].tile())
    assert (pixels[..., 0] != pixels[..., 1]).any()


def test_every_layer_sixteen_in_a_row_standardised(net, cat):
    """B7, B12: titled with the layer's name; each channel minus its mean, over its deviation, times 64, plus 128."""
    album = cw.activations(net, cat, layer="pool5..", scale="channel", columns=16)
    assert album.names[0].startswith("squeezenet1_1 · pool5")
    first = sheet(album.pages[0])
    assert first.grid[1] == 16
    one = first.values[5].astype(np.float64)
    wanted = np.clip((one - one.mean()) / one.std() * 64 + 128, 0, 255)
    drawn = np.asarray(cw.Heatmap(first.values[5], colormap="gray", scale="channel", colorbar=False).tile())
    factor = drawn.shape[0] // one.shape[0]
    assert np.abs(drawn[factor // 2 :: factor, factor // 2 :: factor, 0] - wanted).max() <= 1


def test_wrong_wishes_are_told(net, cat):
    with pytest.raises(cw.BadSetting, match="channels 0 to 63, got 64"):
        cw.activations(net, cat, layer="conv1", channels=[64])
    with pytest.raises(cw.UnknownLayer, match=r"no layer 'fire6_squeeze'. Closest: fire6"):
        cw.activations(net, cat, layer="fire6_squeeze")
    with pytest.raises(cw.BadSetting, match="channels or strongest"):
        cw.activations(net, cat, layer="conv1", channels=[1], strongest=2)


def test_a_layer_without_a_map_is_drawn_as_numbers_in_a_row(net, cat):
    assert cw.activations(net, cat, layer="flatten").values.shape == (1000, 1, 1)
    network = cw.Network(nn.Sequential(nn.Flatten(2)), cw.Preprocessing(size=8))
    with pytest.raises(cw.UnsupportedMethod, match="no channels with a map"):
        cw.activations(network, cat, layer="0")
