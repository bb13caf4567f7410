"""Inversions of real layers: near the photo early, near the layer's answer always; figures by other packages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.errors import BadSetting, NonFinite, UnknownLayer, UnsupportedNetwork, WeightsUnavailable
from cutaway.images.likeness import correlation, psnr
from cutaway.network.progress import watched

PHOTO = Path(__file__).parents[2] / "examples" / "photos" / "chelsea.png"


@pytest.fixture(scope="module")
def row(net, cat):
    return cw.invert(net, cat, ["relu1", "fire3", "fire9"], size=64, steps=40)


def test_early_layers_give_the_photo_back_and_late_ones_do_not(row):
    assert list(row.scores) == ["relu1", "fire3", "fire9"]
    early, middle, late = row.scores.values()
    assert early.correlation > 0.97
    assert middle.correlation > 0.8
    assert early.correlation > middle.correlation > late.correlation
    assert early.psnr > middle.psnr > late.psnr
    assert max(one.error for one in row.scores.values()) < 0.5
    assert row.values.shape == (3, 64, 96, 3)
    assert 0 <= row.values.min() <= row.values.max() <= 1


def test_scores_are_those_of_the_picture_that_is_given(net, cat, row):
    small = net.at(64)
    photo = small.prepare(cat).as_subclass(torch.Tensor)
    seen = small.preprocessing.show(photo)[0].pixels / 255
    assert np.allclose(row.photo, seen, atol=1 / 255)
    for name, picture in row.pictures.items():
        again = small.preprocessing.normalize(torch.from_numpy(picture).permute(2, 0, 1)[None])
        found, goal = (cw.capture(small, x, name)[name] for x in (again, photo))
        assert row.scores[name].error == pytest.approx(float((found - goal).norm() / goal.norm()), rel=1e-3)
        right = np.corrcoef(picture.ravel(), row.photo.ravel())[0, 1]
        assert row.scores[name].correlation == pytest.approx(right, rel=1e-4)
        assert row.scores[name].psnr == pytest.approx(
            -10 * np.log10(((picture - row.photo) ** 2).mean()), rel=1e-4
        )


def test_one_layer_is_the_same_alone_and_in_a_row(net, cat, row):
    alone = cw.invert(net, cat, "fire3", size=64, steps=40)
    assert alone.values.shape == (64, 96, 3)
    assert np.array_equal(alone.values, row.pictures["fire3"])
    other = cw.invert(net, cat, "fire3", size=64, steps=1, seed=1)
    assert not np.array_equal(other.values, alone.values)


def test_a_network_that_forgets_nothing_gives_the_photo(cat):
    net = cw.Network(nn.Identity(), cw.Preprocessing(size=(24, 30), fit="exact"))
    found = cw.invert(net, cat, "@input", steps=60)
    assert found.scores["@input"].correlation > 0.999


def test_the_papers_way_is_smoother_with_its_penalties(net, cat):
    def roughness(**settings) -> float:
        values = cw.invert(net, cat, "fire4", size=48, steps=20, method="paper", **settings).values
        return float(np.abs(np.diff(values, axis=0)).mean())

    assert roughness() < 0.8 * roughness(total_variation=0, alpha_norm=0)


def test_layers_without_places_and_networks_of_other_colours(cat):
    layers = nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5)
    gray = nn.Sequential(*layers)
    gray(torch.zeros(1, 1, 12, 12))
    settings = cw.Preprocessing(size=(12, 12), fit="exact", channels="gray", mean=(0.5,), std=(0.5,))
    found = cw.invert(cw.Network(gray, settings), cat, ["1", "3"], steps=20)
    assert np.array_equal(found.values[..., 0], found.values[..., 2])
    assert found.scores["3"].error < 0.05
    blue = cw.Preprocessing(size=12, channels="BGR", mean=(100.0,) * 3, std=(1.0,) * 3, value_range=255.0)
    network = cw.Network(nn.Sequential(nn.Conv2d(3, 12, 3)), blue)
    assert cw.invert(network, cat, "0", steps=60).scores["0"].correlation > 0.95


def test_it_is_left_as_found_and_tells_how_far_it_is(net, cat):
    before = {name: value.clone() for name, value in net.module.state_dict().items()}
    told = []
    with watched(lambda what, done, total: told.append((what, done, total))):
        cw.invert(net, cat, ["relu1", "fire2"], size=48, steps=3)
    assert told == [(what, k, 3) for what in ("relu1", "fire2") for k in (1, 2, 3)]
    assert all(torch.equal(before[name], value) for name, value in net.module.state_dict().items())
    assert all(value.grad is None for value in net.module.parameters())


def test_stopped_it_keeps_what_is_there(net, cat):
    seen = []
    found = cw.invert(
        net,
        cat,
        ["relu1", "fire2"],
        size=48,
        steps=50,
        preview=lambda step, images: seen.append(step) or step == 4,
    )
    assert found.stopped
    assert seen == [1, 2, 3, 4]
    assert found.names == ("relu1",)
    assert len(found.history["relu1"]) == 4
    assert "Stopped: the last picture had 4 evaluations" in found.caption


def test_what_is_refused(net, cat):
    def refused(words: str, error=BadSetting, layers="fire2", network=net, **settings):
        with pytest.raises(error, match=words):
            cw.invert(network, cat, layers, **{"size": 48, "steps": 2} | settings)

    refused("method takes fourier or paper, got 'pixels'", method="pixels")
    refused("steps must be at least 1", steps=0)
    refused("weight must be at least 0, got -1", alpha_norm=-1.0)
    refused("layers needs at least one", layers=[])
    refused("no layer 'fire99'", UnknownLayer, layers="fire99")
    refused("cannot run", UnsupportedNetwork, size=4, layers="fire9")
    refused("has no preprocessing", network=cw.Network(nn.Conv2d(3, 3, 3)))
    dead = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU())
    nn.init.constant_(dead[0].bias, -1e6)
    refused(
        "all zero.*take a layer that answers", layers="1", network=cw.Network(dead, cw.Preprocessing(size=9))
    )
    broken = nn.Sequential(nn.Conv2d(3, 2, 3))
    nn.init.constant_(broken[0].bias, torch.inf)
    refused(
        "in '0.bias' are NaN or infinite",
        NonFinite,
        layers="0",
        network=cw.Network(broken, cw.Preprocessing(size=9)),
    )


def test_likeness_of_pictures_that_cannot_be_compared():
    flat, other = np.zeros((2, 2, 3)), np.ones((2, 3, 3))
    assert np.isnan(correlation(flat, flat))
    assert psnr(flat, flat) == np.inf
    with pytest.raises(BadSetting, match="one size"):
        psnr(flat, other)


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = (
        "invert",
        str(PHOTO),
        "--layer",
        "relu1",
        "--layer",
        "fire3",
        "--size",
        "48",
        "--steps",
        "5",
        "--json",
    )
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["layers"]) == ["relu1", "fire3"]
    with np.load("cutaway-out/invert-chelsea.npz") as kept:
        assert kept["values"].shape == (2, 48, 72, 3)
        assert kept["photo"].shape == (48, 72, 3)
        assert kept["correlation"].tolist() == [one["correlation"] for one in told["layers"].values()]


def test_what_vgg16_keeps_of_a_cat():
    """The figures that the project asks for; where the weights are on this machine."""
    try:
        net = cw.load("vgg16")
    except WeightsUnavailable:
        pytest.skip("the weights of vgg16 are not on this machine: cutaway models fetch vgg16")
    photo = cw.read(PHOTO).cropped((0, 75, 300, 375))
    found = cw.invert(net, photo, "relu2_2", size=64, steps=40)
    assert found.scores["relu2_2"].correlation > 0.9
