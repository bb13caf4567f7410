"""Bombs and ceilings."""

from __future__ import annotations

import io
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import BadImage
from cutaway.images import MAX_PIXELS, read
from tests.images.samples import encoded, every_kind, python, scene, several
from tests.images.written import SIGNATURE, chunk, plain_tiff, png_bomb, png_header


def test_a_tiny_bomb_is_refused_before_memory_is_taken():
    """With room for a few million pixels only, the ceiling answers, not the lack of memory."""
    pytest.importorskip("resource", reason="memory cannot be limited here")
    script = """
        import resource, sys
        from cutaway.errors import BadImage
        from cutaway.images import read
        bomb = sys.stdin.buffer.read()
        pages = int(open("/proc/self/statm").read().split()[0])
        room = pages * resource.getpagesize() + 40_000_000
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        try:
            read(bomb)
        except BadImage as refused:
            print(refused)
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("the memory in use is read from /proc")
    for side, words in (
        (13_000, "it claims 13000 × 13000 pixels in only"),
        (40_000, "1600 megapixels, and 300"),
    ):
        bomb = png_bomb(side, side)
        assert len(bomb) < 250_000
        done = python(script, input=bomb)
        assert words in done.stdout.decode(), done.stderr.decode()


def header_only(kind: str, h: int, w: int) -> bytes:
    """A file that claims a size and has next to nothing behind it."""
    if kind == "PNG":
        return SIGNATURE + png_header(h, w, 8, 2) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    if kind == "PPM":
        return b"P6 %d %d 255\n" % (w, h)
    if kind == "GIF":
        data = bytearray(encoded(Image.new("L", (1, 1)), "GIF"))
        data[6:10] = w.to_bytes(2, "little") + h.to_bytes(2, "little")
        return bytes(data)
    if kind == "BMP":
        data = bytearray(encoded(Image.new("RGB", (1, 1)), "BMP"))
        data[18:26] = w.to_bytes(4, "little") + h.to_bytes(4, "little")
        return bytes(data)
    if kind == "JPEG":
        data = bytearray(encoded(Image.new("L", (8, 8)), "JPEG"))
        place = data.index(b"\xff\xc0")
        data[place + 5 : place + 9] = h.to_bytes(2, "big") + w.to_bytes(2, "big")
        return bytes(data)
    if kind == "TIFF":
        data = bytearray(plain_tiff(np.zeros((1, 1, 3), np.uint8)))
        data[10 + 8 : 10 + 12] = w.to_bytes(4, "little")
        data[22 + 8 : 22 + 12] = h.to_bytes(4, "little")
        data[10 + 2 : 10 + 4] = data[22 + 2 : 22 + 4] = b"\4\0"
        return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "PPM", "GIF", "BMP", "JPEG", "TIFF"])
def test_the_ceiling_is_asked_before_decoding(kind):
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(BadImage, match=r"megapixels|more pixels"):
        read(header_only(kind, 16_000, 20_000))
    with pytest.raises(BadImage, match=r"megapixels|more pixels"):
        read(header_only(kind, 6_000, 8_000), max_pixels=25e6)
    with pytest.raises(BadImage, match="it claims 10000 × 9000 pixels in only"):
        read(header_only(kind, 9_000, 10_000))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("kind", sorted(every_kind()))
def test_every_kind_of_file_is_held_to_the_ceiling(kind):
    data = every_kind()[kind]
    h, w = read(data).size
    assert read(data, max_pixels=h * w).size == (h, w)
    with pytest.raises(BadImage, match="megapixels"):
        read(data, max_pixels=h * w - 1)


def test_a_frame_larger_than_the_picture_is_held_to_the_ceiling():
    data = bytearray(encoded(Image.new("L", (1, 1)), "GIF"))
    frame = data.index(b"\x2c", 13)
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(BadImage, match=r"megapixels|more pixels"):
        read(bytes(data))


@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_pillows_own_ceiling_does_not_hold_back_ours_and_is_left_as_found(kind, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read(encoded(scene(), kind)).size == (24, 40)
    assert read(encoded(scene(), "WEBP")).size == (24, 40)
    assert read(several("GIF")).size == (24, 40)
    assert Image.MAX_IMAGE_PIXELS == 100
    with pytest.raises(BadImage):
        read(encoded(scene(), kind), max_pixels=500)
    with pytest.raises(BadImage):
        read(encoded(scene(), kind)[:200])
    assert Image.MAX_IMAGE_PIXELS == 100


def test_no_ceiling_of_pillow_is_left_as_found(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(BadImage, match="megapixels"):
        read(header_only("PNG", 20_000, 20_000))
    assert Image.MAX_IMAGE_PIXELS is None


def test_many_threads_leave_pillows_ceiling_as_found(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data, sizes = encoded(scene(), "TIFF"), []
    threads = [threading.Thread(target=lambda: sizes.append(read(data).size)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [(24, 40)] * 8
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_blank_page_is_no_bomb():
    assert read(png_bomb(7_000, 5_000)).size == (7_000, 5_000)


def test_a_jpeg_with_endless_scans_is_refused():
    """The last scan of a progressive JPEG a hundred times over: each would be decoded over all pixels."""
    data = encoded(scene(1000, 1100), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert read(data).size == (1000, 1100)
    with pytest.raises(BadImage, match="scans, to keep the decoder busy"):
        read(data[:last] + data[last:-2] * 120 + data[-2:])


def test_the_default_ceiling():
    assert MAX_PIXELS == 300_000_000
    with pytest.raises(BadImage, match="20000 × 15001 is 300 megapixels, and 300 are allowed"):
        read(io.BytesIO(header_only("PNG", 15_001, 20_000)))
