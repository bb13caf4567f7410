"""Which picture formats are opened, how their files are recognised, and what the refused ones are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from cutaway.errors import BadSetting

__all__ = ["FORMATS", "SUFFIXES", "allowed_formats", "opener", "recognise", "refusal"]

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "MPO")
"""The formats that are opened; every other one is refused before any decoder sees it."""

SUFFIXES: frozenset[str] = frozenset(
    f".{ending}"
    for ending in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "tif", "tiff", "avif"),
        *("ppm", "pgm", "pbm", "pnm", "pfm"),
    )
)
"""File name endings, in lower case, by which a photo is found in a folder."""

# Naming the decoders registers them and no other: nothing here can reach PDF, EPS, FITS or PSD code.
_DECODERS = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript (EPS) file"),
    (b"SIMPLE  =", "a FITS file"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"DDS ", "a DDS texture"),
    (b"v/1\x01", "an OpenEXR file"),
    (b"#?RADIANCE", "a Radiance HDR file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x93NUMPY", "a NumPy array file: load it with numpy.load and give the array"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"version https://git-lfs", "a Git LFS pointer, not the picture itself: run git lfs pull"),
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "a web page, not a picture"),
    (b"<html", "a web page, not a picture"),
    (b"<?xml", "an XML or SVG file"),
)

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


def allowed_formats(formats: Iterable[str]) -> tuple[str, ...]:
    """Check format names, whatever their case.

    Args:
        formats: names out of FORMATS; a single name may stand alone.

    Returns:
        The names in capitals.

    Raises:
        BadSetting: when a name is not in FORMATS, or there is none.

    >>> allowed_formats(["png", "Jpeg"])
    ('PNG', 'JPEG')
    """
    names = tuple(name.upper() for name in ([formats] if isinstance(formats, str) else formats))
    for name in names:
        if name not in FORMATS:
            raise BadSetting(f"formats has {name!r}. Allowed: {', '.join(FORMATS)}")
    if not names:
        raise BadSetting(f"formats is empty. Allowed: {', '.join(FORMATS)}")
    return names


def opener(name: str) -> Callable[[Any, str], Any]:
    """Give Pillow's own opener for a format, without the search through all the others."""
    return Image.OPEN[name][0]


def recognise(start: bytes) -> str | None:
    """Tell the format from the first bytes of a file; file names are never trusted.

    Args:
        start: at least 16 bytes, or the whole file where it is shorter.

    Returns:
        A name out of FORMATS ("JPEG" for MPO too: only its later bytes tell them apart), or None.

    >>> recognise(b"GIF89a rest of the file"), recognise(b"%PDF-1.7 rest of it")
    ('GIF', None)
    """
    if start[4:12] in (b"ftypmif1", b"ftypmsf1") and b"avif" not in start[12:64]:
        return None  # the same container as AVIF, holding HEIC
    for name, (_, accept) in Image.OPEN.items():
        # Pillow's tests answer True, False, None, or a text that says why not.
        if name in FORMATS and accept is not None and accept(start[:16]) is True:
            return name
    return None


def refusal(start: bytes, allowed: Iterable[str]) -> str:
    """Say in words what a file that is not opened seems to be, and what is opened.

    >>> refusal(b"%PDF-1.7", ["JPEG", "PNG"])
    'it is a PDF document. Allowed: JPEG, PNG'
    """
    lowered = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    what = "it is not a picture of any known kind"
    if start[4:8] == b"ftyp":
        what = "it is a video, or a picture of an unknown kind"
        if start[8:12] in _HEIF_BRANDS:
            what = "it is a HEIC photo: save it as JPEG first"
    for signature, words in _REFUSED:
        if start.startswith(signature) or lowered.startswith(signature.lower()):
            what = f"it is {words}"
            break
    return f"{what}. Allowed: {', '.join(allowed)}"
