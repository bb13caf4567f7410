"""Small pictures and files to read, made here so that what they must look like is known."""

from __future__ import annotations

import functools
import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
from PIL import Image

import cutaway
from tests.images.profiles import display_p3


def scene(h: int = 24, w: int = 40) -> np.ndarray:
    """A picture (h, w, 3) that looks different however it is turned or mirrored, smooth enough for JPEG."""
    y, x = np.mgrid[0:h, 0:w]
    red = 255 * x / (w - 1)
    green = 255 * y / (h - 1)
    blue = 255 * np.hypot(y / (h - 1), x / (w - 1)) / np.sqrt(2)
    return np.stack([red, green, blue], axis=-1).round().astype(np.uint8)


def encoded(image: Image.Image | np.ndarray, kind: str, **settings: object) -> bytes:
    """The bytes of a file."""
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    held = io.BytesIO()
    image.save(held, kind, **settings)
    return held.getvalue()


def python(script: str, *arguments: str, **settings: object) -> subprocess.CompletedProcess[bytes]:
    """Run a script in a Python of its own, in which types are not checked."""
    around = {**os.environ, "PYTHONPATH": str(Path(cutaway.__file__).parents[1])}
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, env=around, capture_output=True, timeout=60, **settings)


def exif(orientation: int) -> bytes:
    """An EXIF block that says only how the photo was held."""
    block = Image.Exif()
    block[274] = orientation
    return block.tobytes()


def frames(count: int, mode: str = "RGB") -> list[Image.Image]:
    """Pictures that differ: each darker than the one before."""
    return [Image.fromarray((scene() * (1 - i / count)).astype(np.uint8)).convert(mode) for i in range(count)]


def several(kind: str, count: int = 3, **settings: object) -> bytes:
    """A file with several frames."""
    first, *more = frames(count)
    return encoded(first, kind, save_all=True, append_images=more, **settings)


@functools.cache
def every_kind() -> dict[str, bytes]:
    """One valid small file of each kind that is read, with the blocks that need parsing."""
    photo = Image.fromarray(scene())
    clear = photo.convert("RGBA")
    clear.putalpha(photo.convert("L"))
    sixteen = scene()[..., 0].astype(np.uint16) * 257
    real = (scene()[..., 0] / 255).astype(np.float32)
    notes = {"exif": exif(6), "icc_profile": display_p3()}
    palette = photo.quantize(16)
    palette.info["transparency"] = 3
    return {
        "jpeg": encoded(photo, "JPEG", **notes),
        "jpeg progressive": encoded(photo, "JPEG", progressive=True),
        "jpeg cmyk": encoded(photo.convert("CMYK"), "JPEG"),
        "jpeg gray": encoded(photo.convert("L"), "JPEG"),
        "png": encoded(photo, "PNG", **notes),
        "png alpha": encoded(clear, "PNG"),
        "png palette": encoded(palette, "PNG"),
        "png 16": encoded(sixteen, "PNG"),
        "png 1": encoded(photo.convert("1"), "PNG"),
        "apng": several("PNG"),
        "webp": encoded(photo, "WEBP", **notes),
        "webp lossless alpha": encoded(clear, "WEBP", lossless=True),
        "webp animated": several("WEBP"),
        "gif": encoded(palette, "GIF"),
        "gif animated": several("GIF"),
        "bmp": encoded(photo, "BMP"),
        "bmp palette": encoded(photo.quantize(16), "BMP"),
        "tiff": encoded(photo, "TIFF", exif=exif(6), icc_profile=display_p3()),
        "tiff lzw": encoded(photo, "TIFF", compression="tiff_lzw"),
        "tiff deflate pages": several("TIFF", compression="tiff_adobe_deflate"),
        "tiff jpeg": encoded(photo, "TIFF", compression="jpeg"),
        "tiff fax": encoded(photo.convert("1"), "TIFF", compression="group4"),
        "tiff 16": encoded(sixteen, "TIFF"),
        "tiff float": encoded(real, "TIFF"),
        "tiff lab": encoded(Image.new("LAB", (9, 7), (200, 120, 140)), "TIFF"),
        "ppm": encoded(photo, "PPM"),
        "ppm plain": b"P3 3 2 255\n" + b" ".join(b"%d" % (i * 14) for i in range(18)),
        "pgm 16": encoded(sixteen, "PPM"),
        "pbm": encoded(photo.convert("1"), "PPM"),
        "pfm": encoded(real, "PPM"),
        "avif": encoded(photo, "AVIF", exif=exif(6), speed=10),
        "avif animated": several("AVIF", speed=10),
        "mpo": several("MPO"),
    }
