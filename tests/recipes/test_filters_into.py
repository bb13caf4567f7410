"""Folders of filters: the same images and bytes whoever makes them, stopped, killed, damaged, and read by others."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cutaway as cw
from cutaway.cli import main
from cutaway.cli.filters_into import make_into
from cutaway.jobs.fold import fold
from cutaway.recipes import filters_into as into
from cutaway.recipes.filter_folder import FilterFolder, filter_store

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
WAY = {"size": 20, "steps": 3, "seed": 4}


class Small(nn.Sequential):
    """Two convolutions; of the second layer's channels some are silent on gray, others not."""

    def __init__(self) -> None:
        torch.manual_seed(2)
        super().__init__(
            nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 20, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        )


def small(**settings: object) -> cw.Network:
    return cw.Network(Small(), cw.Preprocessing(size=24, **settings), name="small")


def whole(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != ".lock"
    }


@pytest.fixture(scope="module")
def net() -> cw.Network:
    return small()


@pytest.fixture(scope="module")
def made(net: cw.Network, tmp_path_factory: pytest.TempPathFactory) -> FilterFolder:
    folder = tmp_path_factory.mktemp("filters") / "made"
    return cw.filters_into(net, ["0", "3"], folder, engine="serial", batch=8, **WAY)


def test_it_holds_all_channels_with_what_each_reaches(net, made):
    """Measured anew, by a plain forward pass over the image that was kept."""
    assert made.layers == ("0", "3")
    assert made.channels("0") == tuple(range(6))
    assert made.channels("3") == tuple(range(20))
    assert (len(made), made.missing, made.skipped) == (26, 0, {})
    assert made.settings == {"recipe": "fourier", "size": (20, 20), "steps": 3, "seed": 4}
    for layer, channel in (("0", 5), ("3", 0), ("3", 17)):
        one = made.filter(layer, channel)
        colours = torch.from_numpy(one.picture.values).permute(2, 0, 1)[None].clamp(0, 1)
        with torch.no_grad():
            maps = nn.Sequential(*list(net.module)[: int(layer) + 1])(net.preprocessing.normalize(colours))[
                0, channel
            ]
        # What is kept is rounded to half precision after it was measured.
        assert one.numbers["mean"] == pytest.approx(float(maps.mean()), abs=2e-3)
        assert one.numbers["max"] == pytest.approx(float(maps.max()), abs=5e-3)
        assert f"max {one.numbers['max']:.3g}"[:7] in one.picture.caption


def test_images_are_those_that_filters_makes(net, made):
    for layer, chosen in (("0", [0, 3]), ("3", [19, 2, 7])):
        sheet = cw.filters(net, layer, channels=chosen, **WAY)
        cells = sheet.rows[0][0].rows[0] if layer == "0" else sheet.rows[0]
        for cell, told in zip(cells, sheet.provenance["filters"], strict=True):
            one = made.filter(layer, told["channel"])
            assert np.abs(one.picture.values - cell.values).max() < 1e-3
            assert one.numbers["ascended"] == told["ascended"]
            assert one.numbers["before_activation"] == told["before_activation"]
            assert [one.numbers[k] for k in ("start", "mean", "max")] == pytest.approx(
                [told[k] for k in ("start", "mean", "max")], rel=1e-3, abs=1e-4
            )


@pytest.mark.parametrize("recipe", ["fourier", "classic"])
def test_the_png_is_the_picture(net, recipe, tmp_path):
    way = WAY | {"size": (18, 26), "recipe": recipe}
    folder = cw.filters_into(net, "3", tmp_path / "made", channels=[2, 9], engine="serial", **way)
    for channel in (2, 9):
        shown = np.asarray(Image.open(io.BytesIO(folder.png("3", channel))))
        assert shown.shape == (18, 26, 3)
        assert np.array_equal(shown, folder.filter("3", channel).picture.pixels)


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_every_engine_gives_the_same_bytes(engine, net, made, tmp_path):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers need not find this file
    cw.filters_into(net, ["0", "3"], tmp_path / "made", engine=engine, workers=2, batch=8, **WAY)
    assert whole(tmp_path / "made") == whole(made.folder)


def planned(net: cw.Network, folder: Path) -> tuple[into.FilterJob, dict[str, object]]:
    job = into._planned(net, ["0", "3"], folder, None, 20, 3, "fourier", 4, 8)
    return job, into._manifest(job)


def test_stopped_it_can_be_read_and_taken_up_again(net, made, tmp_path):
    job, manifest = planned(net, tmp_path / "made")
    store = filter_store(tmp_path / "made")
    done = []

    def stops(job, numbers, workers):
        yield job.make(numbers[0])
        raise KeyboardInterrupt

    def goes_on(job, numbers, workers):
        done.extend(numbers)
        yield from map(job.make, numbers)

    with pytest.raises(KeyboardInterrupt):
        fold(job, store, stops, manifest, {}, what="images")
    half = cw.open_filters(store.folder)
    assert (half.channels("0"), half.channels("3"), half.missing) == (tuple(range(6)), (), 20)
    assert half.filter("0", 1).numbers == made.filter("0", 1).numbers
    with pytest.raises(cw.BadIndex, match="no image of 3:2 yet: 20 of its images are still to be made"):
        half.filter("3", 2)
    with pytest.raises(cw.BadIndex, match="no image of 3 yet"):
        cw.filters(net, "3", made=half)
    told = cw.filters(net, "0", made=half).provenance["filters"]
    assert [one["channel"] for one in told] == list(range(6))
    seen = []
    with cw.watched(lambda what, done, total: seen.append((what, done, total))):
        fold(job, store, goes_on, manifest, {}, what="images")
    assert done == [1, 2]
    assert seen == [("images", 6, 26), ("images", 22, 26), ("images", 26, 26)]
    assert whole(store.folder) == whole(made.folder)


def test_stopped_in_an_ascent_the_shard_is_not_there(net, tmp_path):
    """Ctrl-C that comes while an image rises leaves no half image."""

    class Interrupts(Small):
        calls = 0

        def forward(self, x):
            self.calls += x.requires_grad
            if self.calls == 9:
                raise KeyboardInterrupt
            return super().forward(x)

    stubborn = cw.Network(Interrupts(), net.preprocessing, name="small")
    with pytest.raises(KeyboardInterrupt):
        cw.filters_into(stubborn, ["0", "3"], tmp_path / "made", engine="serial", batch=8, **WAY)
    there = cw.open_filters(tmp_path / "made")
    assert 0 < there.missing <= 26
    there.verify()


class Dies(Small):
    """Its process is killed at one of its passes, as a lack of memory or a person would."""

    passes = 0

    def forward(self, x):
        self.passes -= 1
        if self.passes == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(x)


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
import cutaway as cw
from tests.recipes.test_filters_into import WAY, Dies, small
module = Dies()
module.passes = int(sys.argv[3])
net = cw.Network(module, small().preprocessing, name="small")
cw.filters_into(net, ["0", "3"], sys.argv[2], engine="serial", batch=8, **WAY)
"""


def test_killed_it_ends_the_same(net, made, root, tmp_path):
    around = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", KILLED, str(root), str(tmp_path / "made")]
    passes = 0
    while (passes := passes + 14) and not (tmp_path / "made" / "shards" / "00000.json").exists():
        assert subprocess.run([*arguments, str(passes)], env=around, check=False).returncode == -9
    there = cw.open_filters(tmp_path / "made")
    assert 0 < len(there) < 26
    cw.filters_into(net, ["0", "3"], tmp_path / "made", engine="serial", **WAY)
    assert whole(tmp_path / "made") == whole(made.folder)


def test_a_full_disk_leaves_what_was_done(net, made, tmp_path):
    """A limit on the size of files stands for the disk; it ends in the same error."""
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.recipes.test_filters_into import WAY, small
import cutaway as cw
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    cw.filters_into(small(), ["0", "3"], {str(tmp_path / "made")!r}, engine="serial", batch=8, **WAY)
except cw.OutOfSpace as error:
    print(error)
"""
    around = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=around, capture_output=True, text=True, check=True
    )
    assert "make room and give the same command again" in done.stdout
    there = cw.open_filters(tmp_path / "made")
    assert (len(there), there.missing) == (6, 20)
    cw.filters_into(net, ["0", "3"], tmp_path / "made", engine="serial", **WAY)
    assert whole(tmp_path / "made") == whole(made.folder)


def test_other_settings_weights_or_colours_are_refused(net, made, tmp_path):
    def again(network: cw.Network = net, layers: object = ("0", "3"), **changed: object) -> None:
        cw.filters_into(network, layers, made.folder, engine="serial", **WAY | changed)

    before = whole(made.folder)
    for changed, words in (
        ({"steps": 9}, "its steps is 3, and 9 was asked for"),
        ({"size": 24}, "its size differ"),
        ({"seed": 1}, "its seed is 4, and 1"),
        ({"recipe": "classic"}, "its recipe is fourier, and classic"),
        ({"layers": ["0"]}, "its layers differ"),
        ({"channels": [1]}, "its layers differ"),
        ({"batch": 3}, "its batch is 8, and 3"),
        ({"network": small(mean=(0.1, 0.2, 0.3))}, "its colours differ"),
    ):
        with pytest.raises(cw.BadIndex, match=words):
            again(**changed)
    torch.manual_seed(9)
    other = cw.Network(nn.Sequential(*list(small().module)[:4], nn.Conv2d(20, 2, 1)), net.preprocessing)
    with pytest.raises(
        cw.BadIndex, match="its network is small, and Sequential was asked for; its weights is"
    ):
        again(other)
    with pytest.raises(cw.BadIndex, match="was made with small, weights .*; this one is Sequential"):
        cw.filters(other, "3", made=made)
    with pytest.raises(cw.BadIndex, match="give the same preprocessing"):
        cw.filters(small(mean=(0.1, 0.2, 0.3)), "3", made=made)
    for setting in ({"steps": 9}, {"size": 30}, {"recipe": "classic"}, {"seed": 7}):
        (name,) = setting
        with pytest.raises(cw.BadSetting, match=f"were made with {name} "):
            cw.filters(net, "3", made=made, **setting)
    again()
    assert whole(made.folder) == before


def test_an_index_is_no_folder_of_filters(net, made, tmp_path):
    index = cw.scan(net, PHOTOS, tmp_path / "index", layers=["3"], engine="serial")
    with pytest.raises(cw.BadIndex, match="is no folder of filters: its kind is 'index'"):
        cw.open_filters(index.folder)
    with pytest.raises(cw.BadIndex, match="is no index: its kind is 'filters'"):
        cw.open_index(made.folder)


def test_every_flipped_byte_is_found_and_made_anew(net, made, tmp_path):
    source = random.Random(5)
    files = sorted(name for name in whole(made.folder))
    for k in range(30):
        copy = tmp_path / f"{k}"
        shutil.copytree(made.folder, copy)
        path = copy / files[k % len(files)]
        data = bytearray(path.read_bytes())
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        path.write_bytes(data)
        with pytest.raises(cw.BadIndex, match=path.name.split(".")[0]):
            cw.open_filters(copy).verify()
        if k == 3:
            assert path.name == "00001.safetensors" or path.suffix == ".json"
    copy = tmp_path / "mended"
    shutil.copytree(made.folder, copy)
    shard = copy / "shards/00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:-9])
    broken = cw.open_filters(copy)
    for read in (broken.filter, broken.png):
        with pytest.raises(cw.BadIndex, match=r"00001.safetensors was changed.*Make them again: only it is"):
            read("3", 3)
    assert broken.filter("0", 3).numbers == made.filter("0", 3).numbers
    cw.filters_into(net, ["0", "3"], copy, engine="serial", **WAY)
    assert whole(copy) == whole(made.folder)


def test_a_channel_that_gives_no_number_is_left_out(tmp_path):
    class Picky(nn.Module):
        """Channel 1 overflows as soon as its image has risen a little."""

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 3, 3)

        def forward(self, x):
            maps = self.conv(x).relu()
            rose = maps[:, 1:2].mean((2, 3), keepdim=True) > 1.02 * self.limit
            return torch.cat([maps[:, :1], torch.where(rose, torch.inf, maps[:, 1:2]), maps[:, 2:]], 1)

        limit = torch.inf

    net = cw.Network(Picky(), cw.Preprocessing(size=16))
    alone = cw.filters(net, "cat", channels=[0, 1, 2], size=16, steps=8)
    starts = [one["start"] for one in alone.provenance["filters"]]
    reached = [one["mean"] for one in alone.provenance["filters"]]
    assert reached[1] > 1.1 * starts[1]
    net.module.limit = torch.tensor(starts[1])
    folder = cw.filters_into(net, "cat", tmp_path / "made", engine="serial", size=16, steps=8)
    assert ("cat", 1) in folder.skipped
    assert 1 not in folder.channels("cat")
    with pytest.raises(cw.BadSetting, match="cat:1 has no image in .*inf"):
        folder.filter("cat", 1)


def test_what_is_asked_for_wrongly(net, made, tmp_path):
    with pytest.raises(cw.UnknownLayer, match="has no images of '4'"):
        made.filter("4", 0)
    with pytest.raises(cw.BadSetting, match="20 channels of 3, 0 to 19, got 20"):
        made.filter("3", 20)
    for settings, words in (
        ({"steps": -1}, "steps must be at least 0"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"engine": "spark"}, "engine takes serial"),
        ({"size": 0}, "at least 1 pixel"),
        ({"channels": [99]}, "channels 0 to 19, got 99"),
        ({"recipe": "lucid"}, "fourier or classic"),
    ):
        with pytest.raises(cw.BadSetting, match=words):
            cw.filters_into(net, "3", tmp_path / "made", **WAY | settings)
    assert not (tmp_path / "made" / "manifest.json").exists()
    with pytest.raises(cw.BadIndex, match="and not empty"):
        cw.filters_into(net, "3", PHOTOS, engine="serial", **WAY)


def test_what_it_will_cost(net, made, tmp_path):
    cost = into.filters_cost(net, ["0", "3"], tmp_path / "none", batch=8, **WAY)
    assert (cost.images, cost.left, cost.layers) == (26, 26, ("0", "3"))
    assert cost.seconds > 0
    data = sum(len(data) for name, data in whole(made.folder).items() if name.endswith(".safetensors"))
    assert cost.size == pytest.approx(data, rel=0.2)
    assert into.filters_cost(net, ["0", "3"], made.folder, **WAY).left == 0


def test_a_unit_page_takes_its_image_from_the_folder(net, made, tmp_path):
    index = cw.scan(net, PHOTOS, tmp_path / "index", layers=["1", "3"], engine="serial")
    for layer, channel in (("3", 7), ("1", 2)):
        page = cw.unit_page(index, (layer, channel), filters=made.folder, network=net)
        told = page.provenance["units"][0]["synthesised"]
        # Of layer 1, the ReLU of layer 0, the image of that channel of 0 is shown, and what it reaches behind the ReLU.
        kept = made.filter("3" if layer == "3" else "0", channel)
        best = index.top(layer, channel, 1)[0].value
        top = max(0.0, kept.numbers["max"])
        assert told["layer"] == layer
        assert told["max"] == pytest.approx(top, abs=5e-3)
        assert told["of_best_photo"] == pytest.approx(told["max"] / best)
        cells = next(one for one in page.pages if getattr(one, "title", "") == "Where it fires").rows[0]
        assert np.array_equal(cells[0].values, kept.picture.values)
        assert "made to excite it" in cells[0].caption
    with pytest.raises(cw.BadSetting, match="leave one of them out"):
        cw.unit_page(index, ("3", 7), filters=made, synthesised=True, network=net)
    few = cw.filters_into(net, "3", tmp_path / "few", channels=[1], engine="serial", **WAY)
    with pytest.raises(cw.BadSetting, match="images of 1 channels of 3, 1 to 1, got 7"):
        cw.unit_page(index, ("3", 7), filters=few, network=net)
    other = cw.filters_into(
        cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3)), net.preprocessing),
        "0",
        tmp_path / "other",
        engine="serial",
        **WAY,
    )
    with pytest.raises(cw.BadIndex, match="was made with Sequential, weights"):
        cw.unit_page(index, ("3", 7), filters=other, network=net)


def test_sheets_are_drawn_from_the_folder(net, made, tmp_path):
    index = cw.scan(net, PHOTOS, tmp_path / "index", layers=["3"], engine="serial")
    sheet = cw.filters(net, "3", channels=[5, 1], made=made, index=index, patches=2)
    assert [row[0].caption.splitlines()[0].split(" ")[0] for row in sheet.rows] == ["5", "1"]
    assert "3 steps" in sheet.caption
    assert f"made={str(made.folder)!r}" in sheet.provenance["code"]
    for row, told in zip(sheet.rows, sheet.provenance["filters"], strict=True):
        best = index.top("3", told["channel"], 1)[0].value
        assert told["of_best_photo"] == pytest.approx(told["max"] / best)
        assert np.array_equal(row[0].values, made.filter("3", told["channel"]).picture.values)
        assert len(row) == 3
    album = cw.filters(net, "0..3", made=made)
    assert len(album.provenance["filters"]) == 6 + 20


def test_by_the_command_line(cutaway, tmp_path):
    way = ("--channels", "0..2", "--steps", "2", "--size", "32")
    done = cutaway("filters", "conv1..fire2", *way, "--into", "made", "--engine", "serial", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("9 images, 3 layers of squeezenet1_1\nwrote made\n")
    done = cutaway("filters", "fire2", "--from", "made", "--json", "--out", "sheet.png", cwd=tmp_path)
    assert [one["channel"] for one in json.loads(done.stdout)["filters"]] == [0, 1, 2]


def test_what_the_command_tells_before_it_starts(net, made, capsys, tmp_path):
    def told(folder: Path, **changed: object) -> str:
        settings = {"engine": "serial", "workers": None, "dry_run": True, "as_json": False} | changed
        make_into(net, ["0", "3"], str(folder), **settings, **WAY)
        return capsys.readouterr().out

    start = "26 images, 2 layers of small: 0, 3\n"
    first = told(tmp_path / "new")
    assert re.fullmatch(rf"{start}about \d+ \w+ of one worker, and 0\.\d MB on the disk in all\n", first)
    two = told(tmp_path / "new", engine="processes", workers=2)
    assert re.search(r"about \d+ \w+ of one worker \(\d+ \w+ of 2\), and", two)
    cost = json.loads(told(tmp_path / "new", as_json=True))
    assert (cost["images"], cost["left"], cost["layers"]) == (26, 26, ["0", "3"])
    assert not (tmp_path / "new").exists()
    assert told(made.folder) == f"{start}all are there\n"
    again = told(made.folder, dry_run=False)
    assert again == f"{start}all are there\n26 images, 2 layers of small\nwrote {made.folder}\n"


def test_options_that_do_not_go_together(capsys, tmp_path):
    for wrong, words in (
        (("--into", "other", "--from", "made"), "leave one of them out"),
        (("--into", "other", "--patches", "2"), "--from other --index"),
        (("--workers", "2"), "give --into FOLDER"),
    ):
        with pytest.raises(SystemExit) as exit:
            main(["filters", "fire2", *wrong, "--out", str(tmp_path)])
        assert exit.value.code == 2
        assert words in capsys.readouterr().err
