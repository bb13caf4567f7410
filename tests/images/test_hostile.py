"""Whatever the bytes: a picture or BadImage, and nothing left changed behind."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cutaway.errors import BadImage
from cutaway.images import read
from tests.images.samples import every_kind

KINDS = every_kind()
STARTS = sorted({data[:n] for data in KINDS.values() for n in (2, 4, 12, 16)})

many = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def must_be_picture_or_refused(data: bytes) -> None:
    ceiling, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    try:
        picture = read(data, max_pixels=1e6)
    except BadImage as refused:
        line = str(refused)
    else:
        line = "a picture"
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels.shape == (*picture.size, 3)
        assert all(note.isprintable() for note in picture.notes)
    assert line.isprintable()
    assert ceiling == Image.MAX_IMAGE_PIXELS
    assert filters == list(warnings.filters)


@many
@given(st.binary(max_size=400))
def test_random_bytes(data):
    must_be_picture_or_refused(data)


@many
@given(st.sampled_from(STARTS), st.binary(max_size=400))
def test_random_bytes_behind_a_true_start(start, data):
    must_be_picture_or_refused(start + data)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(deadline=None, max_examples=15)
@given(st.data())
def test_flipped_bits(kind, data):
    held = bytearray(KINDS[kind])
    # Headers come first: half of the flips go there.
    place = st.one_of(st.integers(0, len(held) - 1), st.integers(0, min(len(held), 120) - 1))
    for at, bit in data.draw(st.lists(st.tuples(place, st.integers(0, 7)), min_size=1, max_size=6)):
        held[at] ^= 1 << bit
    must_be_picture_or_refused(bytes(held))


@many
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_pieces_left_out_put_in_or_doubled(kind, data):
    held = KINDS[kind]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(held)), st.integers(0, len(held)))))
    middle = data.draw(st.one_of(st.just(b""), st.just(held[start:end] * 2), st.binary(max_size=40)))
    must_be_picture_or_refused(held[:start] + middle + held[end:])


def test_nothing_is_printed(capfd):
    for name, data in KINDS.items():
        must_be_picture_or_refused(data)
        if "tiff" not in name:  # libtiff prints what it finds wrong with a file, and Pillow lets it
            for cut in (len(data) // 2, len(data) - 20):
                must_be_picture_or_refused(data[:cut])
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
