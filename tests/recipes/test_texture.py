"""Textures: statistics that come near, figures by a plain computation, patches that were all there before."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.errors import BadSetting, UnknownLayer, UnsupportedMethod
from cutaway.synthesis.quilting import quilted


@pytest.fixture(scope="module")
def fur(cat) -> cw.Picture:
    """A piece of the cat's forehead."""
    return cat.cropped((10, 190, 74, 254))


@pytest.fixture(scope="module")
def row(net, fur):
    return cw.texture(net, fur, ["relu1", "fire2"], method=["gram", "quilting"], source_size=48, steps=40)


def test_what_was_asked_for_comes_near_and_what_was_not_stays_away(row):
    assert row.names == ("gram, relu1", "gram, up to fire2", "quilting")
    first, both, _ = row.errors.values()
    assert first["relu1"] < 0.1
    assert both["fire2"] < 0.5 * first["fire2"]
    assert row.values.shape == (3, 48, 48, 3)


def test_errors_are_those_of_the_textures_given(net, row, fur):
    small = net.at(48)
    goal = cw.capture(small, small.prepare(fur), "fire2")["fire2"][0].flatten(1)
    for name, picture in row.pictures.items():
        made = small.preprocessing.normalize(torch.from_numpy(picture).permute(2, 0, 1)[None])
        found = cw.capture(small, made, "fire2")["fire2"][0].flatten(1)
        wanted, got = goal @ goal.T / goal.shape[1], found @ found.T / found.shape[1]
        assert row.errors[name]["fire2"] == pytest.approx(
            float((got - wanted).norm() / wanted.norm()), rel=1e-3
        )


@pytest.mark.parametrize("method", ["gram", "covariance", "mean"])
def test_any_size_and_every_statistic(net, fur, method):
    settings = {"method": method, "size": (40, 56), "source_size": 48}
    found, begun = (cw.texture(net, fur, "relu1", steps=steps, **settings) for steps in (15, 1))
    assert found.values.shape == (40, 56, 3)
    (name,) = found.names
    assert found.errors[name]["relu1"] < 0.5 * begun.errors[name]["relu1"]


def test_sets_of_layers(net, fur):
    layers, settings = ["relu1", "fire2", "fire3"], {"source_size": 40, "steps": 1}
    names = {sets: cw.texture(net, fur, layers, sets=sets, **settings).names for sets in ("each", "together")}
    assert names["each"] == ("gram, relu1", "gram, fire2", "gram, fire3")
    assert names["together"] == ("gram, relu1 to fire3",)
    twice = [cw.texture(net, fur, "relu1", **settings).values for _ in range(2)]
    assert np.array_equal(*twice)


def test_stopped_it_keeps_what_is_there(net, fur):
    found = cw.texture(
        net, fur, ["relu1", "fire2"], source_size=40, steps=9, preview=lambda step, images: step == 3
    )
    assert found.stopped
    assert found.names == ("gram, relu1",)
    assert "Stopped" in found.caption


def test_quilting_copies_and_sews_where_nothing_is_seen():
    """Every row and column of a chequered ground goes on across all seams."""
    ground = np.indices((30, 30)).sum(0) // 3 % 2 * 255
    picture = cw.Picture(np.repeat(ground.astype(np.uint8)[..., None], 3, 2))
    made = quilted(picture, (50, 44), patch=12, overlap=6, seed=3).pixels
    assert made.shape == (50, 44, 3)
    assert np.array_equal(made[:-6], made[6:])
    assert np.array_equal(made[:, :-6], made[:, 6:])
    assert np.array_equal(made[3:, :-3], made[:-3, 3:])


def test_quilting_is_seeded_and_knows_only_colours_that_are_there(coffee):
    small = coffee.resized((60, 90))
    first, again, other = (quilted(small, (70, 70), patch=20, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)
    known = {tuple(one) for one in small.pixels.reshape(-1, 3).tolist()}
    assert {tuple(one) for one in first.pixels.reshape(-1, 3).tolist()} <= known
    # A patch as large as the picture is the picture.
    assert np.array_equal(
        quilted(small.cropped((0, 0, 60, 60)), (60, 60), patch=60).pixels, small.pixels[:, :60]
    )


def test_the_next_patch_goes_on_from_what_is_there():
    """In noise only one patch fits: the one that follows in the picture."""
    picture = cw.Picture(np.random.default_rng(2).integers(0, 255, (16, 16, 3)).astype(np.uint8))
    made = quilted(picture, (12, 8), patch=8, overlap=4, seed=1).pixels
    corners = [
        (y, x)
        for y in range(5)
        for x in range(9)
        if np.array_equal(picture.pixels[y : y + 8, x : x + 8], made[:8])
    ]
    ((y, x),) = corners
    assert np.array_equal(made, picture.pixels[y : y + 12, x : x + 8])


def test_what_is_refused(net, fur):
    def refused(words: str, error=BadSetting, layers="fire2", network=net, **settings):
        with pytest.raises(error, match=words):
            cw.texture(network, fur, layers, **{"source_size": 40, "steps": 1} | settings)

    refused("method takes gram, covariance, mean, quilting, got 'style'", method="style")
    refused("sets takes cumulative, each, together", sets="all")
    refused("steps must be at least 1", steps=0)
    refused("layers needs at least one", layers=[])
    refused("size must be at least 1 pixel", size=0)
    refused("no layer 'fire99'", UnknownLayer, layers="fire99")
    refused("no maps .n,c,h,w.*choose an earlier layer", UnsupportedMethod, layers="@logits")
    refused("has no preprocessing", network=cw.Network(nn.Conv2d(3, 3, 3)))
    refused(r"patch must lie in 2..40, the picture's shorter side, got 41", method="quilting", patch=41)
    with pytest.raises(BadSetting, match=r"overlap must lie in 1..7, got 8"):
        quilted(fur, (20, 20), patch=8, overlap=8)
    with pytest.raises(BadSetting, match="size must be at least 1"):
        quilted(fur, (0, 20))


def test_the_command(tmp_path, fur, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fur.save("fur.png")
    words = "texture fur.png --layer relu1 --method mean --method quilting --steps 2 --source-size 40 --size 48x32"
    with pytest.raises(SystemExit) as end:
        main([*words.split(), "--json"])
    assert end.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["errors"]) == ["mean, relu1", "quilting"]
    with np.load("cutaway-out/texture-fur.npz") as kept:
        assert kept["values"].shape == (2, 48, 32, 3)
        assert kept["errors"].shape == (2, 1)
        assert kept["layers"].tolist() == ["relu1"]
