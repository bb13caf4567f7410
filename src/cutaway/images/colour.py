"""Any colour space to sRGB: embedded ICC profiles, CMYK, gray, Lab."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from cutaway.images.names import shown

__all__ = ["to_srgb"]

_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}
_MAX_PROFILE_BYTES = 16 * 2**20
_SAME = 2  # levels out of 255: a profile that changes no colour by more is sRGB under another name


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert an image without transparency to sRGB, through its ICC profile where it has a fitting one.

    Relative colorimetric with black point compensation (ICC.1:2022, annex D), as photo editors do.

    Args:
        image: an image of 8 bits a channel.
        profile: the bytes of its ICC profile, or None.

    Returns:
        The image in mode RGB, or L where it has no colour, and notes that say what was done.

    >>> to_srgb(Image.new("CMYK", (1, 1), (0, 255, 255, 0)), None)[0].getpixel((0, 0))
    (255, 0, 0)
    """
    if image.mode not in _SPACES:
        image = image.convert("RGB")
    if profile:
        conversion, note = _conversion(profile, image.mode)
        if conversion is not None:
            return conversion(image), (note,)
        if note:
            return _as_it_is(image), (note,)
    if image.mode == "CMYK":
        return _as_it_is(image), ("CMYK without a colour profile: colours are approximate",)
    return _as_it_is(image), ()


def _as_it_is(image: Image.Image) -> Image.Image:
    # Pillow copies even where there is nothing to convert, and gray takes a quarter of the memory of RGB.
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


@lru_cache(maxsize=8)  # the photos of one camera share one profile
def _conversion(profile: bytes, mode: str) -> tuple[Callable[[Image.Image], Image.Image] | None, str]:
    """Give the way from a profile to sRGB (None: leave the colours as they are) and what to say about it."""
    if len(profile) > _MAX_PROFILE_BYTES:
        return None, "colour profile ignored: too large"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = shown(str(source.profile.profile_description or "unnamed").strip())[:60]
        space = source.profile.xcolor_space.strip()
        if space != _SPACES[mode]:
            return None, f"colour profile ignored: it is for {shown(space)}, the picture is {_SPACES[mode]}"
        conversion = _gray_conversion(source) if mode == "L" else _transform(source, mode).apply
        if _changes_nothing(conversion, mode):
            return None, ""
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None, "colour profile ignored: damaged"
    return conversion, f"colours converted from {name} to sRGB"


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":  # the short cuts that are taken otherwise are 10 levels off in the dark tones
        flags |= ImageCms.Flags.NOOPTIMIZE
    srgb = ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(source, srgb, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)


def _gray_conversion(source: ImageCms.ImageCmsProfile) -> Callable[[Image.Image], Image.Image]:
    """Convert the 256 grays once, and look them up from then on."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    table = np.asarray(_transform(source, "L").apply(ramp))[0].T.ravel().tolist()
    return lambda image: image.convert("RGB").point(table)


def _changes_nothing(conversion: Callable[[Image.Image], Image.Image], mode: str) -> bool:
    if mode not in ("L", "RGB"):
        return False
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    if mode == "L":
        probe = Image.fromarray(levels[None, :])
    else:
        probe = Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3))
    before = np.asarray(probe.convert("RGB")).astype(int)
    after = np.asarray(conversion(probe)).astype(int)
    return bool(np.abs(after - before).max() <= _SAME)
