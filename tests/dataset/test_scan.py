"""The index holds what one would find by looking at every photo, and is whole or not there."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import torch
from filelock import FileLock
from torch import nn

import cutaway as cw
from cutaway.dataset.listing import Listing
from cutaway.dataset.plan import Plan
from cutaway.dataset.scan import fold, planned, trial
from cutaway.dataset.store import index_store
from cutaway.dataset.strongest import Strongest
from cutaway.errors import BadImage, BadIndex, BadSetting, UnknownLayer
from cutaway.jobs.engines import engine_named
from cutaway.network.head import before_classifier
from cutaway.network.main_layers import main_layers


def whole(folder: Path) -> dict[str, bytes]:
    """All files of an index but the lock."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != ".lock"
    }


def test_it_holds_what_each_photo_gives_alone(index, net):
    photo = index.photo("light/33.png")
    exact = index.preprocessing.prepare(cw.read(index.path(photo)))
    found = cw.capture(net, exact, ["1", "4", "@logits"])
    for layer in ("1", "4"):
        assert np.allclose(index.maxima(layer)[photo], found[layer].amax((2, 3))[0], atol=1e-6)
        assert np.allclose(index.means(layer)[photo], found[layer].mean((2, 3))[0], atol=1e-6)
    assert np.allclose(index.maxima("@logits")[photo], found["@logits"][0], atol=1e-6)
    assert np.array_equal(index.channel("4", 3), index.maxima("4")[:, 3], equal_nan=True)


def test_the_strongest_are_those_of_all_photos_in_a_total_order(index):
    for lowest in (False, True):
        for channel in range(index.channels("1")):
            values = index.channel("1", channel)
            ids = np.flatnonzero(~np.isnan(values))
            order = ids[np.lexsort((ids, values[ids] if lowest else -values[ids]))][:5]
            rows = index.top("1", channel, lowest=lowest)
            assert [row.photo for row in rows] == order.tolist()
            assert [row.value for row in rows] == pytest.approx(values[order].tolist())
    assert [row.value for row in index.top("1", 0)] == [0.0] * 5  # dead: the earliest photos


def test_a_place_is_where_the_map_is_strongest_and_its_box_is_what_the_unit_sees(index, net):
    for channel in range(1, 6):
        row = index.top("4", channel, 1)[0]
        image = index.preprocessing.prepare(cw.read(row.path))
        maps = cw.capture(net, image, "4")["4"][0, channel]
        assert maps[row.y, row.x] == maps.max()
        top, left, bottom, right = row.seen
        assert (top, left, bottom, right) == index.field("4").box(row.y, row.x)
        hidden = image.clone()
        hidden[:] = 9.0
        hidden[:, :, top:bottom, left:right] = image[:, :, top:bottom, left:right]
        again = cw.capture(net, hidden, "4")["4"][0, channel, row.y, row.x]
        assert float(again) == pytest.approx(row.value, rel=1e-5)
        h, w = cw.read(row.path).size
        assert row.box == (top * h // 24, left * w // 24, -(-bottom * h // 24), -(-right * w // 24))


def test_photos_that_cannot_be_read_are_left_out_and_told(index, album, net, tmp_path):
    ((path, reason),) = index.skipped
    assert path == album / "dark/broken.png"
    assert reason.startswith("it is not a picture of any known kind")
    assert np.isnan(index.maxima("1")[index.photo("dark/broken.png")]).all()
    assert index.present.sum() == 70
    with pytest.raises(BadImage, match="broken.png"):
        cw.scan(net, album, tmp_path / "strict", engine="serial", strict=True)


def test_a_photo_that_gives_no_number_is_left_out(album, tmp_path):
    class Picky(nn.Module):
        def forward(self, x):
            return torch.where(x.mean((1, 2, 3), keepdim=True) > 1.05, torch.nan, x)

    net = cw.Network(Picky(), cw.Preprocessing(size=8))
    index = cw.scan(net, album / "light", tmp_path / "index", layers="where", engine="serial", labels=None)
    reasons = [reason for _, reason in index.skipped]
    assert 0 < len(reasons) < 35
    assert all("NaN" in reason for reason in reasons)
    good = np.flatnonzero(index.present)
    assert index.top("where", 0, 1)[0].value == pytest.approx(np.nanmax(index.channel("where", 0)[good]))


def test_labels_from_folders_tables_and_mappings(album, tmp_path):
    assert set(Listing.of(album).labels) == {"dark", "light"}
    assert set(Listing.of(album, None).labels) == {None}
    table = tmp_path / "t.csv"
    table.write_text("file,kind,label\n1.png,a,x\nlight/3.png,b,y\n")
    found = Listing.of(album, f"{table}:kind")
    assert found.labels[found.names.index("light/1.png")] == "a"
    assert found.labels[found.names.index("light/3.png")] == "b"
    assert Listing.of(album, table).labels[found.names.index("light/3.png")] == "y"
    assert Listing.of(album, {"dark/2.png": "z"}).labels[found.names.index("dark/2.png")] == "z"
    with pytest.raises(BadSetting, match="no column 'size'. It has: file"):
        Listing.of(album, f"{table}:size")
    with pytest.raises(BadSetting, match="for none of the 71 photos"):
        Listing.of(album, {"moon.png": "z"})
    with pytest.raises(BadSetting, match=r"cannot be read: No such file.*Give a .csv"):
        Listing.of(album, "nowhere.csv")


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_every_engine_gives_the_same_bytes(engine, index, net, album, tmp_path):
    cw.scan(net, album, tmp_path / "index", engine=engine, workers=2, top=5)
    assert whole(tmp_path / "index") == whole(index.folder)


class DiesOnce(nn.Module):
    """Kills its process the first time that a marked photo is seen, as a lack of memory would."""

    def __init__(self, inner: nn.Module, mark: str) -> None:
        super().__init__()
        self.inner, self.mark = inner, mark

    def forward(self, x):
        if (
            len(x) > 6
            and os.getpid() != int(Path(self.mark).read_text())
            and not Path(self.mark + ".done").exists()
        ):
            Path(self.mark + ".done").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.inner(x)


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_a_worker_that_dies_costs_nothing_but_time(engine, index, net, album, tmp_path):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers need not find this file
    mark = tmp_path / "mark"
    mark.write_text(str(os.getpid()))
    mortal = cw.Network(DiesOnce(net.module, str(mark)), net.preprocessing, classes=net.classes)
    sure = cw.Network(DiesOnce(net.module, str(mark)), net.preprocessing, classes=net.classes)
    cw.scan(mortal, album, tmp_path / "a", engine=engine, workers=2, top=5)
    assert Path(f"{mark}.done").exists()
    cw.scan(sure, album, tmp_path / "b", engine="serial", top=5)
    assert whole(tmp_path / "a") == whole(tmp_path / "b")


def test_stopped_and_taken_up_again_it_is_the_same(index, net, album, tmp_path):
    plan = planned(net, Listing.of(album), top=5)
    store = index_store(tmp_path / "index")

    def stops(plan: Plan, numbers, workers):
        yield from engine_named("serial")(plan, numbers[:1], workers)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fold(plan, store, stops)
    with pytest.raises(BadIndex, match="unfinished: 1 of 2 shards"):
        cw.open_index(store.folder)
    made = []

    def counted(plan: Plan, numbers, workers):
        made.extend(numbers)
        yield from engine_named("serial")(plan, numbers, workers)

    fold(plan, store, counted)
    assert made == [1]
    assert whole(store.folder) == whole(index.folder)


def test_two_scans_into_one_folder(net, album, tmp_path):
    (tmp_path / "index").mkdir()
    with (
        FileLock(tmp_path / "index" / ".lock"),
        pytest.raises(BadIndex, match="being written by another scan"),
    ):
        cw.scan(net, album, tmp_path / "index", engine="serial")


def test_another_index_or_other_files_are_not_written_over(index, net, album, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(index.folder, copy)
    with pytest.raises(BadIndex, match="its top is 5, and 3 was asked for"):
        cw.scan(net, album, copy, engine="serial", top=3)
    with pytest.raises(BadIndex, match="its photos is"):
        cw.scan(net, album / "light", copy, engine="serial", top=5)
    other = cw.Network(nn.Sequential(nn.Conv2d(3, 6, 3)), net.preprocessing)
    with pytest.raises(BadIndex, match="its weights is"):
        cw.scan(other, album, copy, engine="serial", top=5)
    with pytest.raises(BadIndex, match=r"is no index, and not empty \(dark, light\)"):
        cw.scan(net, album, album, engine="serial")
    (tmp_path / "new").mkdir()
    index_store(tmp_path / "new").begin({"schema": 99}, {})
    with pytest.raises(BadIndex, match="has the form 99, and this version"):
        cw.open_index(tmp_path / "new")


def test_labels_may_change_without_a_new_scan(index, net, album, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(index.folder, copy)
    again = cw.scan(net, album, copy, engine="serial", top=5, labels={"dark/2.png": "night"})
    assert again.labels[again.photo("dark/2.png")] == "night"
    assert again.labels[again.photo("light/1.png")] is None


def test_every_flipped_byte_is_found(index, tmp_path):
    source = random.Random(5)
    files = sorted(whole(index.folder))
    for k in range(100):
        copy = tmp_path / f"{k}"
        shutil.copytree(index.folder, copy)
        path = copy / files[k % len(files)]
        data = bytearray(path.read_bytes())
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        path.write_bytes(data)
        with pytest.raises(BadIndex, match=path.name.split(".")[0]):
            cw.open_index(copy).verify()
        shutil.rmtree(copy)


def test_a_damaged_shard_is_done_anew(index, net, album, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(index.folder, copy)
    shard = copy / "shards/00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(BadIndex, match=r"00001.safetensors was changed.*only it is done anew"):
        cw.open_index(copy).maxima("1")
    cw.scan(net, album, copy, engine="serial", top=5)
    assert whole(copy) == whole(index.folder)


def test_what_is_asked_for_wrongly(index):
    with pytest.raises(UnknownLayer, match="did not keep 'nine'"):
        index.top("nine", 0)
    with pytest.raises(BadSetting, match="channels 0 to 5, got 6"):
        index.top("1", 6)
    with pytest.raises(BadSetting, match="keeps the 5 strongest of a channel, got k=9"):
        index.top("1", 0, 9)
    with pytest.raises(BadSetting, match="photos 0 to 70, got 71"):
        index.photo(71)
    with pytest.raises(BadSetting, match=r"engine takes serial, processes, ray, got 'spark'"):
        engine_named("spark")


def test_order_does_not_matter_to_the_strongest():
    source = torch.Generator().manual_seed(1)
    values = torch.randint(0, 4, (40, 7), generator=source).float()
    maps = values[:, :, None, None].expand(-1, -1, 2, 2)
    for step in (1, 3, 40):
        one = Strongest(6)
        for start in range(0, 40, step):
            here = slice(start, start + step)
            one.add(values[here], torch.arange(40)[here], maps[here])
        for channel in range(7):
            right = sorted(range(40), key=lambda i, c=channel: (-values[i, c], i))[:6]
            assert one.images[:, channel].tolist() == right


def test_layers_worth_a_scan(net):
    assert main_layers(net) == ["1", "4", "@logits"]
    assert before_classifier(net) == "4"
    squeezenet = main_layers(cw.load("squeezenet1_1"))
    assert {"relu1", "fire5.cat", "fire9.cat", "relu10", "@logits"} <= set(squeezenet)
    assert "fire5.expand1x1" not in squeezenet


def test_what_it_would_cost(index, net, album):
    cost = trial(planned(net, Listing.of(album), top=5))
    assert cost.photos == 71
    assert cost.seconds > 0
    data = sum(len(data) for name, data in whole(index.folder).items() if name.endswith(".safetensors"))
    assert cost.size == pytest.approx(data, rel=0.1)


def test_moved_photos(index, album, tmp_path):
    shutil.copytree(album, tmp_path / "elsewhere")
    moved = cw.open_index(index.folder, tmp_path / "elsewhere")
    assert moved.top("1", 2, 1)[0].path.is_relative_to(tmp_path / "elsewhere")


def test_by_the_command_line(album, tmp_path, cutaway):
    done = cutaway(
        "scan",
        str(album),
        "--out",
        "index",
        "--layers",
        "relu1,fire9",
        "--engine",
        "serial",
        "--json",
        cwd=tmp_path,
    )
    told = json.loads(done.stdout)
    assert told["photos"] == 71
    assert told["layers"] == ["relu1", "fire9.cat"]
    assert [Path(one["path"]).name for one in told["skipped"]] == ["broken.png"]
    done = cutaway(
        "patches", "fire9", "--channels", "3", "--top", "2", "--out", "p.png", "--json", cwd=tmp_path
    )
    assert len(json.loads(done.stdout)["rows"]) == 2
    done = cutaway("scan", str(album), "--dry-run", "--out", "other", cwd=tmp_path)
    assert "71 photos, 19 layers of squeezenet1_1" in done.stdout
    assert not (tmp_path / "other").exists()


def test_what_a_killed_scan_left_half_written_is_cleared_away(index, net, album, tmp_path):
    folder = tmp_path / "index"
    (folder / "shards").mkdir(parents=True)
    for path in (folder / ".cutaway-abc.json", folder / "shards" / ".cutaway-xyz.safetensors"):
        path.write_bytes(b"half")
    cw.scan(net, album, folder, engine="serial", top=5)
    assert whole(folder) == whole(index.folder)


def test_only_the_outputs_are_kept_beside_layers(net, album, tmp_path):
    kept = cw.scan(net, album / "light", tmp_path / "kept", layers=["@logits", "1"], engine="serial")
    assert kept.layers == ("1", "@logits")
    with pytest.raises(UnknownLayer):
        cw.scan(net, album, tmp_path / "index", layers="@input", engine="serial")


def test_a_photo_is_left_out_only_for_what_is_kept_of_it(album, tmp_path):
    """In half precision the sum of a map overflows where its maximum and its mean do not."""

    class Picky(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kind = nn.Parameter(torch.zeros(1).half())

        def forward(self, x):
            return torch.where(x.mean((1, 2, 3), keepdim=True) > 1.9e4, torch.nan, x)

    net = cw.Network(Picky(), cw.Preprocessing(size=24, mean=(0.5,) * 3, std=(1e-5,) * 3))
    index = cw.scan(net, album / "light", tmp_path / "index", layers="where", engine="serial", labels=None)
    means = index.means("where")[index.present]
    assert 0 < len(index.skipped) < 35
    assert means.mean(1).max() < 1.95e4  # none of those that are in was guilty
    assert len(means) == 35 - len(index.skipped)
    alone = [float(net.prepare(path).float().mean()) > 1.89e4 for path, _ in index.skipped]
    assert all(alone)
