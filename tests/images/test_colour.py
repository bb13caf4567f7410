"""Colour spaces and profiles."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cutaway.images import read
from tests.images.profiles import P3_TO_XYZ, SRGB_TO_XYZ, cmyk_by_lightness, display_p3, gray, srgb
from tests.images.samples import encoded, scene


def to_linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def to_srgb_curve(values: np.ndarray) -> np.ndarray:
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def p3_to_srgb(pixels: np.ndarray) -> np.ndarray:
    linear = to_linear(pixels / 255)
    return 255 * to_srgb_curve(linear @ (np.linalg.inv(SRGB_TO_XYZ) @ P3_TO_XYZ).T)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_display_p3_is_converted_to_srgb(kind):
    settings = {"lossless": True} if kind == "WEBP" else {}
    picture = read(encoded(scene(), kind, icc_profile=display_p3(), **settings))
    expected = p3_to_srgb(scene())
    assert np.abs(expected - scene()).max() > 20, "the conversion is one that can be seen"
    np.testing.assert_allclose(picture.pixels, expected, atol=2)
    assert picture.notes == ("colours converted from Display P3 to sRGB",)


def test_display_p3_under_transparency():
    photo = Image.fromarray(scene())
    photo.putalpha(Image.fromarray(np.where(np.arange(40) < 20, 255, 0).astype(np.uint8)[None].repeat(24, 0)))
    pixels = read(encoded(photo, "PNG", icc_profile=display_p3())).pixels
    np.testing.assert_allclose(pixels[:, :20], p3_to_srgb(scene()[:, :20]), atol=2)
    assert (pixels[:, 20:] == 255).all()


def test_display_p3_in_a_palette():
    image = Image.new("P", (1, 1))
    image.putpalette([200, 100, 50])
    pixels = read(encoded(image, "PNG", icc_profile=display_p3())).pixels
    np.testing.assert_allclose(pixels, p3_to_srgb(np.array([[[200, 100, 50]]])), atol=2)


def test_srgb_by_any_name_leaves_every_pixel_as_it_is():
    picture = read(encoded(scene(), "PNG", icc_profile=srgb()))
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.notes == ()


def test_gray_goes_through_its_profile():
    ramp = np.arange(256, dtype=np.uint8)[None]
    picture = read(encoded(ramp, "PNG", icc_profile=gray(1.0)))
    np.testing.assert_allclose(picture.pixels[0, :, 1], 255 * to_srgb_curve(ramp[0] / 255), atol=2)
    assert (np.ptp(picture.pixels[0], axis=1) <= 1).all()


def test_sixteen_bit_gray_goes_through_its_profile():
    picture = read(encoded(np.full((1, 1), 32896, np.uint16), "PNG", icc_profile=gray(1.0)))
    np.testing.assert_allclose(picture.pixels, 188, atol=2)


def test_a_profile_for_another_kind_of_picture_is_ignored_and_noted():
    picture = read(encoded(scene(), "PNG", icc_profile=gray(2.2)))
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.notes == ("colour profile ignored: it is for GRAY, the picture is RGB",)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_a_damaged_profile_is_ignored_and_noted(profile):
    picture = read(encoded(scene(3, 4), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(picture.pixels, scene(3, 4))
    assert picture.notes == ("colour profile ignored: damaged",)


@settings(deadline=None)
@given(st.integers(0, len(display_p3()) - 1), st.integers(1, 255))
def test_a_profile_with_one_wrong_byte_never_stops_the_photo(place, change):
    profile = bytearray(display_p3())
    profile[place] ^= change
    assert read(encoded(scene(3, 4), "PNG", icc_profile=bytes(profile))).size == (3, 4)


INKS = [(0, 0, 0, 0), (0, 255, 255, 0), (255, 0, 255, 0), (0, 0, 0, 255), (0, 0, 0, 128)]
NAIVE = [(255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 0), (127, 127, 127)]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize(("inks", "colour"), list(zip(INKS, NAIVE, strict=True)))
def test_cmyk_without_a_profile(kind, inks, colour):
    settings = {"quality": 100} if kind == "JPEG" else {}
    data = encoded(Image.new("CMYK", (16, 16), inks), kind, **settings)
    picture = read(data)
    np.testing.assert_allclose(picture.pixels[8, 8], colour, atol=3)
    assert picture.notes == ("CMYK without a colour profile: colours are approximate",)


def test_cmyk_jpeg_is_stored_inverted_as_adobe_does():
    """White paper is stored as four times 255: what is read must be white all the same."""
    data = encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG")
    assert b"Adobe" in data
    raw = Image.open(io.BytesIO(data))
    raw.tile = [(name, box, at, ("CMYK", "")) for name, box, at, _ in raw.tile]  # without Pillow's inversion
    assert raw.getpixel((8, 8)) == (255, 255, 255, 255)
    assert (read(data).pixels == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_goes_through_its_profile(kind):
    """The profile's inks are gray, L* = 100, 75, 50, …, 0: red ink and yellow ink together give L* = 50."""
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), kind, icc_profile=cmyk_by_lightness())
    picture = read(data)
    luminance = ((50 + 16) / 116) ** 3
    np.testing.assert_allclose(picture.pixels[8, 8], 255 * to_srgb_curve(np.full(3, luminance)), atol=3)
    assert picture.notes == ("colours converted from gray inks to sRGB",)


def test_black_point_is_compensated():
    """Full ink on dark paper is the darkest that this printer can do: it is shown black."""
    data = encoded(Image.new("CMYK", (4, 4), (255,) * 4), "TIFF", icc_profile=cmyk_by_lightness(90))
    assert read(data).pixels.max() <= 3


def test_lab_is_converted():
    image = Image.new("LAB", (1, 1), (128, 128, 128))  # L* = 50, a* = b* = 0
    np.testing.assert_allclose(read(encoded(image, "TIFF")).pixels, 119, atol=3)


@pytest.mark.parametrize("mode", ["HSV", "YCbCr", "RGBX"])
def test_other_modes_of_open_images(mode):
    image = Image.fromarray(scene()).convert(mode)
    assert np.abs(read(image).pixels.astype(int) - scene()).mean() < 3
