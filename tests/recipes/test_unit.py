"""Units of SqueezeNet: the filter behind a channel of a concatenation; the commands, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.cli import main
from cutaway.recipes.channel_filter import ChannelFilter

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
LABELS = str(PHOTOS.parent / "labels.csv")


@pytest.fixture(scope="module")
def folder(net, tmp_path_factory):
    chosen = tmp_path_factory.mktemp("scan") / "index"
    cw.scan(net, PHOTOS, chosen, layers=["relu1", "fire5", "@logits"], engine="serial", labels=LABELS)
    return chosen


@pytest.mark.parametrize(
    ("layer", "channel", "maker", "filter"),
    [
        ("fire5", 200, "fire5.expand3x3", 72),
        ("fire5", 127, "fire5.expand1x1", 127),
        ("fire9", 256, "fire9.expand3x3", 0),
        ("pool3", 5, "fire3.expand1x1", 5),
        ("relu1", 14, "conv1", 14),
    ],
)
def test_the_filter_behind_a_channel(net, layer, channel, maker, filter):
    found = ChannelFilter(net, layer, channel)
    assert (found.maker.call.name, found.maker.channel) == (maker, filter)
    call = found.maker.call
    weight = net.module.get_parameter(call.weights[0])[filter].detach().numpy()
    assert np.array_equal(found.values(), weight)
    lengths = np.linalg.norm(weight.reshape(len(weight), -1), axis=1)
    best, length = found.inputs()[0]
    assert (best, length) == (int(lengths.argmax()), pytest.approx(float(lengths.max())))


def test_the_filters_drawing_holds_its_weights(net):
    found = ChannelFilter(net, "fire5", 200)
    drawn = found.drawn()
    chosen = [channel for channel, _ in found.inputs()[:16]]
    assert np.array_equal(drawn.values, found.values()[chosen])
    assert "filter 72 of fire5.expand3x3, through relu and cat" in drawn.caption
    assert f"{chosen[0]} (" in drawn.caption
    colours = ChannelFilter(net, "relu1", 14).drawn()
    assert np.allclose(colours.values.transpose(2, 0, 1), ChannelFilter(net, "relu1", 14).values())


def test_filters_of_a_grouped_convolution_name_the_inputs_they_read():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 1), torch.nn.Conv2d(8, 4, 3, groups=2))
    grouped = cw.Network(module, cw.Preprocessing(size=16))
    assert sorted(k for k, _ in ChannelFilter(grouped, "1", 3).inputs()) == [4, 5, 6, 7]
    assert ChannelFilter(grouped, "1", 3).cosine(ChannelFilter(grouped, "1", 0)) is None
    assert ChannelFilter(grouped, "1", 3).cosine(ChannelFilter(grouped, "1", 2)) is not None


def _typed(capfd, *words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capfd.readouterr()
    return ended.value.code, out, err


def test_the_command_writes_page_picture_and_numbers(folder, tmp_path, capfd):
    words = ("unit", "fire5:200", "relu1:14", "--index", str(folder), "--out", str(tmp_path), "--json")
    code, out, _ = _typed(capfd, *words, "--photo", str(PHOTOS / "chelsea.png"), "--top", "2")
    assert code == 0
    told = json.loads(out)
    assert [one["unit"] for one in told["units"]] == ["fire5.cat:200", "relu1:14"]
    assert told["units"][0]["filter"]["filter"] == 72
    assert [Path(one["path"]).name for one in told["units"][0]["live"]] == ["chelsea.png"]
    assert sorted(Path(path).suffix for path in told["outputs"]) == [".html", ".npz", ".png"]


def test_the_table_of_a_layer(folder, tmp_path, capfd):
    words = ("purity", "fire5", "--index", str(folder), "--no-alike", "--out", str(tmp_path / "p.csv"))
    code, out, _ = _typed(capfd, *words, "--rows", "3")
    assert code == 0
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 257
    assert sum(line.strip().partition(" ")[0].isdigit() for line in out.splitlines()) == 3
    code, out, _ = _typed(capfd, *words, "--json")
    assert len(json.loads(out)["channels"]) == 256


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["unit", "fire5"], "LAYER:CHANNEL"),
        (["unit", "fire5:999"], "channels 0 to 255"),
        (["unit", "fire7:1"], "did not keep 'fire7'"),
        (["unit", "@logits:1"], "choose a layer with maps, such as fire5.cat"),
        (["unit"], "LAYER:CHANNEL"),
        (["purity", "fire7"], "did not keep 'fire7'"),
    ],
)
def test_what_is_refused_is_said_in_one_line(folder, capfd, words, says):
    code, out, err = _typed(capfd, *words, "--index", str(folder))
    assert code in (1, 2)
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
