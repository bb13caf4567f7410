"""Any page lists its files or nothing, and nothing makes reading it fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.network.zoo.project_page import files_on

NAMES = st.from_regex(r"[A-Za-z0-9_.+-]{1,30}", fullmatch=True)
LISTED = st.lists(st.tuples(NAMES, NAMES.map(lambda name: f"../f/{name}#sha256=00")))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["files", "filename", "url"]), inner),
)


@given(LISTED)
def test_html_and_json_tell_the_same(listed: list[tuple[str, str]]) -> None:
    html = "".join(f'<a href="{link}">\n{name} </a><br>' for name, link in listed)
    plain = json.dumps({"files": [{"filename": name, "url": link} for name, link in listed]})
    assert files_on(html.encode()) == listed
    assert files_on(plain.encode()) == listed


@given(ANY_JSON)
def test_other_json_lists_nothing_or_pairs_of_text(value: object) -> None:
    for found in files_on(json.dumps({"files": value}).encode()):
        assert [type(part) for part in found] == [str, str]


@given(st.binary() | st.binary().map(lambda more: b"{" + more))
def test_any_bytes_can_be_read(page: bytes) -> None:
    files_on(page)


@pytest.mark.parametrize(
    "page", [b"", b"{", b'{"a":' + b"[" * 100_000, b'{"files": {"a": 1}}', b"<a href>x</a>"], ids=range(5)
)
def test_what_is_no_page_lists_nothing(page: bytes) -> None:
    assert files_on(page) == []
