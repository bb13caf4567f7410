"""Tables: as text, as a page, as numbers."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.errors import BadSetting
from cutaway.view.table import Table
from tests.view.samples import Page

TABLE = Table(
    ("#", "layer", "parameters", "kernel", "share", "used"),
    ((0, "conv1", 1792, "3", 0.123456, True), (1, "fire6.expand1x1", 1_234_567, "", 2e-7, False)),
    "Two layers",
    ("A note.",),
)


def test_as_text_columns_stand_below_each_other():
    lines = TABLE.to_text().split("\n")
    assert lines[:2] == ["Two layers", ""]
    assert lines[2:6] == [
        "#  layer            parameters  kernel   share  used",
        "─  ───────────────  ──────────  ──────  ──────  ────",
        "0  conv1                 1,792  3       0.1235  yes",
        "1  fire6.expand1x1   1,234,567           2e-07  no",
    ]
    assert lines[-1] == "• A note."
    assert repr(TABLE) == TABLE.to_text()


CELLS = st.one_of(
    st.integers(-(10**9), 10**9), st.floats(allow_nan=False), st.text("abc ×é", max_size=9), st.booleans()
)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6))
def test_any_cells_make_text_and_numbers(rows):
    table = Table(("one", "two"), tuple(rows))
    assert len(table.to_text().split("\n")) == len(rows) + 2
    assert table.values.shape == (len(rows), 2)
    for row, numbers in zip(rows, table.values, strict=True):
        for cell, value in zip(row, numbers, strict=True):
            words = isinstance(cell, str | bool)
            assert np.isnan(value) if words else value == cell
    assert [tuple(record.values()) for record in table] == rows
    assert len(table) == len(rows)


@given(st.integers(0, 90))
def test_made_to_fit_a_terminal(width):
    """Words are shortened, numbers and headings never."""
    lines = TABLE.to_text(width).split("\n")[2:-2]
    assert max(map(len, lines)) <= max(width, 47)
    assert lines[3].startswith("1  fire")
    assert "1,234,567" in lines[3]
    assert lines[0].split() == list(TABLE.columns)


def test_chinese_letters_take_two_columns():
    rows = Table(("name", "n"), (("猫", 1), ("cat", 2))).to_text().split("\n")
    assert rows[2:] == ["猫    1", "cat   2"]


def test_as_a_page_it_is_a_real_table():
    page = Page(TABLE.to_html())
    names = [tag for tag, _ in page.tags]
    assert names.count("tr") == 3
    assert names.count("td") == 12
    assert [a.get("scope") for tag, a in page.tags if tag == "th"] == ["col"] * 6
    assert [a.get("class", "") for tag, a in page.tags if tag == "td"][:6] == [
        "number",
        "",
        "number",
        "",
        "number",
        "",
    ]
    assert "Two layers" in page.words
    assert "A note." in page.words


def test_csv_is_exact(tmp_path):
    with TABLE.save(tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(TABLE.columns)
    assert rows[2] == ["1", "fire6.expand1x1", "1234567", "", "2e-07", "False"]
    assert TABLE.save(tmp_path / "a.txt").read_text(encoding="utf-8") == TABLE.to_text() + "\n"


def test_cells_are_escaped():
    text = Table(("<b>",), (("<script>",),), "<i>", ("<u>",)).to_html()
    assert not [word for word in ("<b>", "<script>", "<i>", "<u>") if word in text]


def test_drawn_it_grows_with_its_rows():
    one, many = (Table(("a", "b"), (("x", 1),) * n, "T").to_image() for n in (1, 60))
    assert many.width == one.width
    assert many.height - one.height == 59 * 24


def test_an_empty_table_is_drawn():
    empty = Table(("a", "b"), ())
    assert empty.values.shape == (0, 2)
    assert empty.to_image().width > 0


def test_a_row_of_another_length_is_refused():
    with pytest.raises(BadSetting, match="1 cells for 2 columns"):
        Table(("a", "b"), (("x",),))
