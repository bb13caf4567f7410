"""Where a picture comes from, kept inside its PNG file."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import Any

from PIL import Image, PngImagePlugin

__all__ = ["png_bytes", "read_provenance"]

_CHUNK = "cutaway"


def png_bytes(image: Image.Image, provenance: Mapping[str, Any]) -> bytes:
    """Encode a picture as PNG with its provenance as text inside.

    >>> png_bytes(Image.new("RGB", (2, 2)), {"layer": "conv1"})[:4]
    b'\\x89PNG'
    """
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "cutaway")
    if provenance:
        text.add_itxt(_CHUNK, json.dumps(dict(provenance), ensure_ascii=False, default=str))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def read_provenance(path: str | os.PathLike[str] | io.BytesIO) -> dict[str, Any]:
    """Read a PNG's provenance back; empty for a picture that cutaway did not make.

    >>> read_provenance(io.BytesIO(png_bytes(Image.new("RGB", (2, 2)), {"layer": "conv1"})))
    {'layer': 'conv1'}
    """
    with Image.open(path) as image:
        image.load()
        text = getattr(image, "text", {}).get(_CHUNK)
    return json.loads(text) if text else {}
