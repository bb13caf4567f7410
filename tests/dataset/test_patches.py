"""What a scan shows: patches cut exactly, what made their units fire, and photos that are alike."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.dataset.neighbors import directions, nearest, precision_at
from cutaway.errors import BadIndex, BadSetting
from cutaway.view.mosaic import mosaic


def test_patches_are_cut_out_of_the_original_photos(index):
    sheet = cw.patches(index, "1", [2, 4], k=3, tile=64)
    assert [len(row) for row in sheet.rows] == [3, 3]
    told = sheet.provenance["rows"]
    assert [(one["channel"], one["value"]) for one in told[:3]] == [
        (2, row.value) for row in index.top("1", 2, 3)
    ]
    first, cell = index.top("1", 2, 1)[0], sheet.rows[0][0]
    top, left, bottom, right = first.box
    cut = cw.read(first.path).pixels[top:bottom, left:right]
    assert max(cell.size) == 66  # a hairline around it
    assert cell.pixels[1:-1, 1:-1].mean() == pytest.approx(cut.mean(), abs=12)
    assert "channel 0" in cw.patches(index, "1", [0, 1]).caption  # dead


def test_the_lowest_are_shown_too(index):
    values = [one["value"] for one in cw.patches(index, "4", [3], k=4, lowest=True).provenance["rows"]]
    assert values == sorted(values)
    assert values[0] == pytest.approx(np.nanmin(index.channel("4", 3)))


def test_patches_that_cannot_be_had(index, tmp_path):
    with pytest.raises(BadSetting, match="channels 0 to 5, got 9"):
        cw.patches(index, "1", [9])
    with pytest.raises(BadSetting, match="at least one channel"):
        cw.patches(index, "1", [])
    moved = cw.open_index(index.folder, tmp_path)
    with pytest.raises(cw.BadImage, match="open_index"):
        cw.patches(moved, "1", [2])


def test_the_sheet_shows_each_unit_as_it_is_projected_alone(index, net):
    sheet = cw.deconv_sheet(index, ["1", "4"], [2, 3], k=4, method=["deconvnet", "guided"], network=net)
    units = sheet.provenance["units"]
    assert len(units) == 2 * 2 * 2 * 4
    for row, unit in zip(
        index.top("4", 3, 4),
        [u for u in units if (u["layer"], u["channel"], u["method"]) == ("4", 3, "deconvnet")],
        strict=True,
    ):
        assert unit["activation"] == pytest.approx(row.value, rel=1e-5)
        assert (unit["y"], unit["x"], unit["box"]) == (row.y, row.x, list(row.box))
    assert np.mean([u["fall_shown"] for u in units]) > np.mean([u["fall_others"] for u in units])
    assert [len(row) for row in sheet.rows] == [6, 6]


def test_another_network_is_refused(index, net):
    other = cw.Network(torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3)), net.preprocessing)
    with pytest.raises(BadIndex, match="was made with Sequential, weights"):
        cw.deconv_sheet(index, "1", [2], network=other)
    with pytest.raises(BadIndex, match="which does not open by its name.*Give the network"):
        cw.deconv_sheet(index, "1", [2])


def test_neighbours_are_those_of_a_plain_search(index, net):
    features = index.features()
    centred = features - np.nanmean(features, 0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    photo = index.photo("dark/8.png")
    cosines = unit @ unit[photo]
    cosines[photo] = -2
    right = np.argsort(-np.nan_to_num(cosines, nan=-3), kind="stable")[:4]
    found = cw.neighbors(index, photo, 4)
    assert [one.photo for one in found] == right.tolist()
    assert [one.similarity for one in found] == pytest.approx(cosines[right].tolist(), abs=1e-5)
    assert found[0].label in ("dark", "light")
    assert found.values.shape == (2, 4)
    assert [one.photo for one in cw.neighbors(index, "dark/8.png", 4)] == right.tolist()
    assert [one.photo for one in cw.neighbors(index, index.path(photo), 4, engine="faiss")] == right.tolist()


def test_a_photo_from_elsewhere(index, net, tmp_path):
    shutil.copy(index.path(index.photo("dark/8.png")), tmp_path / "copy.png")
    found = cw.neighbors(index, tmp_path / "copy.png", 3, network=net)
    assert found[0].photo == index.photo("dark/8.png")
    assert found[0].similarity == pytest.approx(1, abs=1e-4)
    assert found.by_pixels[0].photo == found[0].photo


def test_precision_is_the_share_of_neighbours_with_the_label():
    source = np.random.default_rng(0)
    base = directions(source.normal(size=(40, 5)))
    labels = [str(k % 3) if k % 7 else None for k in range(40)]
    hits, count = 0, 0
    for k in range(40):
        if labels[k] is None:
            continue
        order = [i for i in np.argsort(-(base @ base[k]), kind="stable") if i != k and labels[i] is not None][
            :5
        ]
        hits += sum(labels[i] == labels[k] for i in order)
        count += 5
    for engine in ("exact", "faiss"):
        assert precision_at(base, labels, 5, engine=engine) == pytest.approx(hits / count)
    with pytest.raises(BadSetting, match=r"k must lie in 1..39"):
        nearest(base[:1], base, 40, without=[0])
    with pytest.raises(BadSetting, match="engine must be exact or faiss"):
        nearest(base[:1], base, 3, engine="annoy")


def test_a_mosaic_of_tiles():
    white, black = (cw.Picture(np.full((4, 8, 3), value, np.uint8)) for value in (255, 0))
    found = mosaic([black, white, black], 2, 8, background=100)
    assert found.size == (18, 18)
    assert found.pixels[4, 4, 0] == 0
    assert found.pixels[0, 0, 0] == 100
    assert found.pixels[8, 4, 0] == 255
