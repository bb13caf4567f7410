"""Every command as a person types it, on real photos."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.view import provenance

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "examples" / "photos"
AROUND = os.environ | {"PYTHONPATH": str(ROOT / "src")}


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def typed(tmp_path, monkeypatch, capfd) -> Callable[..., Done]:
    """Run a command line in a folder of its own, in this process."""
    monkeypatch.chdir(tmp_path)
    for photo in PHOTOS.glob("*.png"):
        shutil.copy(photo, tmp_path)

    def run(*words: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(words)
        out, err = capfd.readouterr()
        return Done(ended.value.code, out, err)

    return run


def test_explain_writes_picture_page_and_numbers(typed):
    """E8, F5: labels on the screen; PNG, HTML and NPZ in the folder; nothing elsewhere."""
    done = typed("explain", "chelsea.png", "--out", "sheets")
    assert done.code == 0
    assert "59." in done.out.splitlines()[1]
    assert "Egyptian cat (285)" in done.out.splitlines()[1]
    assert sorted(p.name for p in Path("sheets").iterdir()) == ["chelsea.html", "chelsea.npz", "chelsea.png"]
    assert sorted(p.name for p in Path().iterdir()) == ["camera.png", "chelsea.png", "coffee.png", "sheets"]
    with np.load("sheets/chelsea.npz") as saved:
        assert saved["values"].shape[0] == len(saved["names"]) == 3


def test_explain_json_is_exactly_as_documented(typed):
    done = typed("explain", "coffee.png", "chelsea.png", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert [photo["path"] for photo in told["photos"]] == ["coffee.png", "chelsea.png"]
    best = told["photos"][1]["top"][0]
    assert set(best) == {"index", "label", "probability"}
    assert (best["index"], best["label"]) == (285, "Egyptian cat")
    for photo in told["photos"]:
        assert photo["outputs"]
        assert all(Path(path).is_file() for path in photo["outputs"])


def test_a_broken_photo_does_not_stop_the_others(typed):
    """The others are written; the broken one is told in one line; the exit code says that not all went well."""
    Path("broken.jpg").write_bytes(b"\xff\xd8 not a photo")
    done = typed("explain", "chelsea.png", "broken.jpg", "coffee.png", "--out", "o", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert [Path(photo["path"]).name for photo in told["photos"]] == ["chelsea.png", "coffee.png"]
    assert told["skipped"][0]["path"] == "broken.jpg"
    assert done.err.startswith("cutaway: BadImage: broken.jpg: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("name", ["猫.png", "кошка.png", "🐈 cat.png", "-dash.png", "two\nlines.png"])
def test_odd_file_names(typed, name):
    shutil.copy("chelsea.png", name)
    done = typed("explain", "--out", "o", "--", name)
    assert done.code == 0, done.err
    assert len(list(Path("o").glob("*.png"))) == 1


def test_two_photos_of_one_name_get_two_files(typed):
    Path("a").mkdir()
    shutil.copy("coffee.png", "a/chelsea.png")
    assert typed("explain", "chelsea.png", "a/chelsea.png", "--out", "o").code == 0
    assert sorted(p.name for p in Path("o").glob("*.png")) == ["chelsea-2.png", "chelsea.png"]


def test_classes_true_and_look(typed):
    """E9, E11: any class by name or index, the true class, the CAMshow look."""
    done = typed("explain", "chelsea.png", "--class", "espresso", "--class", "282", "--json")
    assert [one["label"] for one in json.loads(done.out)["photos"][0]["drawn"]] == ["espresso", "tiger cat"]
    done = typed("explain", "chelsea.png", "--true", "tabby", "--look", "camshow", "--json")
    assert [one["label"] for one in json.loads(done.out)["photos"][0]["drawn"]] == ["Egyptian cat", "tabby"]


def test_methods_and_one_named_file(typed):
    for method in ("cam", "grad-cam", "saliency"):
        done = typed("explain", "chelsea.png", "--method", method, "--out", f"{method}.png")
        assert done.code == 0
        with Image.open(f"{method}.png") as picture:
            assert picture.width > 1000
    assert typed("explain", "chelsea.png", "--method", "cams").code == 2
    assert typed("explain", "chelsea.png", "--out", "a.bmp").code == 2


def test_a_picture_of_another_kind(typed):
    for name, kind in (("a.jpg", "JPEG"), ("b.WebP", "WEBP")):
        assert typed("explain", "chelsea.png", "--out", name).code == 0
        with Image.open(name) as picture:
            assert picture.format == kind
        assert Path(name).with_suffix(".npz").exists()
    assert typed("explain", "chelsea.png", "--out", "c.html").code == 0
    assert Path("c.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not Path("c.png").exists()


def test_all_photos_on_one_sheet(typed):
    done = typed("explain", "chelsea.png", "coffee.png", "--together", "--scale", "shared", "--out", "o")
    assert done.code == 0
    assert [p.name for p in Path("o").glob("*.png")] == ["explain.png"]


def test_layers_prints_the_table(typed):
    """A3, B2."""
    done = typed("layers")
    assert done.code == 0
    assert done.out.startswith("squeezenet1_1: 66 layers, 1,235,496 parameters, 349 M MACs")
    assert "fire6.squeeze_activation" in done.out
    told = json.loads(typed("layers", "--json", "--size", "320", "--out", "t.html").out)
    assert told["layers"][0]["layer"] == "conv1"
    assert Path("t.html").read_text().count("<tr>") == 67


def test_activations_in_every_form(typed):
    """A6 to A12, B6, B7, B12: one command."""
    forms = {
        "sheet": ["chelsea.png", "-l", "conv1"],
        "chosen": ["chelsea.png", "coffee.png", "-l", "fire6-relu_squeeze1x1", "-k", "3,5"],
        "strongest": ["chelsea.png", "-l", "conv1", "--strongest", "1", "--colormap", "viridis"],
        "relu": ["chelsea.png", "-l", "conv1", "-k", "5", "--relu"],
        "tiles": ["chelsea.png", "-l", "fire6.squeeze", "--tile", "64"],
        "album": ["chelsea.png", "-l", "pool5..fire6.squeeze", "--scale", "channel", "--columns", "16"],
    }
    for name, words in forms.items():
        done = typed("activations", *words, "--out", f"{name}.png", "--json")
        assert done.code == 0, done.err
        assert Path(f"{name}.npz").is_file()
        assert json.loads(done.out)["outputs"][0] == f"{name}.png"
    with np.load("chosen.npz") as saved:
        assert {"values_0", "names"} <= set(saved.files)


def test_weights_of_one_network_and_of_two(typed):
    """C1, C2."""
    Path("mine.py").write_text(
        "from torch import nn\ndef build():\n    return nn.Sequential(nn.Conv2d(3, 8, 5))\n"
    )
    assert typed("weights", "--out", "a.png").code == 0
    assert typed("weights", "squeezenet1_1", "mine.py:build", "--out", "b.png").code == 0
    assert typed("weights", "--layer", "fire2.expand3x3", "--channels", "0..3", "--out", "c.png").code == 0
    with np.load("c.npz") as saved:
        assert saved["values"].shape == (4 * 16, 3, 3)


def test_models_are_listed(typed):
    """A1, E3."""
    done = typed("models")
    assert "squeezenet1_1" in done.out
    assert "bundled" in done.out
    assert json.loads(typed("models", "--json").out)["models"][0]["model"] == "squeezenet1_1"
    done = typed("models", "fetch", "vgg61")
    assert done.code == 1
    assert "Closest: vgg19, vgg16" in done.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["explain", "nowhere.jpg"], 1, "BadImage: nowhere.jpg: there is no such file"),
        (["explain", "chelsee.png"], 1, "chelsea.png"),
        (
            ["explain", "chelsea.png", "--model", "squeezenet"],
            1,
            "UnknownModel: there is no model 'squeezenet'. Closest",
        ),
        (["explain", "chelsea.png", "--class", "catt"], 1, "UnknownClass: 'catt'"),
        (["explain", "chelsea.png", "--size", "big"], 2, "BadSetting: --size takes 224"),
        (["explain", "chelsea.png", "--device", "cuda:99"], 2, "BadSetting: "),
        (["activations", "chelsea.png", "-l", "fire6_squeeze"], 1, "Closest: fire6.squeeze"),
        (["activations", "chelsea.png", "-l", "conv1", "-k", "9..3"], 2, "runs backwards"),
        (["activations", "chelsea.png"], 2, "--layer"),
        (["explain"], 2, "Missing argument 'PHOTO'"),
        (["explane", "chelsea.png"], 2, "Closest: explain"),
        (["explain", "chelsea.png", "--toop", "2"], 2, "--top"),
    ],
)
def test_mistakes_are_told_in_words(typed, words, code, told):
    """What was given, what is allowed, what to type next; never a traceback."""
    done = typed(*words)
    assert done.code == code
    assert told in done.err
    assert "Traceback" not in done.err


def test_an_error_in_the_users_model_is_told_with_its_line(typed):
    Path("mine.py").write_text("def build():\n    return 1 / 0\n")
    done = typed("explain", "chelsea.png", "--model", "mine.py:build")
    assert done.code == 1
    assert "mine.py, line 2: ZeroDivisionError" in done.err


def test_a_model_of_ones_own(typed):
    """F1: with its own preprocessing and class names."""
    Path("mine.py").write_text(
        "import cutaway as cw\nfrom torch import nn\n"
        "def build():\n"
        "    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)\n"
        "    return cw.Network(nn.Sequential(*layers), cw.Preprocessing(size=32), classes=['yes', 'no'])\n"
    )
    told = json.loads(typed("explain", "chelsea.png", "--model", "mine.py:build", "--json").out)
    assert {one["label"] for one in told["photos"][0]["top"]} == {"yes", "no"}


def test_nan_weights_are_refused(typed):
    Path("mine.py").write_text(
        "import cutaway as cw\nimport torch\n"
        "def build():\n"
        "    net = cw.load('squeezenet1_1')\n"
        "    net.module.features[3].squeeze.weight.data[0, 0] = torch.nan\n"
        "    return net\n"
    )
    done = typed("explain", "chelsea.png", "--model", "mine.py:build")
    assert done.code == 1
    assert "NonFinite" in done.err
    assert "features.3.squeeze.weight" in done.err


def test_help_shows_examples(typed):
    """A13: and how to read the pictures."""
    for command in ("explain", "layers", "activations", "weights", "models"):
        done = typed(command, "--help")
        assert done.code == 0
        assert "Examples:" in done.out
        assert f"cutaway {command}" in done.out
    assert "Early layers answer to edges and colours" in " ".join(typed("activations", "--help").out.split())


@pytest.mark.slow
def test_a_photo_from_standard_input(tmp_path):
    data = (PHOTOS / "coffee.png").read_bytes()
    command = [sys.executable, "-m", "cutaway", "explain", "-", "--json"]
    done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, env=AROUND, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["photos"][0]["top"][0]["label"] == "espresso"


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_stopped_by_the_person_what_is_done_is_kept(tmp_path):
    """Exit code 130, the finished files named and whole, no half-written file."""
    (tmp_path / "in").mkdir()
    for number in range(200):
        shutil.copy(PHOTOS / "chelsea.png", tmp_path / "in" / f"{number:03}.png")
    command = [sys.executable, "-m", "cutaway", "explain", "in", "--out", "out"]
    running = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=AROUND
    )
    deadline = time.monotonic() + 90
    while not list(tmp_path.glob("out/*.html")) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "stopped; kept out/000.png" in said
    written = list((tmp_path / "out").iterdir())
    assert not [path for path in written if path.name.startswith(".cutaway-")]
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as picture:
                picture.load()
        elif path.suffix == ".npz":
            with np.load(path) as saved:
                assert saved["values"].shape[0] == 3
        else:
            assert path.read_text().rstrip().endswith("</html>")
    named = said.strip().removeprefix("cutaway: stopped; kept ").split(", ")
    assert {str(Path("out", path.name)) for path in written} >= set(named)
    assert len(written) - len(named) <= 1  # a file may be whole a moment before it is noted


def test_the_summary_has_its_documented_shape(typed):
    """The keys and types that scripts rely on; the five best classes, best first."""
    told = json.loads(typed("explain", "chelsea.png", "camera.png", "--json").out)
    assert set(told) == {"photos", "skipped"}
    assert told["skipped"] == []
    for photo, name in zip(told["photos"], ("chelsea", "camera"), strict=True):
        assert set(photo) == {"path", "top", "outputs", "drawn", "method", "notes", "trust"}
        assert photo["path"] == f"{name}.png"
        assert photo["outputs"] == [f"cutaway-out/{name}{end}" for end in (".png", ".npz", ".html")]
        assert all(Path(path).is_file() for path in photo["outputs"])
        for one in photo["top"]:
            assert [type(one[key]) for key in ("index", "label", "probability")] == [int, str, float]
            assert len(one) == 3
        shares = [one["probability"] for one in photo["top"]]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)


def test_numbers_beside_every_picture(typed):
    """F5: the .npz beside the PNG holds exactly `grid.values` and its names, as the same call in Python gives them."""
    net = cw.load("squeezenet1_1")
    photo = cw.read("chelsea.png")
    assert typed("explain", "chelsea.png", "--out", "e.png").code == 0
    assert typed("activations", "chelsea.png", "-l", "conv1", "-k", "3,5..7", "--out", "a.png").code == 0
    assert typed("weights", "-l", "fire2.expand3x3", "-k", "0..2", "--out", "w.png").code == 0
    results = {
        "e": cw.explain(net, photo),
        "a": cw.activations(net, photo, "conv1", channels=[3, 5, 6, 7]),
        "w": cw.weights(net, "fire2.expand3x3", channels=[0, 1, 2]),
    }
    for name, result in results.items():
        assert Path(f"{name}.png").is_file()
        with np.load(f"{name}.npz") as saved:
            assert saved["values"].dtype == result.values.dtype
            assert np.array_equal(saved["values"], result.values)
            assert tuple(saved["names"]) == tuple(result.names)


def test_the_same_command_twice_writes_the_same_bytes(typed):
    """F13: PNG, NPZ and HTML."""
    for words in (
        ["explain"],
        ["activations", "-l", "pool5..fire6.squeeze"],
        ["explain", "--method", "saliency"],
    ):
        for out in ("one", "two"):
            assert typed(*words, "chelsea.png", "--out", out).code == 0
        written = sorted(path.name for path in Path("one").iterdir())
        assert len(written) >= 3
        for name in written:
            assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_a_larger_size_or_the_photos_own(typed):
    """A4, B3: --size 448 and --size photo give larger maps than 224; --size 250x167 is height by width."""
    shapes = {}
    for size in ("224", "448", "photo", "250x167"):
        assert (
            typed("activations", "chelsea.png", "-l", "conv1", "--size", size, "--out", f"{size}.png").code
            == 0
        )
        with np.load(f"{size}.npz") as saved:
            shapes[size] = saved["values"].shape[1:]
    assert shapes == {"224": (111, 168), "448": (223, 336), "photo": (149, 225), "250x167": (124, 83)}
    assert "nothing larger than the training size is recognised" in " ".join(
        typed("explain", "--help").out.split()
    )


def test_everything_bundled_works_offline(typed, monkeypatch, tmp_path):
    """A1, B1: without a network every command does its work; what would need one says what to do instead."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "empty"))
    for words in (
        ["explain", "chelsea.png"],
        ["layers"],
        ["activations", "chelsea.png", "-l", "conv1"],
        ["weights"],
        ["models"],
    ):
        done = typed(*words)
        assert done.code == 0, done.err
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    done = typed("layers", "vgg16")
    assert done.code == 1
    assert "cutaway: WeightsUnavailable: " in done.err
    assert "online" in done.err


def test_a_network_without_classifier_from_the_command_line(typed):
    """B1: a file of one's own builds it, another holds its weights."""
    Path("mine.py").write_text(
        "import cutaway as cw\nfrom torch import nn\n"
        "def build():\n"
        "    return cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), cw.Preprocessing(size=32), name='mine')\n"
    )
    torch.manual_seed(0)
    kept = nn.Sequential(nn.Conv2d(3, 4, 3))
    save_file(kept.state_dict(), "mine.safetensors")
    model = ["--model", "mine.py:build", "--weights", "mine.safetensors"]
    assert typed("activations", "chelsea.png", "-l", "0", *model, "--out", "a.png").code == 0
    wanted = cw.activations(
        cw.Network(kept, cw.Preprocessing(size=32)), cw.read("chelsea.png"), layer="0"
    ).values
    with np.load("a.npz") as saved:
        assert np.array_equal(saved["values"], wanted)
    done = typed("explain", "chelsea.png", *model)
    assert done.code == 2
    assert "a class needs an output" in done.err


def test_several_broken_photos_are_told_and_the_rest_is_done(typed):
    """A line on the screen for what was done, one line for what was not, and which."""
    Path("in").mkdir()
    shutil.copy("chelsea.png", "in/a.png")
    Path("in/b.png").write_bytes(Path("chelsea.png").read_bytes()[:5000])
    Path("in/c.jpg").write_bytes(b"")
    done = typed("explain", "in", "--out", "o")
    assert done.code == 1
    assert "Egyptian cat (285)" in done.out
    assert done.err.count("\n") == 1
    assert "in/b.png" in done.err
    assert "2 photos could not be read" in done.err
    assert sorted(path.name for path in Path("o").iterdir()) == ["a.html", "a.npz", "a.png"]


def test_results_go_where_they_are_sent_and_nowhere_else(typed, tmp_path, monkeypatch):
    """A folder whose name has a dot is a folder; neither the home nor the working folder gets anything."""
    home = tmp_path / "home"
    (tmp_path / "results.v2").mkdir()
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    before = set(tmp_path.rglob("*"))
    assert typed("explain", "chelsea.png", "--out", "results.v2").code == 0
    assert typed("activations", "chelsea.png", "-l", "conv1", "--out", "results.v2").code == 0
    assert typed("weights", "--out", "results.v2").code == 0
    new = set(tmp_path.rglob("*")) - before
    assert {path.parent for path in new} == {tmp_path / "results.v2"}
    assert len(new) == 7


def test_the_true_class_of_a_mistake(typed):
    """E9: predicted against true in one call, by name or by index."""
    for true in ("tabby", "281"):
        assert typed("explain", "chelsea.png", "--true", true, "--out", "t.png").code == 0
        with np.load("t.npz") as saved:
            assert [name.split(":")[0] for name in saved["names"]] == ["predicted", "true"]
            assert "tabby" in saved["names"][1]


def test_one_scale_for_all_or_one_for_each(typed):
    """A12: --scale is written into the picture's own record, with the versions and the weights that made it."""
    for scale in ("layer", "cell", "shared"):
        done = typed("explain", "chelsea.png", "coffee.png", "--scale", scale, "--out", f"{scale}/s.png")
        assert done.code == 0
        told = provenance.read(next(Path(scale).glob("*.png")))
        assert told["settings"]["scale"] == scale
        assert told["weights"]
        assert {"torch", "numpy", "cutaway"} <= set(told["versions"])
    assert len(list(Path("shared").glob("*.png"))) == 1
    assert len(list(Path("cell").glob("*.png"))) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain", "chelsea.png", "--look", "rainbow"], "BadSetting: look must be one of overlay"),
        (["explain", "chelsea.png", "--scale", "odd"], "BadSetting: scale must be layer, shared or cell"),
        (
            ["explain", "chelsea.png", "--method", "cams"],
            "got 'cams'. Closest: cam",
        ),
        (
            ["explain", "chelsea.png", "--method", "cam", "--layer", "fire5"],
            "CAM weighs no layer's channels, got layer='fire5'",
        ),
        (["explain", "chelsea.png", "--class", "3", "--true", "4"], "give classes or true, not both"),
        (
            ["explain", "chelsea.png", "--true", "1000"],
            "UnknownClass: squeezenet1_1 has classes 0 to 999, got 1000",
        ),
        (
            ["explain", "chelsea.png", "--model", "nowhere.py:build"],
            "UnknownModel: there is no file nowhere.py",
        ),
        (["explain", "chelsea.png", "--weights", "no.safetensors"], "no.safetensors"),
        (["activations", "chelsea.png", "-l", "conv1", "--scale", "odd"], "there is no scale 'odd'"),
        (["activations", "chelsea.png", "-l", "conv1", "--colormap", "odd"], "there is no colour map 'odd'"),
        (["activations", "chelsea.png", "-l", "conv1", "-k", "64"], "channels 0 to 63, got 64"),
        (["activations", "chelsea.png", "-l", "conv1", "-k", "x"], "--channels takes numbers and ranges"),
        (["activations", "chelsea.png", "-l", "flatten", "--relu"], "no ReLU reads flatten"),
        (["weights", "--layer", "relu1"], "relu1 of squeezenet1_1 is relu: it has no filters"),
        (["layers", "--size", "photo"], "--size photo needs a photo"),
        (["layers", "--size", "0"], "size must be at least 1 pixel"),
        (["layers", "--out", "table.doc"], "the ending must be one of"),
    ],
)
def test_wrong_wishes_are_one_line(typed, words, told):
    """E2, E9: exit code 1 and one line that says what was given and what is allowed; nothing is written."""
    before = sorted(Path().rglob("*"))
    done = typed(*words)
    assert (done.code, done.out) == (2 if "BadSetting" in done.err else 1, "")
    assert done.err.startswith("cutaway: ")
    assert done.err.count("\n") == 1
    assert told in done.err
    assert sorted(Path().rglob("*")) == before


def test_the_help_says_how_to_read_the_pictures(typed):
    """A13: for maps and for channels; and that indices begin at 0."""
    explain = " ".join(typed("explain", "--help").out.split())
    assert "A place in a map is the same place in the photo" in explain
    assert "0-based" in explain
    assert "cutaway explain cat.jpg --class" in explain
    channels = " ".join(typed("activations", "--help").out.split())
    assert "white is strongly positive, black strongly negative" in channels
    assert "0-based" in channels


@pytest.mark.slow
def test_channels_of_a_photo_from_standard_input(tmp_path):
    """C3: as for explain, - is standard input."""
    data = (PHOTOS / "coffee.png").read_bytes()
    command = [sys.executable, "-m", "cutaway", "activations", "-", "-l", "conv1", "-k", "3", "--out", "o"]
    done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, env=AROUND, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["photo-conv1.npz", "photo-conv1.png"]


def test_a_network_that_fails_on_the_photo_is_told_in_words(typed):
    """An input too small for its pools, or an error of the user's own forward: one line, no traceback."""
    done = typed("explain", "chelsea.png", "--size", "3")
    assert done.code == 1
    assert "UnsupportedNetwork: SqueezeNet cannot run on an input of (1, 3, 3, 5)" in done.err
    assert "Traceback" not in done.err
