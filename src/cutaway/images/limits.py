"""How large a picture may be; checked on the header, before a decoder takes memory."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from cutaway.errors import BadImage, BadSetting

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "check_limits",
    "check_pixels",
    "check_scans",
    "check_sparse",
    "roomy_pillow",
]

MAX_PIXELS = 300_000_000
"""Pixels that a picture may have unless `read` is told otherwise."""

MAX_BYTES = 2 * 2**30
"""Size that a picture file may have."""

# A blank RGB PNG has 344 pixels a byte, a flat JPEG 170. Only blank or hostile files hold more than a
# thousand, and below 50 megapixels even those are harmless (a blank scanned page, say).
_SPARSE_PIXELS = 50_000_000
_SPARSE_PIXELS_PER_BYTE = 1000

# A progressive JPEG may go over all its pixels once per scan; encoders write about ten scans.
_MAX_SCANS = 100

_one_at_a_time = threading.Lock()


def check_limits(max_pixels: int | float, largest_side: int | None) -> None:
    """Refuse ceilings that no picture could meet.

    Raises:
        BadSetting: when a ceiling is below one pixel.
    """
    if not max_pixels >= 1:
        raise BadSetting(f"max_pixels is {max_pixels}. Allowed: 1 or more, such as 300e6")
    if largest_side is not None and largest_side < 1:
        raise BadSetting(f"largest_side is {largest_side}. Allowed: a number of pixels, 1 or more, or None")


def check_pixels(name: str, size: tuple[int, int], max_pixels: int | float) -> None:
    """Refuse a picture with no pixels or with too many.

    Args:
        name: what the picture is called in the error.
        size: (h, w).
        max_pixels: the ceiling.

    Raises:
        BadImage: when h·w is 0 or above the ceiling.

    >>> check_pixels("wall.png", (30_000, 20_000), 300e6)
    Traceback (most recent call last):
    cutaway.errors.BadImage: wall.png: 20000 × 30000 is 600 megapixels, and 300 are allowed: \
reduce the picture, or raise max_pixels
    """
    height, width = size
    if height < 1 or width < 1:
        raise BadImage(name, f"it has no pixels ({width} × {height})")
    if height * width > max_pixels:
        reason = f"{width} × {height} is {height * width / 1e6:.4g} megapixels"
        allowed = f"{max_pixels / 1e6:.4g} are allowed: reduce the picture, or raise max_pixels"
        raise BadImage(name, f"{reason}, and {allowed}")


def check_sparse(name: str, size: tuple[int, int], byte_count: int) -> None:
    """Refuse a decompression bomb: a file far too small for the pixels that it claims.

    Raises:
        BadImage: above 50 megapixels and 1000 pixels a byte.

    >>> check_sparse("bomb.png", (13_000, 13_000), 20_480)
    Traceback (most recent call last):
    cutaway.errors.BadImage: bomb.png: it claims 13000 × 13000 pixels in only 20 kB: it is blank, or made to \
exhaust memory
    """
    height, width = size
    if height * width > max(_SPARSE_PIXELS, _SPARSE_PIXELS_PER_BYTE * byte_count):
        claim = f"it claims {width} × {height} pixels in only {max(1, byte_count // 1024)} kB"
        raise BadImage(name, f"{claim}: it is blank, or made to exhaust memory")


def check_scans(name: str, size: tuple[int, int], stream: io.BufferedIOBase) -> None:
    """Refuse a JPEG whose many scans would keep the decoder busy for minutes; the stream's place is kept.

    Raises:
        BadImage: when there are more than 100 scans over more than a megapixel.
    """
    if size[0] * size[1] <= 1_000_000:
        return
    place = stream.tell()
    stream.seek(0)
    scans, last = 0, b""
    # In coded data a byte FF is always followed by 00 or a restart mark, so FF DA is the start of a scan.
    while block := stream.read(1 << 20):
        scans += (last + block).count(b"\xff\xda")
        last = block[-1:]
    stream.seek(place)
    if scans > _MAX_SCANS:
        raise BadImage(name, f"it has {scans} scans, to keep the decoder busy; a normal JPEG has about ten")


@contextmanager
def roomy_pillow(max_pixels: int | float) -> Iterator[None]:
    """Let Pillow itself go up to our ceiling, for one picture at a time; its own ceiling is put back.

    Some decoders ask Pillow's global ceiling (179 megapixels as it comes) in the middle of their work.
    """
    with _one_at_a_time:
        before = Image.MAX_IMAGE_PIXELS
        # Pillow refuses at twice this figure.
        Image.MAX_IMAGE_PIXELS = int(max_pixels / 2) + 1
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
