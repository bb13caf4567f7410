"""What a layer answers, drawn in the ways that people know."""

from __future__ import annotations

import socket

import numpy as np
import pytest
import torch
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


def test_values_are_channels_height_width(net, cat):
    """A5: an array (C,H,W) of raw floats, equal to what a hook of one's own sees."""
    seen = []
    handle = net.module.features[0].register_forward_hook(lambda _m, _i, out: seen.append(out.clone()))
    try:
        with torch.no_grad():
            net.module(net.prepare(cat).as_subclass(torch.Tensor))
    finally:
        handle.remove()
    values = cw.activations(net, cat, layer="conv1").values
    assert values.dtype == np.float32
    assert np.array_equal(values, seen[0][0].numpy())


def test_a_larger_input_gives_larger_maps(net, cat):
    """A4: 448 instead of 224, or the photo as it is, unresized."""
    shapes = {s: cw.activations(net, cat, "conv1", size=s).values.shape for s in (224, 448, "photo")}
    assert shapes == {224: (64, 111, 168), 448: (64, 223, 336), "photo": (64, 149, 225)}


def test_black_gray_and_white_mean_negative_nothing_and_positive(cat):
    """A6: 64 channels as 8×8, drawn over the whole layer: −31.5 black, 0 mid-gray, +31.5 white."""
    module = nn.Conv2d(3, 64, 1)
    nn.init.zeros_(module.weight)
    module.bias.data = torch.arange(64) - 31.5
    grid = cw.activations(cw.Network(module, cw.Preprocessing(size=32)), cat, "conv2d", tile=96)
    drawn = np.asarray(sheet(grid).tile())
    h, w = drawn.shape[0] / 8, drawn.shape[1] / 8
    for k in range(64):
        y, x = int((k // 8 + 0.4) * h), int((k % 8 + 0.4) * w)
        assert np.abs(drawn[y, x].astype(float) - 255 * k / 63).max() <= 1


def test_the_channel_alone_is_beside_the_photo(net, cat):
    """A7: the sheet holds the photo and, right of it, the one map with its name."""
    grid = cw.activations(net, cat, layer="conv1", channels=[14])
    assert [type(cell) for cell in grid.rows[0]] == [cw.Picture, Heatmap]
    assert grid.values.shape == (1, 111, 168)
    assert "channel 14" in grid.rows[0][1].caption
    assert grid.to_image().width > 2 * 451


def test_a_map_has_its_place_in_the_photo(net):
    """A13: a bright spot in the photo is bright at the same place of the drawn channel."""
    pixels = np.zeros((300, 451, 3), np.uint8)
    pixels[200:216, 330:346] = 255
    cell = cells(cw.activations(net, cw.Picture(pixels), layer="conv1", strongest=1))[0]
    drawn = np.asarray(cell.tile())[..., 0].astype(int)
    y, x = np.unravel_index((np.abs(drawn - np.median(drawn))).argmax(), drawn.shape)
    assert abs(y - 208) <= 12
    assert abs(x - 338) <= 12


def test_deep_maps_as_six_by_eight(net, cat):
    """A9: 48 channels make 6 rows of 8 without being asked to."""
    drawn = sheet(cw.activations(net, cat, layer="fire6.squeeze", tile=64))
    assert (drawn.grid, drawn.size, len(drawn.values)) == ((6, 8), (64, 64), 48)


def test_several_strongest_channels_the_strongest_first(net, cat):
    """A8: "strongest" may be more than one."""
    grid = cw.activations(net, cat, layer="fire4", strongest=4)
    peaks = cw.capture(net, net.prepare(cat), "fire4")["fire4"][0].amax((1, 2)).numpy()
    assert [int(name.split()[1]) for name in grid.names] == list(np.argsort(-peaks, kind="stable")[:4])


def test_brightness_of_two_photos_can_be_compared(net, cat, coffee):
    """A12: the same activation has the same gray in both rows, and the largest is in its caption."""
    first, second = cells(cw.activations(net, [cat, coffee], layer="conv1", channels=[14]))
    together = np.concatenate([first.values.ravel(), second.values.ravel()])
    unit = (together - together.min()) / (together.max() - together.min())
    assert np.allclose(np.concatenate([c.range.unit(c.values).ravel() for c in (first, second)]), unit)
    assert "chelsea.png" in first.caption
    assert "coffee.png" in second.caption
    for cell in (first, second):
        assert f"max {cell.values.max():.3g}" in cell.caption


def test_one_layer_of_one_photo(net, cat):
    """C3: a sheet titled with network, layer, shape and photo; a name for each channel."""
    grid = cw.activations(net, cat, layer="pool1")
    assert grid.title == "squeezenet1_1 · pool1 (64 × 55 × 84) · chelsea.png"
    assert grid.names == tuple(f"channel {k}" for k in range(64))


def test_viridis_from_end_to_end(net, cat):
    """B6: the smallest value is viridis' dark purple, the middle its teal, the largest its yellow."""
    cell = cells(cw.activations(net, cat, layer="conv1", channels=[7], colormap="viridis"))[0]
    unit = cell.range.unit(cell.placement.resample(cell.values, cat.size))
    pixels = np.asarray(cell.tile()).astype(int)
    for at, colour in ((unit.min(), (68, 1, 84)), (0.5, (33, 145, 140)), (unit.max(), (253, 231, 37))):
        near = pixels[np.abs(unit - at) < 0.004]
        assert len(near)
        assert np.abs(near - colour).max() <= 12


def test_every_layer_of_a_network(net, cat):
    """B7: all maps, early to late, 16 in a row, each titled with its layer; no channel lost where C % 16 is not 0."""
    album = cw.activations(net, cat, layer="all", scale="channel", columns=16, size=64)
    maps = [layer for layer in net.layers if len(layer.shape) == 4]
    assert len(album.pages) == len(maps)
    for page, layer in zip(album.pages, maps, strict=True):
        assert f"· {layer.name} (" in page.title
        assert len(page.values) == layer.shape[1]
        assert sheet(page).grid == (-(-layer.shape[1] // 16), min(16, layer.shape[1]))
    assert sheet(album.pages[-1]).grid[1] == 16
    assert {1000} <= {len(page.values) for page in album.pages}


def test_standardised_as_drawn(cat):
    """B7: on the sheet itself: minus the mean, over the deviation, ×64, +128, clipped; a flat channel is mid-gray."""
    torch.manual_seed(0)
    module = nn.Conv2d(3, 17, 3)
    module.weight.data[16] = 0
    network = cw.Network(module, cw.Preprocessing(size=(34, 42), fit="exact"))
    drawn = sheet(cw.activations(network, cat, "conv2d", scale="channel", columns=16, tile=(32, 40)))
    image = np.asarray(drawn.tile()).astype(float)[..., 0]
    step = image.shape[1] / 16
    for k in range(16):
        one = drawn.values[k].astype(np.float64)
        wanted = np.clip((one - one.mean()) / one.std() * 64 + 128, 0, 255)
        left = round(k * step)
        errors = [
            np.abs(image[y : y + 32, x : x + 40] - wanted).max() for y in (0, 1, 2) for x in _near(left)
        ]
        assert min(errors) <= 1.5
    assert drawn.grid == (2, 16)
    assert np.abs(image[image.shape[0] // 2 + 16, 20] - 128) <= 1


def _near(left: int) -> range:
    return range(max(0, left - 2), left + 4)


def test_a_range_of_layers_early_to_late(net, cat):
    """B12: several layers in one go, both ends of the range included."""
    album = cw.activations(net, cat, layer="pool1..fire3.squeeze")
    shown = [page.title.split(" · ")[1].split(" ")[0] for page in album.pages]
    every = [layer.name for layer in net.layers]
    assert shown == every[every.index("pool1") : every.index("fire3.squeeze") + 1]


def test_several_layers_of_chosen_channels_and_photos(net, cat, coffee):
    """B12, A12: what is asked for one layer is drawn for each of several, one forward pass per photo."""
    cw.activations(net, [cat, coffee], layer="conv1", channels=[3])
    count = []
    handle = net.module.features[0].register_forward_hook(lambda *_: count.append(1))
    try:
        album = cw.activations(net, [cat, coffee], layer=["conv1", "fire2.squeeze"], channels=[3, 5])
    finally:
        handle.remove()
    assert [page.values.shape[0] for page in album.pages] == [4, 4]
    assert [len(page.rows) for page in album.pages] == [2, 2]
    assert len(count) == 2
    with pytest.raises(cw.BadSetting, match="fire2.squeeze of squeezenet1_1 has channels 0 to 15, got 40"):
        cw.activations(net, cat, layer=["conv1", "fire2.squeeze"], channels=[40])


def test_whole_layers_of_two_photos(net, cat, coffee):
    """A12: without chosen channels, a sheet of the layer for each photo, on one scale; tile and columns hold too."""
    grid = cw.activations(net, [cat, coffee], layer="fire6.squeeze", columns=16, tile=32)
    sheets = [row[0] for row in grid.rows]
    assert [(one.grid, one.size) for one in sheets] == [((3, 16), (32, 32))] * 2
    assert sheets[0].range == sheets[1].range
    assert sheets[0].range.high == max(one.values.max() for one in sheets)
    assert [one.caption for one in sheets] == ["chelsea.png", "coffee.png"]


def test_the_code_of_a_sheet_makes_it_again(net, cat):
    """F13: the line of Python in the provenance gives the same numbers."""
    for settings in ({"channels": [3, 5], "relu": True, "size": 64}, {"strongest": 2}, {}):
        grid = cw.activations(net, cat, layer="relu1", **settings)
        again = eval(grid.code(), {"cutaway": cw})
        assert again.names == grid.names
        assert np.array_equal(again.values, grid.values)


def test_the_caption_says_what_black_and_white_mean(net, cat):
    """A13, A6: black is strongly negative before a ReLU, and no answer after it; colours have their bar."""
    signed, gated, coloured = (
        cw.activations(net, cat, layer=layer, channels=[3], colormap=colormap).caption
        for layer, colormap in (("conv1", "gray"), ("relu1", "gray"), ("conv1", "viridis"))
    )
    assert signed.startswith("White: strongly positive, black: strongly negative. A place")
    assert gated.startswith("White: strong, black: no answer")
    assert coloured.startswith("A place in a map is the same place")
