"""What every result can do: be drawn, shown, saved; say where it comes from."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view import Album, Picture, Table
from cutaway.view.provenance import read
from tests.view.samples import ORIGIN, Page, each, photo

EVERY = each()
ALL = pytest.mark.parametrize("name", EVERY)


@ALL
def test_it_draws_itself(name):
    image = EVERY[name].to_image()
    assert image.mode == "RGB"
    assert min(image.size) >= 1
    np.testing.assert_array_equal(np.asarray(image), np.asarray(EVERY[name].to_image()))


@ALL
def test_notebooks_show_it(name):
    thing = EVERY[name]
    with Image.open(io.BytesIO(thing._repr_png_())) as image:
        assert image.format == "PNG"
        assert image.size == thing.to_image().size
    page = Page(thing._repr_html_())
    assert page.tags
    assert thing.to_html() == thing._repr_html_()


@ALL
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp"])
def test_saved_as_a_picture_at_full_size(name, suffix, tmp_path):
    path = EVERY[name].save(tmp_path / f"猫 a b{suffix}")
    assert path == tmp_path / f"猫 a b{suffix}"
    with Image.open(path) as image:
        assert image.size == EVERY[name].to_image().size
        if suffix == ".png":
            np.testing.assert_array_equal(np.asarray(image), np.asarray(EVERY[name].to_image()))


@ALL
def test_a_png_knows_where_it_comes_from(name, tmp_path):
    path = EVERY[name].with_provenance(code="cutaway.layers(…)").save(tmp_path / "a.png")
    assert read(path) == {**ORIGIN, "code": "cutaway.layers(…)"}
    with Image.open(path) as image:
        assert image.text["Software"] == "cutaway"


@ALL
def test_saved_numbers_are_the_raw_ones(name, tmp_path):
    thing = EVERY[name]
    with np.load(thing.save(tmp_path / "a.npz"), allow_pickle=False) as kept:
        assert json.loads(str(kept["provenance"])) == ORIGIN
        if thing.values.dtype != object:
            np.testing.assert_array_equal(kept["values"], thing.values)
            assert kept["values"].dtype == thing.values.dtype
        elif not isinstance(thing, Album):
            for k, one in enumerate(thing.values):
                np.testing.assert_array_equal(kept[f"values_{k}"], one)
        if thing.names:
            assert tuple(kept["names"].tolist()) == thing.names
            assert len(thing.names) == len(thing.values)


@ALL
def test_a_page_is_one_file_that_asks_for_nothing(name, tmp_path):
    text = EVERY[name].save(tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not re.search(r"(https?:)?//\w", re.sub(r"base64,[A-Za-z0-9+/=]+", "", text))
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "iframe", "object"} & set(names)
    for tag, attributes in page.tags:
        if tag == "img":
            assert attributes["src"].startswith("data:image/png;base64,")
            assert attributes["alt"]
            assert int(attributes["width"]) > 0
        assert not [name for name in attributes if name.startswith("on")]
    assert names.count("h1") + names.count("caption") <= 1 + names.count("table")
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    for needed in ("prefers-color-scheme: dark", "@page { size: A4", "@media print"):
        assert needed in text
    assert "é 猫" in page.words


@ALL
def test_an_svg_can_be_parsed(name, tmp_path):
    root = ElementTree.parse(EVERY[name].save(tmp_path / "a.svg")).getroot()
    width, height = EVERY[name].to_image().size
    assert (root.get("width"), root.get("height")) == (str(width), str(height))
    assert root.find("{http://www.w3.org/2000/svg}title").text == (EVERY[name].caption or None)


@ALL
@pytest.mark.parametrize("wrong", ["a.gif", "a", "a.PNG.bak", ".png"])
def test_another_ending_is_refused_with_those_there_are(name, wrong, tmp_path):
    with pytest.raises(BadSetting, match=re.escape(".png, .jpg")):
        EVERY[name].save(tmp_path / wrong)
    assert not list(tmp_path.iterdir())


def test_endings_in_capitals_are_the_same(tmp_path):
    assert photo().save(tmp_path / "A.PNG").exists()


def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadSetting, match="No space left on device"):
        photo().save(target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"):
        photo().save(tmp_path / "nowhere" / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(BadSetting, match="it is a folder"):
        photo().save(tmp_path / "b.png")
    with pytest.raises(BadSetting, match="cannot write"):
        photo().save(tmp_path / ("a" * 400 + ".png"))
    with pytest.raises(BadSetting, match="cannot write"):
        photo().save(f"{tmp_path}/a\0b.png")
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]


def test_a_picture_too_long_for_its_format(tmp_path):
    long = Picture(np.zeros((16_400, 1, 3), np.uint8))
    with pytest.raises(BadSetting, match="16383"):
        long.save(tmp_path / "a.webp")
    assert long.save(tmp_path / "a.jpg").exists()


def test_the_same_bytes_twice(tmp_path):
    for name, thing in each().items():
        for suffix in (".png", ".npz", ".html", ".svg"):
            first = thing.save(tmp_path / f"{name}-1{suffix}").read_bytes()
            assert each()[name].save(tmp_path / f"{name}-2{suffix}").read_bytes() == first, (name, suffix)


@ALL
def test_more_can_be_said_without_changing_the_first(name):
    thing = EVERY[name]
    other = thing.with_provenance(code="x", seed=8)
    assert type(other) is type(thing)
    assert (other.code(), other.provenance["seed"]) == ("x", 8)
    assert (thing.code(), thing.provenance["seed"]) == ("", 7)


def test_file_names_that_are_no_text(tmp_path):
    """A name may hold bytes that are no letters: Python keeps them as lone surrogates."""
    odd = os.fsdecode(b"caf\xe9.png")
    for suffix in (".png", ".html", ".svg", ".npz"):
        picture = photo(caption=odd, path=odd, provenance={"path": odd})
        picture.save(tmp_path / f"a{suffix}")
    assert read(tmp_path / "a.png") == {"path": odd}
    Table(("name",), ((odd,),), odd).save(tmp_path / "a.csv")


def test_shown_without_a_screen_it_says_where_it_is(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    photo().show()
    path = Path(capsys.readouterr().out.strip().rpartition(" ")[2])
    with Image.open(path) as image:
        assert image.size == (36, 24)
    path.unlink()


def test_a_file_object_is_no_path():
    save = inspect.unwrap(Picture.save)  # without the check of types, which people do not run
    with pytest.raises(
        BadSetting, match=r"a path, got BytesIO: the bytes of a PNG are what to_png\(\) gives"
    ):
        save(photo(), io.BytesIO())
