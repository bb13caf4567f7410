"""A generator from a layer back to photos: trained, killed and taken up, judged, and searched as a prior."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.network.progress import watched
from cutaway.synthesis.parametrization.generator_file import read_generator

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
QUICK = {"steps": 30, "size": 32, "width": 16, "batch": 4, "shown": 1, "ascent": 3}


def tiny(seed: int = 2) -> cw.Network:
    torch.manual_seed(seed)
    parts = [nn.Conv2d(3, 6, 5, 2), nn.ReLU(), nn.Conv2d(6, 8, 3, 2), nn.ReLU()]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)]
    return cw.Network(
        nn.Sequential(*parts, *end), cw.Preprocessing(size=32), classes=["cat", "dog", "cup"], name="tiny"
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[cw.Grid, Path]:
    file = tmp_path_factory.mktemp("generator") / "a.safetensors"
    return cw.invert_generator(tiny(), "3", PHOTOS, out=file, **(QUICK | {"steps": 100})), file


def test_losses_fall_and_the_sheet_tells_them(made):
    sheet, file = made
    told = sheet.provenance
    generator, about = read_generator(file, tiny())
    assert about["curve"]["loss"][-1] < 0.8 * about["curve"]["loss"][0]
    assert set(about["curve"]) == {"loss", "pixels", "features"}
    assert (about["photos"], told["held_out"]["photos"]) == (2, 1)
    assert about["settings"]["features"] == "1"
    assert "2 photos for 100 steps" in sheet.caption
    assert [list(one) for one in told["photos"]] == [["photo", "generator", "ascent"]]
    assert not file.with_name("a.checkpoint.safetensors").exists()
    assert generator.code == (8, 6, 6)
    assert not told["stopped"]


def test_figures_are_those_of_the_images_that_are_shown(made):
    sheet, file = made
    net = tiny()
    photo, image = (sheet.rows[0][0].rows[n][0].values for n in range(2))
    given = torch.from_numpy(photo).permute(2, 0, 1)[None]
    generator, _ = read_generator(file)

    def features(pixels):
        return cw.capture(net, net.preprocessing.normalize(pixels), "3")["3"]

    goal = features(given)
    with torch.no_grad():
        again = generator(goal)
    assert np.allclose(again[0].permute(1, 2, 0).numpy(), image, atol=1e-5)
    told = sheet.provenance["photos"][0]["generator"]
    assert told["error"] == pytest.approx(float((features(again) - goal).norm() / goal.norm()), rel=1e-3)
    assert told["correlation"] == pytest.approx(np.corrcoef(photo.ravel(), image.ravel())[0, 1], rel=1e-3)
    assert told["psnr"] == pytest.approx(-10 * np.log10(((photo - image) ** 2).mean()), rel=1e-3)


def test_the_same_call_again_shows_the_file_and_another_is_refused(made):
    sheet, file = made
    before = file.read_bytes()
    again = cw.invert_generator(tiny(), "3", PHOTOS, out=file, **(QUICK | {"steps": 100}))
    assert file.read_bytes() == before
    assert np.allclose(again.rows[0][0].values[:2], sheet.rows[0][0].values[:2], atol=1e-5)
    with pytest.raises(cw.BadSetting, match="another generator: steps 100 .asked for: 30."):
        cw.invert_generator(tiny(), "3", PHOTOS, out=file, **QUICK)


# One process imports torch, and forks one that is killed at each of these steps; the last of them ends.
KILLED = """
import os, signal, sys
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from cutaway.network.progress import watched
from tests.recipes.test_invert_generator import QUICK, PHOTOS, tiny
import cutaway as cw

def train(out, kill):
    def tell(what, done, total):
        if what == "training" and done == kill:
            os.kill(os.getpid(), signal.SIGKILL)
    with watched(tell):
        cw.invert_generator(tiny(), "3", PHOTOS, out=out, **(QUICK | {"steps": 30, "ascent": 0}))

for out, kills in ((sys.argv[2], [13, 23, 0]), (sys.argv[3], [0])):
    for kill in kills:
        child = os.fork()
        if child == 0:
            try:
                train(out, kill)
                os._exit(0)
            finally:
                os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code == (-signal.SIGKILL if kill else 0), code
        print(kill, os.path.exists(out), flush=True)
"""


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_bytes(tmp_path, root):
    """Weights, losses and all that is told of them, as of a training that nothing stopped."""
    killed, whole = tmp_path / "killed.safetensors", tmp_path / "whole.safetensors"
    around = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", KILLED, str(root), str(killed), str(whole)]
    done = subprocess.run(arguments, env=around, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["13 False", "23 False"]
    assert killed.read_bytes() == whole.read_bytes()


def test_stopped_it_is_written_and_goes_on(tmp_path):
    file = tmp_path / "a.safetensors"
    settings = QUICK | {"steps": 25, "size": 16, "width": 8, "ascent": 0}
    seen = []

    def watch(step, images):
        seen.append((step, tuple(images.shape)))
        return True

    first = cw.invert_generator(tiny(), "3", PHOTOS, out=file, **settings, preview=watch)
    assert seen == [(20, (1, 3, 16, 16))]
    assert first.provenance["stopped"]
    assert first.caption.endswith("the same call goes on.")
    second = cw.invert_generator(tiny(), "3", PHOTOS, out=file, **settings)
    assert second.provenance["generator"]["done"] == 25
    assert not second.provenance["stopped"]
    whole = tmp_path / "b.safetensors"
    cw.invert_generator(tiny(), "3", PHOTOS, out=whole, **settings)
    assert file.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("layer", ["@logits", "4", "0"])
def test_any_layer_with_channels_will_do(layer, tmp_path):
    file = tmp_path / "a.safetensors"
    sheet = cw.invert_generator(tiny(), layer, PHOTOS, out=file, **(QUICK | {"steps": 2}))
    assert sheet.provenance["generator"]["done"] == 2


@pytest.mark.parametrize(
    ("layer", "settings", "error", "words"),
    [
        ("fire5", {}, cw.UnknownLayer, "tiny has no layer 'fire5'"),
        ("3", {"features": "7x"}, cw.UnknownLayer, "no layer '7x'"),
        ("3", {"steps": 0}, cw.BadSetting, "steps must be a whole number of at least 1"),
        ("3", {"size": 4}, cw.BadSetting, "size must be a whole number of at least 8"),
        ("3", {"held": 1.0}, cw.BadSetting, "held must lie between 0 and 1"),
        ("3", {"rate": -1.0}, cw.BadSetting, "rate must be above 0"),
        ("3", {"rate": 1e9}, cw.NonFinite, "lower rate"),
        ("3", {"total_variation": -1.0}, cw.BadSetting, "at least 0"),
        ("3", {"out": "a.pt"}, cw.BadSetting, "ending in .safetensors"),
        ("3", {"out": "nowhere/a.safetensors"}, cw.BadSetting, "there is no folder 'nowhere'"),
        ("3", {"photos": "nowhere"}, cw.BadImage, "nowhere"),
        ("3", {"photos": "."}, cw.BadImage, "no photos found"),
    ],
)
def test_wrong_settings_say_what_to_do(layer, settings, error, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"photos": str(PHOTOS), "out": "a.safetensors"} | QUICK | settings
    with pytest.raises(error, match=words):
        cw.invert_generator(tiny(), layer, given.pop("photos"), **given)


def test_one_photo_is_too_few(tmp_path):
    photo = PHOTOS / "coffee.png"
    with pytest.raises(cw.BadSetting, match="at least two photos"):
        cw.invert_generator(tiny(), "3", photo, out=tmp_path / "a.safetensors", **QUICK)


def test_class_images_rise_within_the_prior(made):
    _, file = made
    net = tiny()
    begun, sheet = (cw.class_image(net, ["cat", 1], prior=file, steps=steps, seed=1) for steps in (0, 40))
    for before, after in zip(begun.provenance["images"], sheet.provenance["images"], strict=True):
        assert after["logit"] > before["logit"]
    assert sheet.rows[0][0].values.shape == (32, 32, 3)
    assert 0 <= sheet.values.min() <= sheet.values.max() <= 1
    assert "a generator" in sheet.caption
    assert f"prior={str(file)!r}" in sheet.code()
    alone = cw.class_image(net, 1, prior=file, steps=40, seed=1)
    assert np.allclose(alone.rows[0][0].values, sheet.rows[0][1].values, atol=1e-3)


def test_filters_rise_within_the_prior(made):
    _, file = made
    begun, sheet = (cw.filters(tiny(), "3", prior=file, steps=steps) for steps in (0, 30))
    pairs = zip(begun.provenance["filters"], sheet.provenance["filters"], strict=True)
    assert sum(after["mean"] > before["mean"] for before, after in pairs) >= 7
    assert sheet.values.shape == (8, 32, 32, 3)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"regularizer": "l2"}, cw.BadSetting, "moves features, not pixels"),
        ({"recipe": "classic"}, cw.BadSetting, "leave recipe and regularizer out"),
        ({"size": 64}, cw.BadSetting, "makes images of 32 × 32 pixels, got size=64"),
        ({"prior": "nowhere.safetensors"}, cw.WeightsUnavailable, "there is no file nowhere"),
    ],
)
def test_a_prior_goes_alone(made, settings, error, words):
    with pytest.raises(error, match=words):
        cw.class_image(tiny(), 0, **({"prior": made[1], "steps": 1} | settings))


def test_a_prior_of_other_weights_is_refused(made):
    for call in (
        lambda net: cw.class_image(net, 0, prior=made[1], steps=1),
        lambda net: cw.filters(net, "3", prior=made[1], steps=1),
    ):
        with pytest.raises(cw.WeightsUnavailable, match="was trained for tiny .*Train another"):
            call(tiny(3))
    with pytest.raises(cw.BadSetting, match="leave the recipe out"):
        cw.filters(tiny(), "3", prior=made[1], recipe="classic")


def typed(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code


def test_command(tmp_path, capfd):
    words = ["--steps", "2", "--size", "32", "--width", "8", "--batch", "2", "--shown", "1", "--ascent", "2"]
    file = tmp_path / "a.safetensors"
    call = ["invert-generator", "fire5", "--photos", str(PHOTOS), "--out", str(file), *words]
    assert typed(*call, "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["generator"]["layer"] == "fire5.cat"
    assert told["outputs"][0] == str(file)
    assert all(Path(path).is_file() for path in told["outputs"])
    assert typed(*call) == 0
    assert "2 photos, 2 steps; 1 held out: correlation" in capfd.readouterr().out
    assert typed("class-image", "285", "--prior", str(file), "--steps", "1", "--out", str(tmp_path)) == 0
    photo = str(PHOTOS / "coffee.png")
    assert typed("filters", "fire5", "--prior", photo, "--out", str(tmp_path)) == 1
    assert "damaged, or no .safetensors file" in capfd.readouterr().err


def test_ctrl_c_writes_what_is_there(tmp_path):
    file = tmp_path / "a.safetensors"

    def tell(what, done, total):
        if what == "training":
            raise KeyboardInterrupt

    with watched(tell):
        first = cw.invert_generator(tiny(), "3", PHOTOS, out=file, **QUICK)
    assert first.provenance["stopped"]
    assert first.provenance["generator"]["done"] == 1
    assert "ascent" not in first.provenance["photos"][0]
