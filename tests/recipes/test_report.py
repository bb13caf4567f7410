"""The reports of a photo and of a network hold what the recipes say, and leave out what there is not."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadImage, BadIndex, BadSetting, UnknownClass, UnknownLayer, UnknownModel
from cutaway.recipes.report_parts import STOPPED, Part, made_parts
from cutaway.view.section import Section

PHOTO = "examples/photos/chelsea.png"


def text_of(page):
    return unescape(re.sub(r"<[^>]+>", " ", page.decode()))


def numbers(report, section, place=0):
    return report[section].results[place].values


def tiny(*layers, size=24, **settings):
    torch.manual_seed(0)
    return cw.Network(nn.Sequential(*layers), cw.Preprocessing(size=(size, size), fit="exact"), **settings)


def small():
    layers = nn.Conv2d(3, 5, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 8, 3), nn.ReLU()
    return tiny(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4), size=32, classes=list("abcd")
    )


@pytest.fixture(scope="module")
def speckled():
    return cw.Picture(np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8))


@pytest.mark.filterwarnings("ignore:.*each position runs")
def test_a_photos_report_holds_what_the_recipes_say(speckled):
    net = small()
    made = cw.report(net, speckled)
    assert made.names == ("answer", "maps", "methods", "trust", "units")
    assert not made.left_out
    explained = cw.explain(net, speckled)
    told = explained.provenance["photos"][0]
    shares = made["answer"].results[1]
    assert list(shares.names) == [one["label"] for one in told["top"]]
    assert shares.values == pytest.approx([one["probability"] for one in told["top"]])
    assert np.array_equal(numbers(made, "maps"), explained.values)
    methods = [one for one in cw.compare(net, speckled).provenance["methods"] if one["method"] != "Occlusion"]
    mine = made["methods"].results[0].provenance["methods"]
    assert [one for one in mine if one["method"] != "Occlusion"] == methods
    assert "Occlusion(size=8, stride=2" in next(
        one["settings"] for one in mine if one["method"] == "Occlusion"
    )
    full = cw.explain(net, speckled, top=1, trust="full").provenance["photos"][0]["trust"][0]
    rows = {row[0]: row[1:3] for row in made["trust"].results[0].rows}
    assert rows["deletion"] == (round(full["deletion"], 3), round(full["deletion_random"], 3))
    assert rows["randomised"] == (round(full["randomised"], 3), "")
    assert [sheet.title for sheet in made["units"].results] == ["1", "4"]
    for sheet in made["units"].results:
        assert sheet.provenance["units"] == cw.deconv(net, speckled, sheet.title, top=6).provenance["units"]


@pytest.fixture(scope="module")
def photo_report(net, root):
    return cw.report(net, root / PHOTO, sections=["answer", "maps"])


def test_its_page_says_them_too(photo_report):
    page = photo_report.to_page()
    assert len(page) < 10e6
    words = text_of(page).replace("\u00a0", " ")
    first = photo_report["answer"].results[1]
    assert f"squeezenet1_1 says {first.names[0]} {100 * first.values[0]:.1f} %" in words
    assert photo_report.provenance["weights"] in words
    assert f"torch {torch.__version__}" in words


def test_a_large_photo_makes_no_large_page(net, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (2400, 3600, 3)).astype(np.uint8)
    made = cw.report(net, cw.Picture(noise), sections=["answer", "maps"], megabytes=0.4)
    path = made.save(tmp_path / "page.html")
    assert path.stat().st_size <= 400_000
    assert re.search(r"\d of them made smaller, to \d+ pixels; at most 0.4 MB", path.read_text())


def test_a_class_can_be_asked_for(net, root):
    made = cw.report(net, root / PHOTO, target="lynx", sections=["maps"])
    assert made["maps"].results[0].names[-1].startswith("lynx")
    assert "target='lynx'" in made.code()


@pytest.mark.slow
def test_the_command_and_the_python_make_it_again(cutaway, root, tmp_path):
    done = cutaway(
        "report", PHOTO, "--sections", "answer,maps", "--out", str(tmp_path / "report.html"), cwd=root
    )
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^chelsea.png, by squeezenet1_1: answer, maps\nwrote .*report.html, 0\.\d MB\n$", done.stdout
    )
    page = (tmp_path / "report.html").read_bytes()
    told = json.loads(unescape(re.search(r"manifest</summary><pre>(.*?)</pre>", page.decode(), re.DOTALL)[1]))
    words = shlex.split(told["command"])
    assert words[:2] == ["cutaway", "report"]
    again = [*words[1:-1], str(tmp_path / "again.html")]
    assert cutaway(*again, cwd=root).returncode == 0
    assert (tmp_path / "again.html").read_bytes() == page
    code = told["code"].removesuffix(".save('report.html')")
    assert eval(code, {"cutaway": cw}).to_page() == page


def test_a_networks_report_holds_what_the_recipes_say(net):
    made = cw.report(net, sections=["network", "findings", "kernels", "layers"])
    assert made.names == ("network", "findings", "kernels", "layers")
    assert made["layers"].results[0].rows == cw.layers(net).rows
    assert made["findings"].results[0].rows == cw.check(net).rows
    assert np.array_equal(numbers(made, "kernels"), cw.weights(net).values)
    assert dict(made["network"].facts)["parameters"] == f"{sum(row.parameters for row in net.layers):,}"


def test_filters_are_those_of_the_recipe(tmp_path):
    net = tiny(nn.Conv2d(3, 3, 3), nn.ReLU())
    made = cw.report(net, sections=["filters"], layers=["1"], seed=2)
    assert [one["channel"] for one in made["filters"].results[0].provenance["filters"]] == [0, 1, 2]
    alone = cw.filters(net, "1", channels=range(3), seed=2).values
    assert all(
        np.array_equal(mine, theirs) for mine, theirs in zip(numbers(made, "filters"), alone, strict=True)
    )
    folder = cw.filters_into(net, "1", tmp_path / "made", size=16, steps=3, engine="serial")
    taken = cw.report(net, sections=["filters"], layers=["1"], filters=tmp_path / "made")
    assert [one.shape for one in numbers(taken, "filters")[:3]] == [(16, 16, 3)] * 3
    assert np.array_equal(numbers(taken, "filters")[1], folder.filter("1", 1).picture.values)


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.cut, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 3)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def forward(self, x):
        return self.head(self.block(self.cut(x).flatten(2).transpose(1, 2)).mean(1))


@pytest.mark.parametrize(
    ("layers", "of_photo", "of_network"),
    [
        (
            (nn.Flatten(), nn.Linear(1728, 8), nn.ReLU(), nn.Linear(8, 3)),
            set(),
            {"findings", "kernels", "filters"},
        ),
        ((nn.Conv2d(3, 4, 3), nn.ReLU()), {"answer", "maps", "methods", "trust"}, set()),
        ((Tokens(),), {"units"}, set()),
        (
            (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1)),
            set(),
            set(),
        ),
    ],
    ids=["no convolution", "no classes", "transformer", "one number"],
)
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_what_a_network_has_no_place_for_is_left_out(layers, of_photo, of_network):
    net = tiny(*layers)
    photo = cw.Picture(np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8))
    for made, out, named in (
        (cw.report(net, photo), of_photo, ("answer", "maps", "methods", "trust", "units")),
        (cw.report(net), of_network, ("network", "findings", "kernels", "filters", "layers")),
    ):
        assert set(named) - set(made.names) == out
        assert len(made.left_out) == len(out)
        words = text_of(made.to_page())
        for titles, why in made.missing.items():
            assert f"{titles}: {why}" in words


def test_a_report_of_nothing_says_why():
    photo = cw.Picture(np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(BadSetting, match="needs an output"):
        cw.report(tiny(nn.Conv2d(3, 4, 3)), photo, sections=["answer", "maps"])


def test_ctrl_c_keeps_the_sections_that_are_there():
    def stopped():
        raise KeyboardInterrupt

    one = Section("one", "One")
    parts = [
        Part("one", "One", lambda: one),
        Part("two", "Two", stopped),
        Part("three", "Three", lambda: one),
    ]
    done = made_parts(parts)
    assert done.sections == (one,)
    assert done.stopped
    assert done.left_out == (("Two", STOPPED), ("Three", STOPPED))
    with pytest.raises(KeyboardInterrupt):
        made_parts(parts[1:])


def test_ctrl_c_in_a_recipe_that_keeps_its_own_ends_the_report():
    def ctrl_c(what, done, total):
        if what == "1":
            raise KeyboardInterrupt

    net = tiny(nn.Conv2d(3, 3, 3), nn.ReLU())
    with cw.watched(ctrl_c):
        made = cw.report(net, sections=["network", "filters", "layers"])
    assert made.provenance["stopped"]
    assert made.names[0] == "network"
    assert made.left_out[-1] == ("All layers", STOPPED)


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({}, BadSetting, "needs something to be of: a photo"),
        ({"index": "nowhere"}, BadIndex, "nowhere is no index"),
        ({"network": "squeezenet1_1", "photo": "nope.jpg"}, BadImage, "there is no such file"),
        ({"photo": PHOTO}, BadSetting, "a report of a photo needs a network"),
        ({"network": "squeezenet1_1", "sections": ["filtres"]}, BadSetting, "Closest: filters"),
        ({"network": "squeezenet1_1", "sections": []}, BadSetting, "at least one of network"),
        ({"network": "squeezenet1_1", "layers": ["fire99"]}, UnknownLayer, "fire99"),
        ({"network": "squeezenet1_1", "target": "cat"}, BadSetting, "give a photo"),
        ({"network": "squeezenet1_1", "photo": PHOTO, "target": "kat"}, UnknownClass, "kat"),
        ({"network": "squeezenet1_1", "photo": PHOTO, "filters": "made"}, BadSetting, "report of a network"),
        ({"network": "squeezenet1_1", "photo": PHOTO, "of": "network"}, BadSetting, "takes no photo"),
        ({"network": "squeezenet1_1", "of": "house"}, BadSetting, "of must be one of photo, network, data"),
        ({"network": "squeezenet1_1", "of": "photo"}, BadSetting, "needs the photo"),
        ({"network": "squeezenet1_1", "megabytes": 0}, BadSetting, "above 0"),
        ({"network": "vgg99"}, UnknownModel, "vgg99"),
        ({"network": nn.ReLU()}, BadSetting, "bare module"),
    ],
    ids=str,
)
def test_refusals(given, error, match, root, monkeypatch):
    monkeypatch.chdir(root)
    with pytest.raises(error, match=match):
        cw.report(**given)


def test_refusals_of_the_command_line(cutaway, root):
    done = cutaway(
        "report", "--out", "page.pdf", "--model", "squeezenet1_1", "--sections", "network", cwd=root
    )
    assert done.returncode == 2
    assert "--out takes a folder or a name ending in" in done.stderr
    done = cutaway("report", cwd=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cutaway report PHOTO" in done.stderr


def test_json(cutaway, root, tmp_path):
    words = [
        "report",
        "--model",
        "squeezenet1_1",
        "--sections",
        "network,kernels",
        "--out",
        str(tmp_path),
        "--json",
    ]
    done = cutaway(*words, cwd=root)
    told = json.loads(done.stdout)
    assert told["sections"] == ["network", "kernels"]
    assert told["outputs"] == [str(tmp_path / "report-squeezenet1_1.html")]
    assert (tmp_path / "report-squeezenet1_1.html").is_file()
