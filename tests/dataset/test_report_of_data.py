"""The report of a data set holds what the index and the recipes say."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

import cutaway as cw


@pytest.fixture(scope="module")
def report(index, net):
    return cw.report(net, index=index, of="data", layers=["4"])


@pytest.mark.slow
def test_it_holds_what_the_recipes_say(report, index, net):
    assert report.names == ("photos", "map", "audit", "purity", "patches")
    shares = report["photos"].results[0]
    assert dict(zip(shares.names, shares.values.tolist(), strict=True)) == {"dark": 35.0, "light": 35.0}
    assert dict(report["photos"].facts)["photos"] == "70 read, 1 skipped"
    (skipped,) = (row for row in report["photos"].results[1].rows)
    assert skipped[0] == "broken.png"
    assert report["map"].results[0].provenance["code"] == cw.embed(index).code()
    audited = cw.audit(index, network=net)
    assert report["audit"].lead == f"{audited.title}."
    table = next(page for page in report["audit"].results if isinstance(page, cw.Table))
    assert table.rows == next(page for page in audited.report.pages if isinstance(page, cw.Table)).rows
    purest = cw.purity(index, "4", network=net)
    assert report["purity"].results[0].rows[0] == purest.rows[0]
    rows = report["patches"].results[0].provenance["rows"]
    kept = {row["channel"] for row in rows}
    assert [row["value"] for row in rows if row["channel"] == 0] == [one.value for one in index.top("4", 0)]
    assert kept == {0, 1, 3, 4, 6, 7}


def test_its_page_needs_nothing_else(report):
    page = report.to_page().decode()
    sources = re.findall(r'\ssrc="([^"]{0,12})', page)
    assert sources
    assert all(one.startswith("data:image/") for one in sources)
    assert "broken.png" in page


def test_labels_that_are_not_there_are_told(net, album, tmp_path):
    index = cw.scan(net, album, tmp_path / "index", engine="serial", top=3, labels=None)
    made = cw.report(net, index=index, of="data", sections=["photos", "audit", "purity"])
    assert made.names == ("photos",)
    words = unescape(re.sub(r"<[^>]+>", " ", made.to_page().decode()))
    assert "What labels are told by: an audit needs two labels" in words
    assert "has no labels, and purity asks for them" in words


def test_a_networks_report_shows_what_excites_it(net, index):
    made = cw.report(net, index=index, sections=["findings", "patches"], layers=["4"])
    assert made["findings"].results[0].rows == cw.check(net, index).rows
    assert any(row[2] == "silent" for row in made["findings"].results[0].rows)
    assert made["patches"].results[0].title == "4"


def test_a_photos_report_shows_its_neighbours(net, index):
    made = cw.report(net, index.path(3), index=index, sections=["neighbors"])
    found = cw.neighbors(index, index.path(3), network=net)
    assert [one.caption for one in made["neighbors"].results[0].rows[0]] == [
        one.caption for one in found.sheet.rows[0]
    ]


def test_an_index_of_other_weights_is_refused(index):
    with pytest.raises(cw.BadIndex, match="was made with"):
        cw.report("squeezenet1_1", index=index)


def test_the_map_is_of_all_photos(report, index):
    laid = report["map"].results[1]
    across = int(np.ceil(np.sqrt(index.present.sum())))
    assert laid.size[1] >= 48 * (across - 1)
