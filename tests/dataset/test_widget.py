"""The browser of units holds its state in Python, and shows what the index says of it."""

from __future__ import annotations

import base64
import io
import sys

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.errors import BadIndex, BadSetting, UnknownLayer
from cutaway.notebook.browser import _unit_browser

pytest.importorskip("anywidget")


@pytest.fixture
def browser(index):
    return cw.widget(index, "4", 3)


def opened(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2]))).convert("RGB")


def test_it_shows_what_the_index_says(browser, index):
    assert (browser.layer, browser.channel, browser.unit) == ("4", 3, "4:3")
    assert [one["name"] for one in browser.layers] == list(index.layers)
    assert browser.channels == 8
    rows = index.top("4", 3)
    assert [one["name"] for one in browser.patches] == [row.path.name for row in rows]
    assert [float(one["value"]) for one in browser.patches] == pytest.approx(
        [row.value for row in rows], rel=1e-2
    )
    assert {one["label"] for one in browser.patches} <= {"dark", "light"}
    values = index.channel("4", 3)[index.present]
    assert f"fires in {(values > 0).sum()} of 70 photos" in browser.facts


def test_patches_are_pictures_of_the_photos(browser, index):
    shown = np.asarray(opened(browser.patches[0]["picture"]), float)[2:-2, 2:-2]
    row = index.top("4", 3, 1)[0]
    cut = cw.read(row.path).cropped(row.box)
    assert shown.mean() == pytest.approx(cut.pixels.mean(), abs=6)


def test_what_is_set_is_shown(browser, index):
    browser.channel = 5
    assert browser.unit == "4:5"
    assert browser.patches[0]["name"] == index.top("4", 5, 1)[0].path.name
    browser.layer = "1"
    assert browser.unit == "1:5"
    assert [one["channel"] for one in browser.thumbs] == list(range(6))
    assert browser.patches[0]["name"] == index.top("1", 5, 1)[0].path.name
    browser.layer, browser.channel = "4", 7
    browser.layer = "1"  # which has no channel 7
    assert browser.unit == "1:0"


def test_channels_are_sorted(browser, index):
    browser.sort = "strongest"
    maxima = index.maxima("4")[index.present].max(0)
    assert [one["channel"] for one in browser.thumbs] == np.argsort(-maxima, kind="stable").tolist()
    browser.layer, browser.sort = "1", "rarest"
    assert browser.thumbs[0]["channel"] == 0  # the dead one
    assert browser.channel == 3


def test_refusals_leave_it_as_it_was(browser):
    for name, value, error in (
        ("layer", "fire99", UnknownLayer),
        ("channel", 8, BadSetting),
        ("channel", -1, BadSetting),
        ("sort", "loudest", BadSetting),
    ):
        with pytest.raises(error):
            setattr(browser, name, value)
        assert (browser.layer, browser.channel, browser.sort) == ("4", 3, "channel")
    browser.page = 99
    assert browser.page == 0


def test_its_unit_opens_elsewhere(browser, index, net):
    page = cw.unit_page(index, browser.unit, network=net, synthesised=False)
    assert page.provenance["units"][0]["unit"] == "4:3"


def test_filters_of_a_folder_are_shown(index, net, tmp_path):
    folder = cw.filters_into(net, "4", tmp_path / "made", channels=[3], size=16, steps=2, engine="serial")
    browser = cw.widget(index, "4", 3, filters=tmp_path / "made")
    assert base64.b64decode(browser.image["picture"].partition("base64,")[2]) == folder.png("4", 3)
    assert browser.image["words"].startswith("max ")
    browser.channel = 2
    assert browser.image["picture"] == ""
    assert "channels of" in browser.image["words"]


def test_photos_that_have_gone_are_told(index, tmp_path):
    moved = cw.open_index(index.folder, tmp_path)
    browser = cw.widget(moved, "4")
    assert browser.patches[0]["picture"] == ""
    assert "moved photos: open_index" in browser.patches[0]["missing"]


def test_what_cannot_be_shown_is_refused(index, monkeypatch):
    with pytest.raises(BadIndex):
        cw.widget("nowhere")
    with pytest.raises(UnknownLayer):
        cw.widget(index, "fire99")
    with pytest.raises(BadSetting, match="channels 0 to 7, got 8"):
        cw.widget(index, "4", 8)
    with pytest.raises(BadSetting, match="sort must be one of"):
        cw.widget(index, sort="loudest")
    _unit_browser.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(BadSetting, match=r'pip install "cutaway\[notebook\]"'):
        cw.widget(index)
