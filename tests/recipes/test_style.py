"""Style transfer: losses that fall and are those of the picture, colours, masks, going on, stopping, refusals."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.recipes.style_layers import content_layer, style_layers
from tests.synthesis.networks import same, state

LAYERS = {"style_layers": ["relu1", "fire2"], "content_layers": "fire2"}


@pytest.fixture(scope="module")
def wave(coffee) -> cw.Picture:
    return coffee.fitted(160)


@pytest.fixture(scope="module")
def made(net, cat, wave):
    return cw.style(cat, wave, network=net, size=64, steps=18, scales=2)


def test_from_small_to_large_both_losses_fall(made):
    assert [run.size for run in made.runs] == [(32, 48), (64, 96)]
    assert [len(run.style) for run in made.runs] == [12, 6]
    assert made.values.shape == (64, 96, 3)
    assert made.values.min() >= 0
    assert made.values.max() <= 1
    first = made.runs[0]
    assert first.style[first.best] < 0.5 * first.style[0]
    assert not made.stopped


def test_losses_are_those_of_the_picture_given(net, cat, wave, made):
    """By `gram` and `match`, on the picture and photos that anybody can prepare."""
    settings, images = net.preprocessing, {}
    for name, picture in (
        ("made", None),
        ("photo", cat.resized((64, 96))),
        ("wave", wave.resized(wave.shortest(64))),
    ):
        values = made.values if picture is None else picture.pixels / np.float32(255)
        images[name] = settings.normalize(torch.from_numpy(values.copy()).permute(2, 0, 1)[None].float())
    layers = style_layers(net)
    content = content_layer(net)
    found, photo = (cw.capture(net, images[name], [*layers, content]) for name in ("made", "photo"))
    goal = cw.capture(net, images["wave"], layers)
    style = np.mean([-float(cw.gram(layer, goal[layer]).score(found)[0]) for layer in layers])
    assert made.losses[1] == pytest.approx(style, rel=1e-3)
    assert made.losses[0] == pytest.approx(
        -float(cw.match(content, photo[content]).score(found)[0]), rel=1e-3
    )


def test_default_layers(net):
    assert style_layers(net) == ["relu1", "fire2.cat", "fire4.cat", "fire6.cat"]
    assert content_layer(net) == "fire5.cat"
    vgg = cw.Network(nn.Sequential(*_vgg()), cw.Preprocessing(size=64))
    # As relu1_1, 2_1, 3_1, 4_1, 5_1 and 4_2.
    assert style_layers(vgg) == ["1", "6", "11", "18", "25"]
    assert content_layer(vgg) == "20"


def _vgg() -> list[nn.Module]:
    found: list[nn.Module] = []
    width = 3
    for more in (2, 2, 3, 3, 3):
        for _ in range(more):
            found += [nn.Conv2d(width, min(2 * width, 24), 3, padding=1), nn.ReLU()]
            width = min(2 * width, 24) if _ == 0 else width
            found[-2] = nn.Conv2d(found[-2].in_channels, width, 3, padding=1)
        found.append(nn.MaxPool2d(2))
    return found


def test_weights_pull_to_either_side(net, cat, wave):
    settings = {"network": net, "size": 32, "steps": 10} | LAYERS
    near, far = (cw.style(cat, wave, content_weight=weight, **settings).losses for weight in (100.0, 0.01))
    assert near[0] < 0.7 * far[0]
    assert near[1] > far[1]


def test_masks_keep_each_painting_on_its_side(net, cat):
    plain = [cw.Picture(np.full((60, 60, 3), colour, np.uint8)) for colour in ([200, 30, 30], [30, 30, 200])]
    left = np.zeros((30, 45))
    left[:, :22] = 1
    found = cw.style(
        cat,
        plain,
        masks=[left, 1 - left],
        network=net,
        size=32,
        steps=15,
        style_layers="relu1",
        style_weight=1e3,
    )
    red = found.values[..., 0] - found.values[..., 2]
    assert red[:, :20].mean() > red[:, -20:].mean() + 0.1
    settings = {"network": net, "size": 48, "steps": 4} | LAYERS
    full, none = (
        cw.style(cat, plain[0], masks=masks, **settings).values for masks in ([np.ones((30, 45))], None)
    )
    assert np.abs(full - none).max() < 0.02


def test_colours(net, cat, wave):
    settings = {"network": net, "size": 32, "steps": 6} | LAYERS
    kept = cw.style(cat, wave, colours="luminance", **settings)
    photo = kept.content.pixels / 255

    def tint(values: np.ndarray) -> np.ndarray:
        return values - (values @ [0.299, 0.587, 0.114])[..., None]

    assert np.abs(tint(kept.values) - tint(photo)).mean() < 0.02
    moved, plain = (
        cw.style(cat, wave, colours=colours, **settings).values for colours in ("histogram", "style")
    )
    away = [np.abs(one.mean((0, 1)) - photo.mean((0, 1))).sum() for one in (moved, plain)]
    assert away[0] < away[1]


def test_tiles_change_nothing(net, cat, wave):
    settings = {"network": net, "size": (120, 130), "steps": 2, "scales": 1} | LAYERS
    whole, cut = (cw.style(cat, wave, tiles=tiles, **settings) for tiles in (None, 96))
    assert cut.runs[0].style == pytest.approx(whole.runs[0].style, rel=1e-3)
    assert np.abs(whole.values - cut.values).max() < 0.02


def test_same_seed_same_picture_and_the_network_is_left(net, cat, wave):
    settings = {"network": net, "size": 40, "steps": 4, "init": "noise"} | LAYERS
    before = state(net.module)
    one, again, other = (cw.style(cat, wave, seed=seed, **settings).values for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    assert same(before, state(net.module))


def test_stopped_it_keeps_the_picture_and_goes_on(net, cat, wave):
    settings = {"network": net, "size": 64, "steps": 12} | LAYERS
    seen = []
    early = cw.style(
        cat,
        wave,
        scales=2,
        preview=lambda step, images: seen.append(images.shape[2:]) or step == 3,
        **settings,
    )
    assert early.stopped
    assert early.values.shape == (64, 96, 3)
    assert seen == [(32, 48)] * 3
    assert "Stopped" in early.caption
    more = cw.style(cat, wave, init=early.picture, **settings)
    assert len(more.runs) == 1
    assert more.losses[1] < cw.style(cat, wave, scales=1, **settings | {"steps": 1}).losses[1]


def test_adam_and_variation(net, cat, wave):
    settings = {"network": net, "size": 32, "steps": 8, "optimizer": "adam"} | LAYERS
    rough, smooth = (cw.style(cat, wave, total_variation=weight, **settings) for weight in (0.0, 10.0))
    assert rough.losses[1] < rough.runs[0].style[0]
    assert np.abs(np.diff(smooth.values, axis=0)).mean() < np.abs(np.diff(rough.values, axis=0)).mean()


def test_a_sheet_sweeps_two_settings(net, cat, wave):
    sweep = {"content_weight": [1, 100], "style_scale": [1, 1.5, 2]}
    found = cw.style_sheet(cat, wave, sweep, network=net, size=32, steps=2, **LAYERS)
    assert found.values.shape == (6, 32, 48, 3)
    assert [len(row) for row in found.sheet.rows] == [3, 3]
    assert "content weight 100 · style scale 1.5" in found.sheet.rows[1][1].caption
    assert "cutaway.style_sheet(" in found.code()
    assert "'style_scale': [1, 1.5, 2]" in found.code()


def test_provenance_makes_it_again(net, cat, wave, tmp_path):
    paths = [str(picture.save(tmp_path / f"{k}.png")) for k, picture in enumerate((cat.fitted(90), wave))]
    made = cw.style(*paths, network=net, size=32, steps=2, **LAYERS)
    again = eval(made.code(), {"cutaway": cw})
    assert np.array_equal(made.values, again.values)
    saved = np.load(made.save(tmp_path / "made.npz"))
    assert np.array_equal(saved["values"], made.values)
    assert saved["style"].shape == (2,)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"weights": [1, 2]}, "weights"),
        ({"weights": [-1]}, "weights"),
        ({"masks": [None, None]}, "masks"),
        ({"masks": [np.ones((10, 40))]}, "shape"),
        ({"masks": [np.zeros((20, 30))]}, "black"),
        ({"masks": [np.full((20, 30), np.nan)]}, "mask"),
        ({"style_weight": 0}, "style_weight"),
        ({"content_weight": float("nan")}, "content_weight"),
        ({"style_scale": -1}, "style_scale"),
        ({"colours": "red"}, "colours"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"steps": 0}, "steps"),
        ({"scales": 99}, "scales"),
        ({"size": 0}, "size"),
        ({"style_layers": []}, "layer"),
        ({"style_layers": ["nothing"]}, "nothing"),
        ({"tiles": 3}, "side"),
    ],
)
def test_refusals(net, cat, wave, settings, told):
    with pytest.raises(cw.CutawayError, match=told):
        cw.style(cat, wave, network=net, **{"size": 32, "steps": 1} | settings)


def test_no_painting_and_unknown_sweeps(net, cat, wave):
    with pytest.raises(cw.BadSetting, match="got none"):
        cw.style(cat, [], network=net)
    for sweep in ({"contentweight": [1]}, {}, {"steps": [1.5]}, {"content_weight": []}):
        with pytest.raises(cw.BadSetting):
            cw.style_sheet(cat, wave, sweep, network=net, size=32)
    with pytest.raises(cw.BadSetting, match="too"):
        cw.style_sheet(cat, wave, {"steps": [1]}, network=net, size=32, steps=3)


def test_command(net, cat, wave, tmp_path, capsys):
    paths = [
        str(picture.save(tmp_path / name))
        for name, picture in (("cat.png", cat.fitted(90)), ("wave.png", wave))
    ]
    small = [
        "--model",
        "squeezenet1_1",
        "--size",
        "32",
        "--steps",
        "4",
        "--style-layer",
        "relu1",
        "--out",
        str(tmp_path),
    ]
    with pytest.raises(SystemExit) as ended:
        main(["style", *paths, *small, "--json", "--film", "run.gif", "--live", "2"])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert [path.rsplit(".")[-1] for path in told["outputs"]] == ["png", "npz", "html", "gif"]
    assert told["losses"][0]["style"] > 0
    with pytest.raises(SystemExit) as ended:
        main(["style", *paths, *small, "--sweep", "content-weight=1,10"])
    assert ended.value.code == 0
    assert re.search("wrote .*style-cat.png", capsys.readouterr().out)
    for wrong in (
        ["--sweep", "content-weight"],
        ["--sweep", "size=1,2"],
        ["--shares", "a"],
        ["--film", "run.txt"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(["style", *paths, *small, *wrong])
        assert ended.value.code == 2
        assert "Traceback" not in capsys.readouterr().err
