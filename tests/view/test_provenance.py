"""Where a picture comes from travels inside it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cutaway.errors import BadImage
from cutaway.view.provenance import as_json, in_short, png_bytes, read

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)
IMAGE = Image.new("RGB", (2, 2))


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_it_comes_back_as_it_went_in(provenance):
    assert read(io.BytesIO(png_bytes(IMAGE, provenance))) == provenance


def test_lone_surrogates_survive():
    assert read(io.BytesIO(png_bytes(IMAGE, {"path": "caf\udce9"}))) == {"path": "caf\udce9"}
    assert as_json({"path": "caf\udce9"}).encode("utf-8")


def test_things_that_json_lacks_are_told_as_text(tmp_path):
    assert read(io.BytesIO(png_bytes(IMAGE, {"path": tmp_path}))) == {"path": str(tmp_path)}


def test_another_programs_png_has_none(tmp_path):
    IMAGE.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png") == {}


@pytest.mark.parametrize("data", [b"", b"not a picture", png_bytes(IMAGE, {"a": 1})[:-30]])
def test_what_is_no_png_is_refused(data, tmp_path):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(BadImage, match=r"a\.png"):
        read(tmp_path / "a.png")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BadImage, match="No such file"):
        read(tmp_path / "a.png")


def test_in_short():
    assert in_short({}) == ""
    assert (
        in_short({"network": "vgg16", "layer": ["a", "b"], "weights": "abcdef0123456789"})
        == "vgg16 · weights abcdef01"
    )
