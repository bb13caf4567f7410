"""Small ICC profiles, written from the specification (ICC.1:2022), whose effect can be worked out by hand."""

from __future__ import annotations

import struct

import numpy as np

# Columns: where red, green and blue of Display P3 lie in XYZ, adapted to D50.
P3_TO_XYZ = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0010, 0.0419, 0.7841]])
SRGB_TO_XYZ = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: np.ndarray | tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(float(value)) for value in values)


def _text(words: str) -> bytes:
    held = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(held), 28) + held


def _curve(gamma: float | None) -> bytes:
    """A tone curve: a power, or the one of sRGB."""
    if gamma is not None:
        return b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + _fixed(gamma)
    steps = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, steps))


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {**tags, b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"cprt": _text("made for a test")}
    place = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, place + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", place + len(body), b"\0" * 4, 0x04400000, kind, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += _fixed(0.9642) + _fixed(1.0) + _fixed(0.8249)
    return head.ljust(128, b"\0") + table + body


def display_p3() -> bytes:
    """The colours of Display P3, with the tone curve of sRGB."""
    return _rgb("Display P3", P3_TO_XYZ)


def srgb() -> bytes:
    """sRGB, by another name."""
    return _rgb("some camera", SRGB_TO_XYZ)


def _rgb(name: str, to_xyz: np.ndarray) -> bytes:
    curve = _curve(None)
    tags = {b"desc": _text(name), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    tags |= {tag: _xyz(to_xyz[:, i]) for i, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def gray(gamma: float) -> bytes:
    """Gray with a power for its tone curve."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"desc": _text("gray"), b"kTRC": _curve(gamma)})


def cmyk_by_lightness(lightest: float = 100.0) -> bytes:
    """A printer whose inks are all gray: L* falls by a quarter of 100 for each full ink, a* and b* stay 0."""
    ramp = bytes(range(256))
    nodes = b""
    for node in range(16):  # two grid points per ink; the last ink varies fastest
        lightness = lightest * (1 - bin(node).count("1") / 4)
        nodes += bytes((round(lightness * 2.55), 128, 128))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + b"".join(_fixed(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut += ramp * 4 + nodes + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"desc": _text("gray inks"), b"A2B0": lut, b"A2B1": lut})
