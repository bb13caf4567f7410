"""A page of a report needs nothing else, is as small as asked, and says what it shows."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.view.cards import cards
from cutaway.view.section import Section
from cutaway.view.shares import Shares
from cutaway.view.slimmed import slimmed


class Page(HTMLParser):
    """What a browser would find: tags, attributes, and the text between them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.ids, self.links, self.sources, self.text = [], [], [], [], ""
        self.feed(page.decode() if isinstance(page, bytes) else page)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.tags.append(tag)
        self.ids += [held["id"]] if "id" in held else []
        self.links += [held["href"]] if "href" in held else []
        self.sources += [held[name] for name in ("src", "srcset", "data", "action", "poster") if name in held]

    def handle_data(self, data):
        self.text += data


def noise(h, w, seed=0):
    return cw.Picture(np.random.default_rng(seed).integers(0, 255, (h, w, 3)).astype(np.uint8), "noise")


def report(megabytes=10.0, **more):
    sheet = cw.Grid(((noise(700, 900), cw.Heatmap(np.eye(3), caption="a map")),), title="A sheet")
    sections = (
        Section("one", "One & only", "A lead.", (("photos", "3 < 4"),), (sheet,)),
        Section("two", "Two", results=(cw.Table(("layer", "count"), (("conv1", 1234),)),)),
    )
    told = {"code": "cutaway.report('x')", "command": "cutaway report x", "weights": "0123", **more}
    return cw.Report("A <report>", "In short.", sections, (("Three", "there was nothing"),), megabytes, told)


def test_nothing_is_fetched():
    found = Page(report().to_page())
    assert set(found.tags).isdisjoint({"script", "link", "iframe", "object", "embed", "form", "base"})
    assert found.sources
    assert all(source.startswith("data:image/") for source in found.sources)
    assert all(link.startswith("#") for link in found.links)
    assert "default-src 'none'" in report().to_page().decode()
    style = re.search(r"<style>(.*?)</style>", report().to_page().decode(), re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_each_section_has_its_anchor():
    found = Page(report().to_page())
    assert found.ids == ["one", "two", "made"]
    contents = found.links[: len(found.ids)]
    assert contents == ["#one", "#two", "#made"]


def test_words_are_escaped_and_there():
    found = Page(report().to_page())
    for words in (
        "A <report>",
        "One & only",
        "3 < 4",
        "A sheet",
        "1,234",
        "Three: there was nothing",
        "cutaway report x",
    ):
        assert words in found.text
    hostile = cw.Report("x", "", (Section("one", "<script>alert(1)</script>", "<img src=//a>"),))
    assert set(Page(hostile.to_page()).tags).isdisjoint({"script"})
    assert all(one.startswith("data:") for one in Page(hostile.to_page()).sources)


def test_the_manifest_can_be_read():
    page = report(seed=3).to_page().decode()
    told = Page(re.search(r"The manifest</summary><pre>(.*?)</pre>", page, re.DOTALL)[1]).text
    assert json.loads(told)["seed"] == 3


@pytest.mark.parametrize("megabytes", [10.0, 0.3, 0.1, 0.05])
def test_a_page_is_not_larger_than_allowed(megabytes):
    page = report(megabytes).to_page()
    assert len(page) <= megabytes * 1e6
    told = Page(page).text
    assert ("none made smaller" in told) is (megabytes == 10.0)
    for source in Page(page).sources:
        image = Image.open(io.BytesIO(base64.b64decode(source.partition("base64,")[2])))
        assert image.convert("RGB").size > (0, 0)


def test_a_page_that_cannot_be_so_small_is_refused(tmp_path):
    with pytest.raises(cw.BadSetting, match="may take 0.0001: allow more"):
        report(0.0001).save(tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_pictures_keep_their_colours():
    """WebP of the first quality is near the original, and says its size."""
    y, x = np.mgrid[:200, :300]
    pixels = np.stack([x * 0.8, y, 255 - x * 0.8], -1).astype(np.uint8)
    tag, _ = slimmed(cards(cw.Grid(((cw.Picture(pixels),),)), 2), 10**7)
    found = Page(tag)
    image = Image.open(io.BytesIO(base64.b64decode(found.sources[0].partition("base64,")[2]))).convert("RGB")
    assert 'width="300" height="200"' in tag
    assert np.abs(np.asarray(image, float) - pixels).mean() < 3


def test_cards_hold_each_cell_with_its_words():
    one, two = cw.Heatmap(np.eye(2), caption="first"), cw.Heatmap(3 * np.eye(2), caption="second")
    drawn = cards(
        cw.Grid(((one, two), (noise(9, 9), None)), row_titles=("maps", "photo"), caption="Below."), 3
    )
    assert Page(drawn).tags.count("figure") == 3
    for words in ("first", "second", "noise", "maps", "photo", "Below."):
        assert words in Page(drawn).text
    assert "cell\u00a0scale" not in drawn
    assert "0\u00a0…\u00a03" in drawn  # each map has its own scale, which is told


def test_one_scale_is_told_once():
    scale = cw.Heatmap(np.eye(2), scale="cell").range
    maps = tuple(cw.Heatmap(np.eye(2) * k, caption=f"map {k}", scale=scale) for k in (1, 2))
    assert cards(cw.Grid((maps,)), 3).count("linear-gradient") == 1


def test_shares_are_as_long_as_their_numbers():
    drawn = Shares({"cat": 0.5, "dog": 0.25}, ("50 %", "25 %"), most=1.0)._html(2)
    assert re.findall(r"width:([\d.]+)%\"></i>", drawn) == ["50.00", "25.00"]
    with pytest.raises(cw.BadSetting, match="zero and above"):
        Shares({"cat": -1.0})


def test_a_report_is_shown_in_a_notebook():
    found = Page(report()._repr_html_())
    assert found.tags == ["iframe"]
    assert report()._repr_png_().startswith(b"\x89PNG")


def test_a_report_without_sections_is_refused():
    with pytest.raises(cw.BadSetting, match="at least one section"):
        cw.Report("x", "", ())
    with pytest.raises(KeyError, match="no section 'three'; it has one, two"):
        report()["three"]
