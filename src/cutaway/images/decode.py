"""From the bytes of a picture file to a decoded image, within limits."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageFile, JpegImagePlugin

from cutaway.errors import BadImage
from cutaway.images.formats import opener, recognise, refusal
from cutaway.images.limits import check_pixels, check_scans, check_sparse, roomy_pillow
from cutaway.images.plainly import plainly
from cutaway.images.source import OpenSource

__all__ = ["Decoded", "decode"]

_SNIFFED = 512
# Counting the frames of these walks through the whole file; beyond this size nobody wants to wait for it.
_COUNTED_BYTES = 20_000_000
# A JPEG is decoded at 1/8 in squares of 8 pixels: across a slim one that is coarse, and it is quick as it is.
_SLIM = 128
_FRAME_WORDS = {"TIFF": "pages", "MPO": "pictures"}


@dataclass(frozen=True)
class Decoded:
    """A decoded picture file.

    Args:
        image: loaded, in the file's own mode.
        extent: (h, w) that the photo takes of the image. A JPEG 1001 pixels high decoded at 1/8 has 126 rows,
            of which it takes 125.125.
        notes: what was left out.
    """

    image: Image.Image
    extent: tuple[float, float]
    notes: tuple[str, ...]


def decode(
    opened: OpenSource, *, formats: tuple[str, ...], max_pixels: int | float, largest_side: int | None
) -> Decoded:
    """Decode the first frame of a picture file.

    Args:
        opened: the bytes.
        formats: names of the formats that may be decoded.
        max_pixels: pixels that the header may claim.
        largest_side: a JPEG much larger than this is decoded at 1/2, 1/4 or 1/8 of its size, but never to
            less than twice this length, which leaves the last step to a better filter.

    Raises:
        BadImage: for any file that is refused, cut off or damaged.
    """
    start = opened.stream.read(_SNIFFED)
    kind = recognise(start)
    if kind is None:
        raise BadImage(opened.name, refusal(start, formats))
    with plainly(opened.name, kind):
        try:
            image, extent = _load(opened, kind, formats, max_pixels, largest_side)
        except Image.DecompressionBombError:
            # Pillow's own ceiling; ours may be higher.
            with roomy_pillow(max_pixels):
                image, extent = _load(opened, kind, formats, max_pixels, largest_side)
        # Some headers lie: the size is known for certain only now.
        check_pixels(opened.name, (image.height, image.width), max_pixels)
    return Decoded(image, extent, _frames_note(opened, image))


def _load(
    opened: OpenSource, kind: str, formats: tuple[str, ...], max_pixels: int | float, largest_side: int | None
) -> tuple[ImageFile.ImageFile, tuple[float, float]]:
    opened.stream.seek(0)
    image: ImageFile.ImageFile = opener(kind)(opened.stream, "")
    found = image.format or kind
    if found not in formats:
        raise BadImage(opened.name, f"it is a {found} file. Allowed here: {', '.join(formats)}")
    size = (image.height, image.width)
    check_pixels(opened.name, size, max_pixels)
    check_sparse(opened.name, size, opened.byte_count)
    drafted = None
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        check_scans(opened.name, size, opened.stream)
        if largest_side is not None and max(size) > 2 * largest_side and min(size) >= _SLIM:
            height, width = (max(1, side * 2 * largest_side // max(size)) for side in size)
            drafted = image.draft(None, (width, height))
    elif found == "TIFF":
        _check_strips(opened.name, image)
    image.load()
    # TIFF turns itself upright while it loads, so the size is asked again.
    extent = drafted[1][:1:-1] if drafted else (float(image.height), float(image.width))
    return image, extent


def _check_strips(name: str, image: ImageFile.ImageFile) -> None:
    """Refuse a TIFF that lacks strips or tiles: Pillow would fill the hole with black."""
    right = max((tile.extents[2] for tile in image.tile if tile.extents), default=0)
    bottom = max((tile.extents[3] for tile in image.tile if tile.extents), default=0)
    # The size is that of the photo turned upright, the strips are as they lie in the file.
    if any(held < side for held, side in zip(sorted((right, bottom)), sorted(image.size), strict=True)):
        raise BadImage(
            name, f"the TIFF file holds {right} × {bottom} of its {image.width} × {image.height} pixels"
        )


def _frames_note(opened: OpenSource, image: Image.Image) -> tuple[str, ...]:
    kind = image.format or ""
    words = _FRAME_WORDS.get(kind, "frames")
    try:
        with plainly(opened.name, kind):
            if kind in ("GIF", "TIFF"):
                # Counting moves to the last frame: on a second opening, so that the first one stays as it is.
                opened.stream.seek(0)
                image = opener(kind)(opened.stream, "")
                if getattr(image, "is_animated", False) and opened.byte_count > _COUNTED_BYTES:
                    return (f"first of several {words}",)
            count = getattr(image, "n_frames", 1)
    except BadImage:  # the first frame is whole, a later one is not
        return (f"first of several {words}; a later one is damaged",)
    return (f"first of {count} {words}",) if count > 1 else ()
