"""The one way in for pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.images.array import image_of_array
from cutaway.images.decode import decode
from cutaway.images.develop import develop, reduced
from cutaway.images.formats import FORMATS, allowed_formats
from cutaway.images.limits import MAX_PIXELS, check_limits, check_pixels
from cutaway.images.names import shown
from cutaway.images.plainly import plainly
from cutaway.images.source import ByteSource, open_source
from cutaway.view.picture import Picture

__all__ = ["Source", "read", "read_all"]

Source: TypeAlias = ByteSource | Shaped[np.ndarray, "*shape"] | Image.Image | Picture


def read(
    source: Source,
    *,
    formats: Iterable[str] = FORMATS,
    max_pixels: int | float = MAX_PIXELS,
    largest_side: int | None = None,
    allow_url: bool = False,
) -> Picture:
    """Read a photo from anywhere, upright, in 8-bit sRGB.

    The EXIF orientation is applied, wide-gamut and CMYK colours go through their ICC profile, 16-bit values
    are divided by 257, transparency is laid over white, float and 32-bit TIFFs are shown by their range, and
    of an animation or a many-page file the first frame is taken. What was lost or guessed on the way is in
    the picture's `notes`.

    Args:
        source: a path, "-" for standard input, bytes, a binary file object, a NumPy array, a PIL image, a
            Picture (given back as it is), or, with `allow_url`, an http or https address.
        formats: names of the formats that may be opened, out of FORMATS. They are told by the content, never
            by the file name.
        max_pixels: pixels that a picture may have; more are refused before memory is taken for them.
        largest_side: the pixels that the longer side may have. A larger picture is reduced to exactly that, a
            smaller one stays as it is. Huge JPEGs are decoded small at once, many times faster.
        allow_url: whether an address may be fetched.

    Returns:
        A Picture; its `path` is set where the source was a file.

    Raises:
        BadImage: for whatever cannot be read, with the reason in words; never any other exception.
        BadSetting: when a setting is outside what is allowed.

    >>> read(np.array([[0, 65535]], np.uint16)).pixels[0].tolist()
    [[0, 0, 0], [255, 255, 255]]
    >>> read("no such photo.jpg")
    Traceback (most recent call last):
    cutaway.errors.BadImage: no such photo.jpg: there is no such file
    """
    names = allowed_formats(formats)
    check_limits(max_pixels, largest_side)
    if isinstance(source, Picture):
        return _smaller(source, largest_side)
    if isinstance(source, np.ndarray):
        return _of_image(image_of_array(source), "the given array", max_pixels, largest_side)
    if isinstance(source, Image.Image):
        name = getattr(source, "filename", "")
        name = shown(name) if isinstance(name, str) and name else "the given PIL image"
        return _of_image(source, name, max_pixels, largest_side)
    with open_source(source, allow_url=allow_url) as opened:
        decoded = decode(opened, formats=names, max_pixels=max_pixels, largest_side=largest_side)
        with plainly(opened.name, decoded.image.format or "picture"):
            pixels, notes = develop(decoded.image, largest_side, decoded.extent)
        return Picture(pixels, path=opened.path, notes=decoded.notes + notes)


def read_all(photos: Source | Iterable[Source]) -> list[Picture]:
    """Read one photo, or several: whatever `read` takes, alone or in a list.

    Raises:
        BadSetting: for an empty list.
        BadImage: for the first that cannot be read.

    >>> len(read_all(np.zeros((2, 2), np.uint8))), len(read_all([np.zeros((2, 2), np.uint8)] * 3))
    (1, 3)
    """
    alone = isinstance(photos, Picture | str | os.PathLike | bytes | np.ndarray | Image.Image)
    several: list[Any] = [photos] if alone or not isinstance(photos, Iterable) else list(photos)
    if not several:
        raise BadSetting("there must be at least one photo, got none")
    return [read(photo) for photo in several]


def _of_image(image: Image.Image, name: str, max_pixels: int | float, largest_side: int | None) -> Picture:
    check_pixels(name, (image.height, image.width), max_pixels)
    with plainly(name, image.format or "picture"):
        pixels, notes = develop(image, largest_side)
    return Picture(pixels, notes=notes)


def _smaller(picture: Picture, largest_side: int | None) -> Picture:
    if largest_side is None or max(picture.size) <= largest_side:
        return picture
    pixels = np.asarray(reduced(Image.fromarray(picture.pixels), largest_side))
    return replace(picture, pixels=pixels, raw=None)
