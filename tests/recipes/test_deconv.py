"""Units projected back onto a photo."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import Deconvnet

CAT = "examples/photos/chelsea.png"


def test_strongest_units_of_a_layer_beside_their_patches(net):
    """D5, D6: nine channels by their strongest place; patches are the photo's own pixels under the exact field."""
    sheet = cw.deconv(net, CAT, "fire5")
    photo = cw.read(CAT)
    images = net.prepare(photo)
    values = cw.capture(net, images, "fire5")["fire5"][0]
    peaks = values.flatten(1).amax(1)
    units = sheet.provenance["units"]
    assert [unit["channel"] for unit in units] == peaks.topk(9).indices.tolist()
    for unit in units:
        assert unit["activation"] == pytest.approx(
            float(values[unit["channel"], unit["y"], unit["x"]]), rel=1e-4
        )
        field = net.layer("fire5", images).field.box(unit["y"], unit["x"])
        assert unit["box"] == images.places[0].box(field)
    assert "fire5" in sheet.title
    assert "Deconvnet" in sheet.caption


def test_a_chosen_unit_is_its_projection_weighted_by_its_activation(net):
    sheet = cw.deconv(net, CAT, "fire3", channels=[5], at=(12, 17))
    images = net.prepare(cw.read(CAT))
    (unit,) = sheet.provenance["units"]
    whole = Deconvnet()(net, images, cw.unit("fire3", 5, 12, 17))[0] * unit["activation"]
    top, left, bottom, right = net.layer("fire3", images).field.box(12, 17)
    patch, drawn = sheet.rows[1][0].rows[0]
    assert drawn.values.shape == (bottom - top, right - left, 3)
    wanted = whole[:, top:bottom, left:right].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(drawn.values, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    assert patch.size == drawn.size


@pytest.mark.parametrize("how", ["sum", "overlay"])
def test_all_in_one_picture(net, how):
    """D8, D12: the strongest of a layer, projected and summed; of every channel, overlaid."""
    sheet = cw.deconv(net, CAT, "fire3", top=3, how=how)
    images = net.prepare(cw.read(CAT))
    alone = [
        Deconvnet()(net, images, cw.unit("fire3", u["channel"], u["y"], u["x"]))[0] * u["activation"]
        for u in sheet.provenance["units"]
    ]
    stacked = torch.stack(alone)
    if how == "sum":
        wanted = stacked.sum(0)
    else:
        strongest = stacked.abs().sum(1).argmax(0)
        wanted = stacked.gather(0, strongest.expand(1, 3, -1, -1))[0]
    drawn = sheet.rows[0][1]
    assert drawn.size == cw.read(CAT).size
    np.testing.assert_allclose(
        drawn.values, wanted.permute(1, 2, 0).numpy(), rtol=1e-3, atol=1e-4 * float(wanted.abs().max())
    )


def test_several_layers_and_guided_backpropagation(net, tmp_path):
    sheet = cw.deconv(net, CAT, ["conv1", "fire4"], top=2, method="guided")
    assert [unit["layer"] for unit in sheet.provenance["units"]] == ["conv1", "conv1", "fire4", "fire4"]
    assert sheet.save(tmp_path / "sheet.png").stat().st_size > 10_000
    assert cw.deconv(net, CAT, ["conv1", "fire4"], top=2, how="sum").rows[0][2].size == (300, 451)


def test_colours_of_a_bgr_network_are_drawn_as_rgb():
    module = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.ReLU())
    module[0].weight.data = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)  # blue, for a BGR network
    network = cw.Network(module, cw.Preprocessing(size=8, channels="BGR", mean=(0, 0, 0), std=(1, 1, 1)))
    photo = cw.Picture(np.full((8, 8, 3), 200, np.uint8))
    drawn = cw.deconv(network, photo, "1", channels=[0]).rows[1][0].rows[0][1]
    assert drawn.values[0, 0, 2] > 0
    assert not drawn.values[..., :2].any()


def test_a_layer_without_places(net):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))
    network = cw.Network(module, cw.Preprocessing(size=(8, 8), fit="exact"))
    sheet = cw.deconv(network, cw.Picture(np.full((8, 8, 3), 9, np.uint8)), "3", top=2)
    assert [unit["y"] for unit in sheet.provenance["units"]] == [None, None]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"channels": [999]}, "channels 0 to 255, got 999"),
        ({"channels": []}, "at least one channel"),
        ({"at": (99, 0)}, "rows 0 to"),
        ({"how": "mean"}, "each, sum or overlay"),
        ({"method": "magic"}, "deconvnet or guided"),
        ({"top": 0}, "at least 1"),
    ],
)
def test_bad_settings_are_told(net, settings, told):
    with pytest.raises(cw.BadSetting, match=told):
        cw.deconv(net, CAT, "fire5", **settings)


def test_unknown_layers_are_told(net):
    with pytest.raises(cw.UnknownLayer, match="Closest: fire5"):
        cw.deconv(net, CAT, "fire55")
