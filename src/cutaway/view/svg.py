"""A picture as SVG: for programs that place SVG but not PNG, with its words to be found and read aloud."""

from __future__ import annotations

import base64
import re
from html import escape

__all__ = ["svg"]


def svg(png: bytes, caption: str) -> bytes:
    """Wrap a PNG into an SVG of its size that holds it whole, with the caption as title and description.

    >>> svg(b"", "conv1").startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    # XML has no way to write control characters.
    words = escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", " ", caption))
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' role="img" aria-labelledby="words"><title id="words">{words}</title>'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>\n'
    ).encode("utf-8", "backslashreplace")
