"""A page's pictures, written so that the page is not larger than it may be."""

from __future__ import annotations

import base64
import io
import re

from PIL import Image

from cutaway.errors import BadSetting

__all__ = ["slimmed"]

# Quality of WebP, and the longest side in pixels: from what nobody can tell from the original to what still shows it.
_STEPS = ((88, 2400), (82, 1600), (76, 1100), (70, 800), (62, 560), (55, 400), (45, 280))
_PICTURE = re.compile(r'(?: width="\d+" height="\d+")? src="data:image/png;base64,([A-Za-z0-9+/=]+)"')


def slimmed(body: str, budget: int, around: int = 0) -> tuple[str, str]:
    """Write the pictures of a page as WebP, or leave them PNG where that is smaller, and shrink them until all fit.

    Args:
        body: of a page, its pictures as `picture_tag` writes them.
        budget: in bytes, for the whole page.
        around: bytes of the page that are not of the body.

    Returns:
        The body, and what was done in a sentence or two.

    Raises:
        BadSetting: where even the smallest pictures do not fit.

    >>> slimmed("<p>hello</p>", 1000)
    ('<p>hello</p>', '')
    """
    found = list(_PICTURE.finditer(body))
    if not found:
        return body, ""
    given = {one[1]: base64.b64decode(one[1]) for one in found}
    text = around + len(body.encode("utf-8", "backslashreplace")) - sum(len(one[0]) for one in found)
    size = 0
    for quality, longest in _STEPS:
        written = {key: _written(png, quality, longest) for key, png in given.items()}
        size = text + sum(len(written[one[1]][0]) for one in found)
        if size <= budget:
            slim = _PICTURE.sub(lambda one, written=written: written[one[1]][0], body)  # type: ignore[misc]
            smaller = sum(written[one[1]][1] for one in found)
            return slim, _told(len(found), smaller, quality, longest)
    raise BadSetting(
        f"the page takes {size / 1e6:.3f} MB with the smallest pictures, and may take {budget / 1e6:g}: allow more, "
        "or choose fewer sections"
    )


def _written(png: bytes, quality: int, longest: int) -> tuple[str, bool]:
    """The attributes of a picture, and whether it was made smaller."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
        image = opened.convert("RGB")
    zoom = longest / max(image.size)
    shrunk = zoom < 1
    if shrunk:
        w, h = (max(1, round(side * zoom)) for side in image.size)
        image = image.resize((w, h), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=3)
    webp = buffer.getvalue()
    kind, data = ("png", png) if len(png) <= len(webp) and not shrunk else ("webp", webp)
    told = base64.b64encode(data).decode()
    return f' width="{image.width}" height="{image.height}" src="data:image/{kind};base64,{told}"', shrunk


def _told(count: int, smaller: int, quality: int, longest: int) -> str:
    words = f"{count} picture{'s' if count != 1 else ''}, written as WebP of quality {quality}"
    return (
        f"{words}; {smaller} of them made smaller, to {longest} pixels"
        if smaller
        else f"{words}, none made smaller"
    )
