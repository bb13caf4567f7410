"""From a decoded image of any mode to upright 8-bit sRGB pixels."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image

from cutaway.images.colour import to_srgb
from cutaway.images.tones import eight_bits

__all__ = ["develop", "orientation", "over_white", "reduced", "upright"]

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def develop(
    image: Image.Image, largest_side: int | None, extent: tuple[float, float] | None = None
) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[str, ...]]:
    """Turn a decoded image into upright 8-bit sRGB pixels on white, and say what that cost.

    Args:
        image: a decoded image of any mode; it is not changed.
        largest_side: the pixels that the longer side may have, or None for as many as there are.
        extent: (h, w) that the photo takes of the image, from its upper left corner, where it is not all.

    Returns:
        Pixels (h, w, 3) in 0..255, and notes on everything that was lost or guessed. Turning the photo
        upright loses nothing and is not noted.

    >>> develop(Image.new("RGBA", (1, 1), (0, 0, 0, 0)), None)
    (array([[[255, 255, 255]]], dtype=uint8), ('transparency laid over white',))
    """
    turn = orientation(image)
    profile = image.info.get("icc_profile")
    image, depth_notes = eight_bits(image)
    colour, alpha = _split(image)
    colour, colour_notes = to_srgb(colour, profile if isinstance(profile, bytes) else None)
    colour, alpha_notes = over_white(colour, alpha)
    colour = upright(reduced(colour, largest_side, extent), turn)
    return _pixels(colour), depth_notes + colour_notes + alpha_notes


def orientation(image: Image.Image) -> int:
    """Give the EXIF orientation, 1 to 8 (EXIF 2.32, tag 274); 1, upright, where it is missing or unreadable.

    >>> orientation(Image.new("L", (2, 2)))
    1
    """
    image.load()  # in PNG the note may come after the pixels
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged note about a photo is no reason to refuse the photo
        return 1
    return value if isinstance(value, int) and value in range(1, 9) else 1


def upright(image: Image.Image, turn: int) -> Image.Image:
    """Turn and mirror an image as its EXIF orientation says.

    >>> upright(Image.new("L", (4, 2)), 6).size
    (2, 4)
    """
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def over_white(colour: Image.Image, alpha: Image.Image | None) -> tuple[Image.Image, tuple[str, ...]]:
    """Lay a partly transparent image, L or RGB, over white; an opaque one is given back as it is.

    >>> over_white(Image.new("L", (1, 1), 0), Image.new("L", (1, 1), 0))[0].getpixel((0, 0))
    255
    """
    if alpha is None or alpha.getextrema() == (255, 255):
        return colour, ()
    white = Image.new(colour.mode, colour.size, "white")
    white.paste(colour, mask=alpha)
    return white, ("transparency laid over white",)


def reduced(
    image: Image.Image, largest_side: int | None, extent: tuple[float, float] | None = None
) -> Image.Image:
    """Reduce an image so that its longer side has `largest_side` pixels; never enlarge.

    Args:
        image: the image.
        largest_side: None for as it is.
        extent: (h, w) to take of it, from its upper left corner, in pixels and parts of them; None for all.

    >>> reduced(Image.new("RGB", (400, 100)), 200).size
    (200, 50)
    """
    height, width = extent or (image.height, image.width)
    longest = max(height, width)
    if largest_side is None or longest <= largest_side:
        return image
    share = largest_side / longest
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return image.resize(size, Image.Resampling.LANCZOS, (0, 0, width, height), reducing_gap=3.0)


def _pixels(image: Image.Image) -> UInt8[np.ndarray, "h w 3"]:
    """Copy the pixels out in bands: all at once, Pillow would hold them three times."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    # Cutting out a band asks Pillow's own ceiling, which may have been set very low.
    rows = max(1, min(1 << 20, Image.MAX_IMAGE_PIXELS or 1 << 20) // width)
    for top in range(0, height, rows):
        whole = rows >= height
        band = np.asarray(image if whole else image.crop((0, top, width, min(top + rows, height))))
        pixels[top : top + rows] = band if band.ndim == 3 else band[:, :, None]
    return pixels


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Part an 8-bit image into opaque colours and transparency."""
    if not image.has_transparency_data:
        return (image.convert("L") if image.mode == "1" else image), None
    if image.mode in ("1", "L", "LA", "La"):
        both = image.convert("LA")
        return both.getchannel("L"), both.getchannel("A")
    both = image.convert("RGBA")
    return both.convert("RGB"), both.getchannel("A")
