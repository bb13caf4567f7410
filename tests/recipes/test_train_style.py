"""Painters: trained, killed and taken up, in several processes, judged on photos they never saw; and their commands."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.faststyle.start import BUNDLED, starting_at
from cutaway.faststyle.style_file import read_style
from cutaway.faststyle.training import StyleGoal
from cutaway.objectives.gram import gram_matrix

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
PAINTING = PHOTOS / "coffee.png"
QUICK = {
    "steps": 40,
    "size": 32,
    "batch": 2,
    "width": 4,
    "blocks": 1,
    "rate": 0.01,
    "shown": 1,
    "style_weight": 20.0,
}


def tiny() -> cw.Network:
    torch.manual_seed(2)
    parts = [nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3, 2), nn.ReLU()]
    return cw.Network(nn.Sequential(*parts), cw.Preprocessing(size=32), name="tiny")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[cw.Grid, Path]:
    file = tmp_path_factory.mktemp("style") / "cup.safetensors"
    return cw.train_style(PAINTING, PHOTOS, out=file, network=tiny(), **QUICK), file


def test_losses_fall_and_the_sheet_tells_them(made):
    sheet, file = made
    _, about = read_style(file)
    curve = about["curve"]
    assert np.mean(curve["loss"][-8:]) < 0.5 * np.mean(curve["loss"][:8])
    assert set(curve) == {"loss", "content", "style", "variation"}
    for whole, *parts in zip(
        *(curve[name] for name in ("loss", "content", "style", "variation")), strict=True
    ):
        assert whole == pytest.approx(sum(parts), rel=1e-3)
    told = sheet.provenance
    assert (about["name"], about["photos"], told["held_out"]["photos"]) == ("cup", 2, 1)
    assert "2 photos, 40 steps of 2 cuts of 32 pixels" in sheet.caption
    assert not file.with_name("cup.checkpoint.safetensors").exists()
    assert not told["stopped"]


def test_figures_are_those_of_the_images_that_are_shown(made):
    """The published losses by hand, each over what nothing at all would have."""
    sheet, file = made
    photo, painted = (sheet.rows[0][0].rows[n][0].values for n in range(2))
    again = cw.stylize(cw.Picture((photo * 255).round().astype(np.uint8)), file).values
    assert np.abs(again - painted).max() < 0.02
    net = tiny()
    layers = sheet_layers(file)
    reads = [layers["content_layer"], *layers["style_layers"]]

    def seen(values):
        pixels = torch.from_numpy(np.ascontiguousarray(values)).permute(2, 0, 1)[None].float()
        return cw.capture(net, net.preprocessing.normalize(pixels), reads)

    painting = cw.read(PAINTING)
    goal, given, now = seen(painting.resized(painting.shortest(43)).pixels / 255), seen(photo), seen(painted)
    style = [
        float(
            (gram_matrix(now[name]) - gram_matrix(goal[name])).square().sum()
            / gram_matrix(goal[name]).square().sum()
        )
        for name in layers["style_layers"]
    ]
    content = layers["content_layer"]
    distance = float((now[content] - given[content]).square().sum() / given[content].square().sum())
    assert sheet.provenance["held_out"]["style"] == pytest.approx(np.mean(style), rel=1e-3)
    assert sheet.provenance["held_out"]["content"] == pytest.approx(distance, rel=1e-3)


def sheet_layers(file):
    return read_style(file)[1]["settings"]


def test_its_gradient_is_that_of_what_it_tells():
    """Autograd through the network, in full precision, on an untouched copy."""
    net = tiny()
    painting = cw.read(PAINTING).resized((40, 60))
    goal = StyleGoal(net, (painting,), (1.0,), "2", ("1", "3"), 1.0, 50.0, 0.0)
    batch = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))

    class Shift(nn.Module):
        def __init__(self):
            super().__init__()
            self.moved = nn.Parameter(torch.full((1, 3, 1, 1), 0.1))

        def forward(self, images):
            return images + self.moved

    module = Shift()
    sum(goal.loss()(module, batch, 0).values()).backward()
    found = module.moved.grad.clone()
    module.moved.grad = None
    module.double()
    own = net.module.double()
    normal = net.preprocessing.normalize

    def answers(images):
        first = own[1](own[0](normal(images)))
        second = own[2](first)
        return {"1": first, "2": second, "3": own[3](second)}

    plain = torch.from_numpy(painting.pixels.copy()).permute(2, 0, 1)[None].double() / 255
    with torch.no_grad():
        wanted, photo = answers(plain), answers(batch.double())
    now = answers(module(batch.double()))
    content = (now["2"] - photo["2"]).square().flatten(1).sum(1) / photo["2"].square().flatten(1).sum(1)
    style = 0
    for name in ("1", "3"):
        target = gram_matrix(wanted[name])
        style = (
            style + (gram_matrix(now[name]) - target).square().flatten(1).sum(1) / target.square().sum() / 2
        )
    (content + 50 * style).mean().backward()
    assert torch.allclose(found.double(), module.moved.grad, rtol=1e-3)


def test_the_same_call_again_shows_the_file_and_another_is_refused(made):
    sheet, file = made
    before = file.read_bytes()
    again = cw.train_style(PAINTING, PHOTOS, out=file, network=tiny(), **QUICK)
    assert file.read_bytes() == before
    assert again.provenance["held_out"] == pytest.approx(sheet.provenance["held_out"], rel=1e-4)
    with pytest.raises(cw.BadSetting, match=r"another style: steps 40 \(asked for: 41\)"):
        cw.train_style(PAINTING, PHOTOS, out=file, network=tiny(), **(QUICK | {"steps": 41}))
    with pytest.raises(cw.BadSetting, match="another style: paintings"):
        cw.train_style(PHOTOS / "camera.png", PHOTOS, out=file, network=tiny(), **QUICK)


def test_a_stop_keeps_what_is_there_and_the_same_call_goes_on(made, tmp_path):
    file, shown = tmp_path / "cup.safetensors", []

    def preview(step, images):
        shown.append((step, tuple(images.shape)))
        return step == 20

    stopped = cw.train_style(PAINTING, PHOTOS, out=file, network=tiny(), **QUICK, every=10, preview=preview)
    assert shown == [(10, (1, 3, 43, 43)), (20, (1, 3, 43, 43))]
    assert stopped.provenance["stopped"]
    assert "Stopped before its end" in stopped.caption
    assert cw.stylize(PAINTING, file, size=16).picture.size == (16, 24)
    cw.train_style(PAINTING, PHOTOS, out=file, network=tiny(), **QUICK, every=10)
    one, other = (read_style(path)[0].state_dict() for path in (file, made[1]))
    assert all(torch.equal(a, b) for a, b in zip(one.values(), other.values(), strict=True))


# One process imports torch, and forks one that is killed at each of these steps; the last of them ends.
KILLED = """
import os, signal, sys
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from cutaway.network.progress import watched
from tests.recipes.test_train_style import QUICK, PAINTING, PHOTOS, tiny
import cutaway as cw

def train(out, kill):
    def tell(what, done, total):
        if what == "training" and done == kill:
            os.kill(os.getpid(), signal.SIGKILL)
    with watched(tell):
        cw.train_style(PAINTING, PHOTOS, out=out, network=tiny(), **QUICK, every=5)

os.makedirs(os.path.dirname(sys.argv[3]))
for out, kills in ((sys.argv[2], [13, 31, 0]), (sys.argv[3], [0])):
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
"""


def test_killed_and_started_again_it_ends_with_the_same_bytes(tmp_path, root):
    """Weights and the curve of losses, as of a training that nothing stopped."""
    killed, whole = tmp_path / "cup.safetensors", tmp_path / "whole" / "cup.safetensors"
    around = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", KILLED, str(root), str(killed), str(whole)]
    done = subprocess.run(arguments, env=around, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert killed.read_bytes() == whole.read_bytes()


TOGETHER = """
import sys
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from tests.recipes.test_train_style import QUICK, PAINTING, PHOTOS, tiny
from cutaway.training.several import together
import cutaway as cw

with together():
    cw.train_style(PAINTING, PHOTOS, out=sys.argv[2], network=tiny(), **(QUICK | {"batch": 1, "steps": 8}))
"""


def test_two_processes_of_the_launcher_train_as_one_of_twice_the_batch(tmp_path, root):
    script, file = tmp_path / "together.py", tmp_path / "cup.safetensors"
    script.write_text(TOGETHER)
    around = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, str(script), str(root), str(file)],
        env=around,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    alone = tmp_path / "alone.safetensors"
    cw.train_style(PAINTING, PHOTOS, out=alone, network=tiny(), **(QUICK | {"batch": 2, "steps": 8}))
    two, one = (read_style(path)[1]["curve"]["loss"] for path in (file, alone))
    # Later steps tell roundings of the first ones apart.
    assert two[:3] == pytest.approx(one[:3], rel=2e-3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"preset": "huge"}, "preset takes small, medium, large, got 'huge'"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"size": 4}, "size must be at least 8, got 4"),
        ({"rate": 0.0}, "rate must be above 0"),
        ({"weights": [1.0, 2.0]}, "one number of 0 or more for each of the 1 paintings"),
        ({"style_weight": -1.0}, "style_weight must be at least 0"),
        ({"style_size": 3}, "style_size must be at least 8"),
        ({"held": 1.0}, "held must lie between 0 and 1"),
        ({"out": "a.pth"}, r"ending in \.safetensors, got 'a\.pth'"),
        ({"out": "none/a.safetensors"}, "there is no folder 'none'"),
    ],
)
def test_settings_outside_their_range(settings, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {"network": tiny(), "out": "a.safetensors"} | QUICK | settings
    with pytest.raises(cw.BadSetting, match=words):
        cw.train_style(PAINTING, PHOTOS, **asked)
    assert list(tmp_path.iterdir()) == []


def test_unknown_layers_and_folders_without_photos(tmp_path):
    with pytest.raises(cw.UnknownLayer):
        cw.train_style(
            PAINTING, PHOTOS, out=tmp_path / "a.safetensors", network=tiny(), **QUICK, content="relu9"
        )
    with pytest.raises(cw.CutawayError, match="photo"):
        cw.train_style(PAINTING, tmp_path, out=tmp_path / "a.safetensors", network=tiny(), **QUICK)


def test_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [
        "train-style",
        str(PAINTING),
        "--photos",
        str(PHOTOS),
        "--out",
        "cup.safetensors",
        "--every",
        "2",
    ]
    sizes = [
        "--model",
        "squeezenet1_1",
        "--steps",
        "4",
        "--size",
        "32",
        "--batch",
        "1",
        "--width",
        "4",
        "--blocks",
        "1",
    ]
    with pytest.raises(SystemExit) as ended:
        main([*words, *sizes, "--shown", "1", "--json"])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outputs"] == ["cup.safetensors", "cup.png", "cup.npz"]
    assert told["style"]["done"] == 4
    assert Path("cup-preview.jpg").is_file()
    with pytest.raises(SystemExit) as ended:
        main(["stylize", str(PHOTOS), "--style", "cup.safetensors", "--size", "40", "--strength", "0.8"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.splitlines() == [
        f"wrote cutaway-out/{name}-cup.png" for name in ("camera", "chelsea", "coffee")
    ]
    with Image.open("cutaway-out/chelsea-cup.png") as picture:
        assert picture.size == (60, 40)
    Path("bad.jpg").write_text("no photo")
    with pytest.raises(SystemExit) as ended:
        main(["stylize", "bad.jpg", str(PAINTING), "--style", "cup.safetensors", "--size", "40", "--json"])
    assert ended.value.code != 0
    told = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in told["skipped"]] == ["bad.jpg"]
    assert len(told["photos"]) == 1


def test_it_begins_at_the_painter_that_is_given(made, tmp_path):
    """After one step of a rate near nothing it paints as that one does; drawn weights do not."""
    _, file = made
    photo = cw.read(PHOTOS / "chelsea.png").resized((40, 60))
    painted = {}
    for start in (str(file), "nothing"):
        out = tmp_path / f"{len(painted)}.safetensors"
        settings = {**QUICK, "steps": 1, "rate": 1e-9, "start": start}
        cw.train_style(PAINTING, PHOTOS, out=out, network=tiny(), **settings)
        assert (sheet_layers(out)["start"] is None) == (start == "nothing")
        painted[start] = cw.stylize(photo, out).values
    wanted = cw.stylize(photo, file).values
    assert np.abs(painted[str(file)] - wanted).max() < 1e-4
    assert np.abs(painted["nothing"] - wanted).max() > 0.05


def test_a_start_of_another_shape_is_refused(made, tmp_path):
    _, file = made
    with pytest.raises(cw.BadSetting, match="has width 4 and 1 blocks, and 8 and 1 were asked for"):
        cw.train_style(
            PAINTING,
            PHOTOS,
            out=tmp_path / "a.safetensors",
            network=tiny(),
            **{**QUICK, "width": 8, "start": file},
        )


def test_the_bundled_start_paints_and_is_the_one_noted():
    """It keeps a photo's light and dark, and its file is the one that NOTICE.md tells of."""
    painter = starting_at("usual", 16, 5)
    photo = cw.read(PHOTOS / "chelsea.png")
    seen = torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        painted = painter(seen)
    light = [one.mean((0, 1)).flatten().numpy() for one in (seen, painted)]
    assert np.corrcoef(*light)[0, 1] > 0.5
    found = hashlib.sha256(BUNDLED.read_bytes()).hexdigest()
    assert found in BUNDLED.with_name("NOTICE.md").read_text(encoding="utf-8")
