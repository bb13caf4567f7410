"""Where a picture comes from, kept inside its PNG file."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import Any

from PIL import Image, PngImagePlugin

from cutaway.errors import BadImage

__all__ = ["as_json", "in_short", "png_bytes", "read"]

_CHUNK = "cutaway"


def png_bytes(image: Image.Image, provenance: Mapping[str, Any]) -> bytes:
    r"""Encode a picture as PNG with its provenance as text inside.

    >>> png_bytes(Image.new("RGB", (2, 2)), {"layer": "conv1"})[:4]
    b'\x89PNG'
    """
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "cutaway")
    if provenance:
        text.add_itxt(_CHUNK, as_json(provenance))
    buffer = io.BytesIO()
    # Level 4 is half the time of the default for 2 % more bytes.
    image.save(buffer, "PNG", pnginfo=text, compress_level=4)
    return buffer.getvalue()


def read(path: str | os.PathLike[str] | io.BytesIO) -> dict[str, Any]:
    """Read a PNG's provenance back; empty for a picture that cutaway did not make.

    Raises:
        BadImage: for what is no PNG.

    >>> read(io.BytesIO(png_bytes(Image.new("RGB", (2, 2)), {"layer": "conv1"})))
    {'layer': 'conv1'}
    """
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else "the file"
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            text = getattr(image, "text", {}).get(_CHUNK)
        found = json.loads(text) if text else {}
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no PNG that can be read"
        raise BadImage(name, why) from error
    return found if isinstance(found, dict) else {}


def as_json(provenance: Mapping[str, Any], indent: int | None = None) -> str:
    """Write provenance as JSON; letters that no file could hold are escaped.

    >>> as_json({"layer": "conv1"})
    '{"layer": "conv1"}'
    """
    text = json.dumps(dict(provenance), ensure_ascii=False, indent=indent, default=str)
    # The name of a file may hold bytes that are no letters; Python keeps them as lone surrogates.
    return "".join(c if not 0xD800 <= ord(c) < 0xE000 else f"\\u{ord(c):04x}" for c in text)


def in_short(provenance: Mapping[str, Any]) -> str:
    """Say in one line what was looked at, and with what.

    >>> in_short(
    ...     {"network": "vgg16", "weights": "0123456789abcdef", "versions": {"cutaway": "1.0"}, "seed": 3}
    ... )
    'vgg16 · weights 01234567 · seed 3 · cutaway 1.0'
    """
    parts = [str(provenance[key]) for key in ("network", "layer") if isinstance(provenance.get(key), str)]
    if weights := provenance.get("weights"):
        parts.append(f"weights {str(weights)[:8]}")
    if (seed := provenance.get("seed")) is not None:
        parts.append(f"seed {seed}")
    versions = provenance.get("versions")
    if isinstance(versions, Mapping) and "cutaway" in versions:
        parts.append(f"cutaway {versions['cutaway']}")
    return " · ".join(parts)
