"""First frames, and files that are cut off or damaged."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import BadImage
from cutaway.images import read
from tests.images.samples import encoded, every_kind, scene, several
from tests.images.written import plain_tiff


@pytest.mark.parametrize(
    ("kind", "words", "settings"),
    [
        ("GIF", "frames", {}),
        ("WEBP", "frames", {"lossless": True}),
        ("PNG", "frames", {}),
        ("AVIF", "frames", {"speed": 10, "quality": 95}),
        ("TIFF", "pages", {}),
        ("TIFF", "pages", {"compression": "tiff_lzw"}),
        ("MPO", "pictures", {"quality": 95, "subsampling": 0}),
    ],
)
def test_the_first_frame_is_taken_and_noted(kind, words, settings):
    picture = read(several(kind, 4, **settings))
    assert picture.notes == (f"first of 4 {words}",)
    assert picture.size == (24, 40)
    limit = {"GIF": 12, "AVIF": 3, "MPO": 3}.get(kind, 1e-9)
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < limit


def test_one_frame_needs_no_note():
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF", "JPEG"):
        assert read(encoded(scene(), kind)).notes == (), kind


def test_a_damaged_later_frame_does_not_spoil_the_first():
    whole = several("GIF", 3)
    second = whole.index(b"\x00\x2c", whole.index(b"\x00\x2c") + 2)
    broken = whole[: second + 5]
    picture = read(broken)
    np.testing.assert_array_equal(picture.pixels, read(whole).pixels)
    assert "first of" in " ".join(picture.notes) or picture.notes == ()


def test_frames_of_a_transparent_animation_are_laid_over_white():
    first = Image.new("RGBA", (6, 4), (0, 0, 0, 0))
    first.paste((255, 0, 0, 255), (0, 0, 3, 4))
    second = Image.new("RGBA", (6, 4), (0, 255, 0, 255))
    for kind in ("GIF", "WEBP", "PNG"):
        settings = {"lossless": True} if kind == "WEBP" else {}
        if kind == "WEBP":  # its encoder leaves the transparency out unless some of it is partial
            first.putpixel((4, 3), (0, 0, 0, 128))
        picture = read(encoded(first, kind, save_all=True, append_images=[second], **settings))
        assert picture.pixels[0, 0].tolist() == [255, 0, 0], kind
        assert picture.pixels[0, 5].tolist() == [255, 255, 255], kind
        assert picture.notes == ("first of 2 frames", "transparency laid over white"), kind


@pytest.mark.parametrize("kind", sorted(every_kind()))
def test_a_file_cut_off_anywhere_is_a_picture_or_refused(kind):
    data = every_kind()[kind]
    whole = read(data).size
    for length in sorted({*range(0, min(len(data), 48)), *range(0, len(data), max(1, len(data) // 40))}):
        with contextlib.suppress(BadImage):
            assert read(data[:length]).size == whole


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "bmp", "tiff", "ppm"])
def test_half_a_file_is_refused_as_cut_off_or_damaged(kind):
    data = every_kind()[kind]
    with pytest.raises(BadImage, match=r"ends too early|is damaged"):
        read(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?><svg/>", "an XML or SVG file"),
        (b"<!DOCTYPE html><title>404", "a web page"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file"),
        (b"SIMPLE  =                    T", "a FITS file"),
        (b"version https://git-lfs.github.com/spec/v1", "run git lfs pull"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photo"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a HEIC photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isom", "a video"),
        (b"\0", "not a picture of any known kind"),
        (b"hello", "not a picture of any known kind"),
    ],
)
def test_other_files_are_named(start, words):
    with pytest.raises(BadImage, match=words) as refused:
        read(start)
    assert "Allowed: JPEG, PNG, WEBP, GIF, BMP, TIFF, PPM, AVIF, MPO" in refused.value.reason


def test_a_tiff_without_its_last_rows_is_refused():
    data = bytearray(plain_tiff(scene()))
    assert read(bytes(data)).size == (24, 40)
    data[30:32] = (25).to_bytes(2, "little")  # the height; the one strip still has 24 rows
    with pytest.raises(BadImage, match="holds 40 × 24 of its 40 × 25 pixels"):
        read(bytes(data))


def test_the_content_counts_and_not_the_name(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(scene(), "PNG"))
    np.testing.assert_array_equal(read(path).pixels, scene())
