"""Upright, over white, reduced: what every picture goes through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cutaway.images import read
from cutaway.images.develop import orientation, reduced, upright
from tests.images.samples import encoded, exif, scene

# How the camera wrote an upright scene, for each orientation (EXIF 2.32, table of tag 274), in plain NumPy.
WRITTEN = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_turned_photos_come_upright(kind, turn):
    finest = {
        "WEBP": {"lossless": True},
        "JPEG": {"quality": 95, "subsampling": 0},
        "AVIF": {"quality": 95},
    }
    held = np.ascontiguousarray(WRITTEN[turn](scene()))
    picture = read(encoded(held, kind, exif=exif(turn), **finest.get(kind, {})))
    assert picture.size == (24, 40)
    difference = np.abs(picture.pixels.astype(int) - scene())
    assert difference.mean() < (2 if kind in ("JPEG", "AVIF") else 1e-9)


@pytest.mark.parametrize("turn", range(1, 9))
def test_compressed_tiff_comes_upright(turn):
    held = np.ascontiguousarray(WRITTEN[turn](scene()))
    tiff = encoded(held, "TIFF", compression="tiff_lzw", exif=exif(turn))
    np.testing.assert_array_equal(read(tiff).pixels, scene())


@pytest.mark.parametrize("turn", [6, 7])
def test_turned_and_reduced_at_once(turn):
    held = np.ascontiguousarray(WRITTEN[turn](scene(240, 400)))
    picture = read(encoded(held, "JPEG", exif=exif(turn), quality=95), largest_side=40)
    assert picture.size == (24, 40)
    assert np.abs(picture.pixels.astype(int) - scene(24, 40)).mean() < 6


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_a_damaged_note_about_orientation_is_passed_over(block):
    picture = read(encoded(scene(), "PNG", exif=b"Exif\0\0" + block))
    assert sorted(picture.size) == [24, 40]


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(value):
    np.testing.assert_array_equal(read(encoded(scene(), "PNG", exif=exif(value))).pixels, scene())


def test_orientation_of_an_open_image_is_applied_and_the_image_stays_as_it_was():
    image = Image.fromarray(np.ascontiguousarray(WRITTEN[6](scene())))
    image.getexif()[274] = 6
    assert orientation(image) == 6
    np.testing.assert_array_equal(read(image).pixels, scene())
    assert image.size == (24, 40)
    assert image.getexif()[274] == 6


def test_upright_twice_mirrored_is_the_same():
    image = Image.fromarray(scene())
    for turn in (1, 2, 3, 4, 5, 7):  # each is its own opposite
        assert upright(upright(image, turn), turn).tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "La", "RGBa"])
def test_transparency_is_laid_over_white(mode):
    solid = Image.new("RGBA", (3, 1), (0, 0, 0, 255))
    solid.putpixel((1, 0), (0, 0, 0, 0))
    solid.putpixel((2, 0), (0, 0, 0, 128))
    image = solid if mode == "RGBA" else solid.convert("LA") if mode == "LA" else None
    if mode == "PA":
        image = solid.convert("P").convert("PA")
        image.putalpha(solid.getchannel("A"))
    if mode in ("La", "RGBa"):
        image = solid.convert("LA" if mode == "La" else "RGBA").convert(mode)
    assert image.mode == mode
    picture = read(image)
    np.testing.assert_allclose(picture.pixels[0, :, 0], [0, 255, 127], atol=1)
    assert picture.notes == ("transparency laid over white",)


def test_an_opaque_alpha_channel_changes_nothing_and_is_not_noted():
    photo = Image.fromarray(scene())
    photo.putalpha(255)
    picture = read(encoded(photo, "PNG"))
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.notes == ()


@pytest.mark.parametrize("clear", [1, bytes([255, 0, 128])])
def test_palette_with_transparency(clear):
    image = Image.new("P", (3, 1))
    image.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200])
    image.putdata([0, 1, 2])
    pixels = read(encoded(image, "PNG", transparency=clear)).pixels[0]
    assert pixels[0].tolist() == [200, 0, 0]
    assert pixels[1].tolist() == [255, 255, 255]
    if isinstance(clear, bytes):  # the last entry is half clear
        np.testing.assert_allclose(pixels[2], [127, 127, 227], atol=1)
    else:
        assert pixels[2].tolist() == [0, 0, 200]


@pytest.mark.parametrize(("mode", "clear"), [("RGB", (255, 0, 0)), ("L", 76), ("1", 0)])
def test_one_colour_declared_transparent(mode, clear):
    image = Image.new("RGB", (2, 1), (255, 0, 0)).convert(mode)
    image.putpixel((0, 0), clear)
    image.putpixel((1, 0), (0, 0, 255) if mode == "RGB" else 255 if mode == "1" else 20)
    pixels = read(encoded(image, "PNG", transparency=clear)).pixels[0]
    assert pixels[0].tolist() == [255, 255, 255]
    assert pixels[1].tolist() == {"RGB": [0, 0, 255], "L": [20] * 3, "1": [255] * 3}[mode]


def test_one_bit_is_black_and_white():
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    for kind in ("PNG", "TIFF", "BMP", "PPM", "GIF"):
        assert read(encoded(image, kind)).pixels[0].tolist() == [[0] * 3, [255] * 3], kind


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 400))
def test_reduced_keeps_the_shape_and_never_enlarges(width, height, side):
    after = reduced(Image.new("L", (width, height)), side).size
    longest = max(width, height)
    assert max(after) == min(longest, side)
    share = min(1.0, side / longest)
    assert abs(after[0] - width * share) <= 1
    assert abs(after[1] - height * share) <= 1
