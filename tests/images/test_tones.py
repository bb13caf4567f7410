"""More than 8 bits a channel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from cutaway.images import read
from cutaway.images.tones import sixteen_to_eight, stretched
from tests.images.samples import encoded, scene
from tests.images.written import plain_png, plain_tiff


def ramp16() -> np.ndarray:
    return np.linspace(0, 65535, 600).round().astype(np.uint16).reshape(20, 30)


def test_sixteen_to_eight_is_exact_for_every_value():
    values = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(sixteen_to_eight(values), np.rint(values / 257))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bit_gray_keeps_its_tones(kind):
    picture = read(encoded(ramp16(), kind))
    np.testing.assert_array_equal(picture.pixels[..., 1], np.rint(ramp16() / 257))
    assert picture.notes == ("16-bit values reduced to 8 bits",)


def test_sixteen_bit_gray_tiff_in_the_other_byte_order():
    held = io.BytesIO()
    Image.frombytes("I;16B", (30, 20), ramp16().astype(">u2").tobytes()).save(held, "TIFF")
    assert held.getvalue()[:2] == b"MM"
    np.testing.assert_array_equal(read(held.getvalue()).pixels[..., 0], np.rint(ramp16() / 257))


@pytest.mark.parametrize("write", [plain_png, plain_tiff])
def test_sixteen_bit_colour_keeps_its_tones(write):
    values = scene().astype(np.uint16) * 257
    values[0][values[0] < 65000] += 100
    difference = np.abs(read(write(values)).pixels - values / 257)
    assert difference.max() <= 1  # Pillow keeps the upper byte, which is at most one level off
    assert difference[1:].max() <= 1e-6


def test_sixteen_bit_gray_png_with_a_transparent_value():
    values = np.array([[0, 30000, 65535]], np.uint16)
    image = Image.fromarray(values)
    pixels = read(encoded(image, "PNG", transparency=30000)).pixels
    assert pixels[0, :, 0].tolist() == [0, 255, 255]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_tiff_where_small_is_white(kind):
    values = np.array([[0, np.iinfo(kind).max]], kind)
    assert read(plain_tiff(values, photometric=0)).pixels[0, :, 0].tolist() == [255, 0]
    assert read(plain_tiff(values, photometric=1)).pixels[0, :, 0].tolist() == [0, 255]


def test_twelve_bit_tiff_is_scaled_by_its_own_range():
    packed = np.array([[0x00, 0x08, 0x00, 0xFF, 0xFF, 0xFF]], np.uint8)  # 0, 2048, 4095, 4095
    picture = read(plain_tiff(packed, photometric=1, width=4, bits=12))
    assert picture.pixels[0, :, 0].tolist() == [0, 128, 255, 255]
    assert picture.notes == ("12-bit values reduced to 8 bits",)


def test_float_tiff_in_0_to_1_is_taken_as_it_is():
    values = np.array([[0.25, 0.5, 0.75]], np.float32)
    picture = read(encoded(values, "TIFF"))
    assert picture.pixels[0, :, 0].tolist() == [64, 128, 191]
    assert picture.notes == ("values 0 … 1 shown from black to white",)


def test_float_tiff_of_another_range_is_stretched_and_says_so():
    picture = read(encoded(np.array([[-2.0, 1.0, 4.0]], np.float32), "TIFF"))
    assert picture.pixels[0, :, 0].tolist() == [0, 128, 255]
    assert picture.notes == ("values -2 … 4 shown from black to white",)


def test_float_tiff_with_nan_and_infinity():
    values = np.array([[0.0, np.nan, 1.0, np.inf, -np.inf]], np.float32)
    picture = read(encoded(values, "TIFF"))
    assert picture.pixels[0, :, 0].tolist() == [0, 0, 255, 0, 0]
    assert picture.notes == ("values 0 … 1 shown from black to white; 3 not finite, shown black",)


def test_float_tiff_of_nan_alone():
    picture = read(encoded(np.full((2, 2), np.nan, np.float32), "TIFF"))
    assert picture.pixels.max() == 0
    assert picture.notes == ("no finite value: shown black",)


def test_32_bit_integers_are_stretched():
    picture = read(encoded(np.array([[-(2**31), 0, 2**31 - 1]], np.int32), "TIFF"))
    assert picture.pixels[0, :, 0].tolist() == [0, 128, 255]
    assert "shown from black to white" in picture.notes[0]


@settings(deadline=None)
@given(
    st.sampled_from([np.float32, np.float64, np.int32]).flatmap(
        lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5))
    )
)
def test_stretched_takes_any_values(values):
    eight, note = stretched(values)
    assert eight.shape == values.shape
    finite = np.isfinite(values)
    assert not eight[~finite].any()
    if finite.any():
        assert "…" in note
        order = np.argsort(values[finite].astype(float), kind="stable")
        assert (np.diff(eight[finite][order].astype(int)) >= 0).all(), "larger values are never darker"
