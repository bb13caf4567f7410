"""Words in pictures fit their place, and say what was written."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cutaway.view.numerals import stamp
from cutaway.view.text import cut, draw_text, printable, text_width, wrapped

WORDS = st.text("abc 1·x … Ωé_/", max_size=40)
SIZES = st.sampled_from([11, 13, 16, 24])


@given(st.text(max_size=30))
def test_any_text_can_be_printed_on_one_line(text):
    shown = printable(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert text_width(text, 13) >= 0


@given(WORDS, SIZES, st.integers(30, 300), st.booleans())
def test_wrapped_lines_fit_and_lose_nothing(text, size, width, strong):
    lines = wrapped(text, size, width, strong=strong)
    assert all(text_width(line, size, strong=strong) <= width for line in lines)

    def letters(words: str) -> str:
        return "".join(unicodedata.normalize("NFC", words).split())

    assert letters("".join(lines)) == letters(text)


@given(WORDS, SIZES, st.integers(20, 300))
def test_cut_lines_fit(text, size, width):
    short = cut(text, size, width)
    assert text_width(short, size) <= width
    assert short == text or short.endswith("…")


def test_a_scale_is_not_broken():
    assert any("−1.7\u00a0…\u00a013.6" in line for line in wrapped("cell scale −1.7 … 13.6", 13, 90))


def test_own_line_breaks_stay():
    assert wrapped("one\ntwo", 13, 500) == ["one", "two"]


def test_names_of_layers_are_drawn_letter_by_letter():
    """A typeface that turns the x of 1x1 into a multiplication sign would change a name."""

    def drawn(text: str) -> np.ndarray:
        image = Image.new("RGB", (200, 40), "white")
        draw_text(ImageDraw.Draw(image), (4, 4), text, 24)
        return np.asarray(image)

    assert (drawn("1x1") != drawn("1×1")).any()
    assert (drawn("abc") < 128).any()


def test_accents_that_follow_their_letter():
    assert printable("cafe\u0301") == "café"


@pytest.mark.parametrize(("anchor", "from_", "to"), [("l", 100, 200), ("r", 0, 101), ("m", 50, 151)])
def test_anchors(anchor, from_, to):
    image = Image.new("RGB", (200, 30), "white")
    draw_text(ImageDraw.Draw(image), (100, 4), "width", 16, anchor=anchor)
    columns = np.nonzero((np.asarray(image) < 200).any((0, 2)))[0]
    assert from_ <= columns[0] <= columns[-1] < to


@given(st.text("0123456789", min_size=1, max_size=6), st.integers(0, 19), st.integers(0, 39))
def test_stamped_numbers_stay_on_the_sheet(text, y, x):
    sheet = np.full((20, 40, 3), 255, np.uint8)
    stamp(sheet, y, x, text, 11)
    assert (sheet[:y] == 255).all()
    assert (sheet[:, :x] == 255).all()
