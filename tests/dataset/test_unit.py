"""The page of a unit says what the index, the network and the other recipes say."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadIndex, BadSetting, UnknownLayer, UnsupportedMethod, UnsupportedNetwork
from cutaway.recipes.channel_figures import correlations
from cutaway.recipes.patches import told_row
from cutaway.recipes.scanned_network import scanned_network


@pytest.fixture(scope="module")
def page(index, net):
    return cw.unit_page(index, "4:3", network=net)


@pytest.fixture(scope="module")
def told(page):
    return page.provenance["units"][0]


def test_places_are_those_of_the_index(told, index):
    assert told["strongest"] == [told_row(row) for row in index.top("4", 3)]
    assert told["lowest"] == [told_row(row) for row in index.top("4", 3, lowest=True)]
    values = index.channel("4", 3)[index.present]
    assert told["silent"] == pytest.approx(float((values == 0).mean()))
    assert told["quantiles"]["50 %"] == pytest.approx(np.median(values))


def test_projections_are_those_of_the_sheet(told, index, net):
    sheet = cw.deconv_sheet(index, "4", [3], method=["deconvnet", "guided"], network=net)
    assert len(told["projections"]) == 2 * len(told["strongest"])
    for mine, theirs in zip(told["projections"], sheet.provenance["units"], strict=True):
        assert mine == theirs


def test_the_map_is_the_channels(told, index, net):
    photo, seen = index.top("4", 3)[0], scanned_network(index, net)
    raw = cw.capture(seen, seen.prepare(photo.path), "4")["4"][0, 3]
    live = told["live"][0]
    assert (live["path"], live["y"], live["x"]) == (str(photo.path), photo.y, photo.x)
    assert live["max"] == pytest.approx(float(raw.max()), rel=1e-5)


def test_maps_on_other_photos_share_one_scale(index, net):
    photos = [index.path(1), index.path(40)]
    found = cw.unit_page(index, ("4", 3), photos=photos, synthesised=False, network=net)
    maps = next(one for one in found.pages if getattr(one, "title", "") == "Where it fires")
    cells = [cell for row in maps.rows for cell in row]
    assert len(cells) == 2
    assert len({cell.range for cell in cells}) == 1
    assert [one["path"] for one in found.provenance["units"][0]["live"]] == [str(path) for path in photos]


def test_channels_like_it_are_those_of_a_plain_correlation(told, index, net):
    maxima = index.maxima("4")[index.present].astype(np.float64)
    with np.errstate(all="ignore"):
        r = np.corrcoef(maxima.T)[3]
    order = [k for k in np.argsort(-np.nan_to_num(r, nan=-2), kind="stable") if k != 3 and np.isfinite(r[k])]
    assert [one["channel"] for one in told["similar"]] == order[:7]
    weight = net.module[3].weight.detach().numpy()
    for one in told["similar"]:
        other = weight[one["channel"]]
        assert one["correlation"] == pytest.approx(r[one["channel"]])
        cosine = (weight[3] * other).sum() / np.linalg.norm(weight[3]) / np.linalg.norm(other)
        assert one["filter_cosine"] == pytest.approx(cosine, abs=1e-6)
    assert np.isnan(correlations(np.array([[1.0, 0.1], [2.0, 0.1]]), 1)).all()


def test_its_filter_and_the_inputs_that_it_weighs(told, net):
    assert told["filter"]["made_by"] == "filter 3 of 3, through relu"
    lengths = np.linalg.norm(net.module[3].weight[3].detach().numpy().reshape(6, -1), axis=1)
    assert [one["channel"] for one in told["filter"]["inputs"]] == np.argsort(-lengths).tolist()
    assert told["filter"]["reads"] == "2"


def test_purity_is_that_of_the_table(told, index, net):
    row = next(row for row in cw.purity(index, "4", network=net) if row["channel"] == 3)
    assert (told["label"], told["hits"]) == (row["label"], row["of 5"])
    assert told["labels"][0]["label"] == row["best detected"]
    assert told["labels"][0]["average_precision"] == pytest.approx(row["average precision"], abs=1e-4)
    assert told["homogeneity"] == pytest.approx(row["homogeneity"], abs=1e-4)


def test_a_page_is_one_file_that_asks_for_nothing(page, tmp_path):
    text = page.save(tmp_path / "unit.html").read_text()
    assert text.count("<figure>") == 4
    assert "What it fires for" in text
    assert "http://" not in text
    assert "https://" not in text
    assert page.save(tmp_path / "unit.png").stat().st_size > 10_000
    json.dumps(page.provenance["units"], allow_nan=False)
    with np.load(page.save(tmp_path / "unit.npz")) as saved:
        assert {"page_0_0", "page_2_0", "page_3", "page_3_cells", "names"} <= set(saved.files)


def test_a_dead_channel_says_so(index, net):
    page = cw.unit_page(index, "1:0", network=net)
    assert page.lead.startswith("Silent in all 70 photos")
    told = page.provenance["units"][0]
    assert (told["strongest"], told["projections"], told["label"], told["similar"]) == ([], [], None, [])
    assert page.pages[0].title == "Nothing excites it"
    page.to_image()


def test_several_and_by_lot(index, net):
    both = cw.unit_page(index, ["1:2", ("4", 5)], k=2, synthesised=False, network=net)
    assert [one["unit"] for one in both.provenance["units"]] == ["1:2", "4:5"]
    assert both.names == ("Sequential · 1:2", "Sequential · 4:5")
    lots = []
    for seed in (1, 1, 2):
        drawn = cw.unit_page(index, random=3, seed=seed, k=2, synthesised=False, network=net)
        lots.append([one["unit"] for one in drawn.provenance["units"]])
    assert lots[0] == lots[1] != lots[2]
    assert len(set(lots[0])) == 3
    of_one = cw.unit_page(index, "4", random=2, k=2, synthesised=False, network=net)
    assert {one["layer"] for one in of_one.provenance["units"]} == {"4"}


def test_a_synthesised_image_has_its_place(index, net):
    image = np.full((20, 20, 3), 7, np.uint8)
    page = cw.unit_page(index, "4:3", synthesised=image, network=net)
    first = next(one for one in page.pages if getattr(one, "title", "") == "Where it fires").rows[0][0]
    assert (first.pixels == 7).all()
    assert first.caption.startswith("synthesised")
    with pytest.raises(BadSetting, match="one image for each of the 2 units, got 1"):
        cw.unit_page(index, ["4:3", "4:2"], synthesised=image, network=net)


def test_the_image_made_for_it_is_that_of_filters(page, told, index, net):
    first = next(one for one in page.pages if getattr(one, "title", "") == "Where it fires").rows[0][0]
    sheet = cw.filters(scanned_network(index, net), "4", channels=[3], index=index)
    assert told["synthesised"] == sheet.provenance["filters"][0]
    assert np.array_equal(first.values, sheet.rows[0][0].values)
    best = index.top("4", 3, 1)[0].value
    assert first.caption.endswith(f"{told['synthesised']['max'] / best:.2g} × the best photo")


def test_a_network_of_one_size_has_a_page_without_it(album, tmp_path):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 22 * 22, 2))
    fixed = cw.Network(module, cw.Preprocessing(size=24), classes=["dark", "light"])
    index = cw.scan(fixed, album / "light", tmp_path / "index", engine="serial")
    page = cw.unit_page(index, "1:2", network=fixed)
    maps = next(one for one in page.pages if getattr(one, "title", "") == "Where it fires")
    assert page.provenance["units"][0]["synthesised"] is None
    assert maps.caption.startswith("No image was made to excite it: ")
    with pytest.raises(UnsupportedNetwork):
        cw.unit_page(index, "1:2", synthesised=True, network=fixed)


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ("4", BadSetting, "LAYER:CHANNEL, such as fire5:40, got '4'"),
        ("4:8", BadSetting, "channels 0 to 7, got 8"),
        ("9:1", UnknownLayer, "did not keep '9'"),
        ("@logits:1", UnsupportedMethod, "no places.*choose a layer with maps, such as 4"),
        (None, BadSetting, "random=5 draws some by lot"),
    ],
)
def test_what_is_no_unit(index, net, wanted, error, words):
    with pytest.raises(error, match=words):
        cw.unit_page(index, wanted, network=net)


def test_no_index_and_too_many(index, net, tmp_path):
    with pytest.raises(BadIndex, match="is no index"):
        cw.unit_page(tmp_path, "4:3")
    with pytest.raises(BadSetting, match="random must lie in 1.."):
        cw.unit_page(index, random=0, network=net)
