"""Words in pictures: one typeface that travels with the package, system fonts for scripts that it lacks."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

__all__ = ["HAIR", "INK", "PAPER", "SOFT", "cut", "draw_text", "line_height", "printable", "text_width", "wrapped"]

INK, SOFT, PAPER, HAIR = (27, 27, 31), (91, 91, 102), (255, 255, 255), (227, 227, 232)

# Where Linux, macOS and Windows keep fonts, and those among them that hold many scripts, the best first.
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/System/Library/Fonts",
            "/Library/Fonts", "C:/Windows/Fonts")  # fmt: skip
_WIDE = ("notosanscjk", "pingfang", "hiragino", "msyh", "wqy", "droidsansfallback", "arialunicode", "arial unicode",
         "notosans-", "dejavusans.", "segoeui.", "unifont")  # fmt: skip


def draw_text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    *,
    fill: tuple[int, int, int] = INK,
    strong: bool = False,
    anchor: str = "l",
) -> None:
    """Write one line with its top at `place`; the anchor "l", "m" or "r" says which end of it lies there."""
    text = printable(text)
    x, top = place
    if anchor != "l":
        x -= text_width(text, size, strong=strong) * (0.5 if anchor == "m" else 1)
    for run, font in _runs(text, size, strong):
        # One baseline for all fonts of a line.
        draw.text((x, top + size), run, fill, font, anchor="ls")
        x += font.getlength(run)


def text_width(text: str, size: int, *, strong: bool = False) -> int:
    """How wide a line is, in pixels.

    >>> text_width("wide", 20) > text_width("i", 20)
    True
    """
    return int(sum(font.getlength(run) for run, font in _runs(printable(text), size, strong)) + 0.999)


def line_height(size: int) -> int:
    """From one line to the next, in pixels.

    >>> line_height(20)
    28
    """
    return round(size * 1.4)


def cut(text: str, size: int, width: int, *, strong: bool = False) -> str:
    """Shorten a line with an ellipsis so that it fits a width.

    >>> cut("a long line of words", 12, 60).endswith("…")
    True
    """
    text = printable(text)
    if text_width(text, size, strong=strong) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, strong=strong) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrapped(text: str, size: int, width: int, *, strong: bool = False) -> list[str]:
    """Break text into lines that fit a width; its own line breaks stay.

    >>> wrapped("one two", 12, 10_000)
    ['one two']
    """
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, size, strong=strong) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(cut(line, size, width, strong=strong))
    return lines


def printable(text: str) -> str:
    r"""Write what breaks a line, or what no font here can draw, in its escaped form.

    >>> printable("two\nlines")
    'two\\nlines'
    """
    return "".join(c if _drawable(c) else c.encode("unicode_escape").decode() for c in text)


def _runs(text: str, size: int, strong: bool) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    """Cut a line where the font must change."""
    marked = groupby(text, key=lambda c: None if _own_has(c) else _system_font(c))
    return [
        ("".join(run), _own(size, strong) if path is None else ImageFont.truetype(path, size)) for path, run in marked
    ]


@cache
def _own(size: int, strong: bool) -> ImageFont.FreeTypeFont:
    name = "Inter-SemiBold.otf" if strong else "Inter-Regular.otf"
    return ImageFont.truetype(BytesIO(files("cutaway.view").joinpath("fonts", name).read_bytes()), size)


@cache
def _drawable(character: str) -> bool:
    if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
        return False
    return _own_has(character) or _system_font(character) is not None


@cache
def _own_has(character: str) -> bool:
    return character.isspace() or _has(_own(24, False), character)


@cache
def _system_font(character: str) -> str | None:
    for path in _system_fonts():
        try:
            if _has(ImageFont.truetype(path, 24), character):
                return path
        except OSError:
            continue
    return None


@cache
def _system_fonts() -> tuple[str, ...]:
    found = []
    for folder in (Path(name).expanduser() for name in _FOLDERS):
        if folder.is_dir():
            found += [path for path in folder.rglob("*") if path.suffix.lower() in (".ttf", ".ttc", ".otf")]
    ranked = [(rank, str(path)) for path in found for rank, key in enumerate(_WIDE) if key in path.name.lower()]
    return tuple(path for _, path in sorted(ranked))


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether a font draws a letter as itself, not as the box for letters that it lacks."""
    return _shape(font, character) != _shape(font, "\U0010fffe")


def _shape(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    image = Image.new("L", (72, 48))
    ImageDraw.Draw(image).text((8, 8), character, 255, font)
    return image.tobytes()
