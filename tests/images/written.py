"""Files that Pillow cannot write, put together from the specifications."""

from __future__ import annotations

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG (PNG 3, section 5.3)."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(h: int, w: int, bits: int, colour: int) -> bytes:
    """The first chunk of a PNG (section 11.2.1); colour 0 is gray, 2 is RGB."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, 0))


def plain_png(values: np.ndarray) -> bytes:
    """A PNG of RGB values (h, w, 3), 8 or 16 bits."""
    h, w, _ = values.shape
    rows = b"".join(b"\0" + row.astype(values.dtype.newbyteorder(">")).tobytes() for row in values)
    head = png_header(h, w, 8 * values.itemsize, 2)
    return SIGNATURE + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_bomb(h: int, w: int, bits: int = 1) -> bytes:
    """A valid gray PNG of zeros, as small as can be."""
    row = 1 + -(-w * bits // 8)
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(b"\0" * row) for _ in range(h)) + squeeze.flush()
    return SIGNATURE + png_header(h, w, bits, 0) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def plain_tiff(
    values: np.ndarray, photometric: int | None = None, width: int | None = None, bits: int | None = None
) -> bytes:
    """A TIFF (TIFF 6.0, section 2) of gray (h, w) or RGB (h, w, 3) values: one strip, not compressed."""
    h, w, *colours = values.shape
    count = colours[0] if colours else 1
    bits = bits or 8 * values.itemsize
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    behind = 8 + 2 + 12 * 10 + 4
    tags = [
        (256, 3, 1, width or w),
        (257, 3, 1, h),
        (258, 3, count, bits if count == 1 else behind),
        (259, 3, 1, 1),
        (262, 3, 1, photometric if photometric is not None else 1 if count == 1 else 2),
        (273, 4, 1, behind + 2 * count),
        (277, 3, 1, count),
        (278, 3, 1, h),
        (279, 4, 1, len(data)),
        (284, 3, 1, 1),
    ]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + b"\0\0\0\0"
    return head + struct.pack(f"<{count}H", *[bits] * count) + data
