"""Words in pictures: one typeface that travels with the package, system fonts for scripts that it lacks."""

from __future__ import annotations

import math
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

__all__ = [
    "HAIR",
    "INK",
    "PAPER",
    "SOFT",
    "cut",
    "draw_text",
    "line_height",
    "printable",
    "text_width",
    "wrapped",
]

# Inter would draw a multiplication sign for the x of "expand1x1": names of layers must stay as they are. Only the
# shaping engine does so, and only it knows figures of one width; not every build of Pillow has it.
_SHAPED = features.check("raqm")
_PLAIN, _TABULAR = (["-calt"], ["-calt", "tnum"]) if _SHAPED else (None, None)

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
    tabular: bool = False,
) -> None:
    """Write one line with its top at `place`; the anchor "l", "m" or "r" says which end of it lies there.

    `tabular` makes all figures equally wide, so that they stand below each other in a column.
    """
    text = printable(text)
    x, top = place
    if anchor != "l":
        x -= text_width(text, size, strong=strong, tabular=tabular) * (0.5 if anchor == "m" else 1)
    wanted = _TABULAR if tabular else _PLAIN
    for run, font in _runs(text, size, strong):
        # One baseline for all fonts of a line.
        draw.text((x, top + size), run, fill, font, anchor="ls", features=wanted)
        if run != text:
            x += font.getlength(run, features=wanted)


@lru_cache(maxsize=8192)
def text_width(text: str, size: int, *, strong: bool = False, tabular: bool = False) -> int:
    """How wide a line is, in pixels.

    >>> text_width("wide", 20) > text_width("i", 20)
    True
    """
    wanted = _TABULAR if tabular else _PLAIN
    runs = _runs(printable(text), size, strong)
    return math.ceil(sum(font.getlength(run, features=wanted) for run, font in runs))


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
    """Break text into lines that fit a width; its own line breaks stay, and "−1 … 3" is not broken.

    >>> wrapped("one two", 12, 10_000), len(wrapped("abcdefghij", 12, 24)) > 1
    (['one two'], True)
    """
    lines = []
    for paragraph in text.replace(" … ", "\u00a0…\u00a0").replace(" · ", "\u00a0· ").split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if text_width(longer, size, strong=strong) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _broken(word, size, width, strong)
            lines += full
        lines.append(line)
    return lines


def _broken(word: str, size: int, width: int, strong: bool) -> list[str]:
    """Break a word that is wider than a line, such as a path or a sentence in Chinese, at any letter."""
    word = printable(word)
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size, strong=strong) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def printable(text: str) -> str:
    r"""Write what breaks a line, or what no font here can draw, in its escaped form.

    >>> printable("two\nlines")
    'two\\nlines'
    """
    # Accents that follow their letter, as in file names of macOS, become one letter that fonts know.
    whole = unicodedata.normalize("NFC", text)
    return "".join(c if _drawable(c) else c.encode("unicode_escape").decode() for c in whole)


def _runs(text: str, size: int, strong: bool) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    """Cut a line where the font must change."""
    marked = groupby(text, key=lambda c: None if _own_has(c) else _system_font(c))
    return [
        ("".join(run), _own(size, strong) if path is None else _system(path, size)) for path, run in marked
    ]


@cache
def _own(size: int, strong: bool) -> ImageFont.FreeTypeFont:
    name = "Inter-SemiBold.otf" if strong else "Inter-Regular.otf"
    return ImageFont.truetype(BytesIO(files("cutaway.view").joinpath("fonts", name).read_bytes()), size)


@lru_cache(maxsize=32)
def _system(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


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
            if _has(_system(path, 24), character):
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
    ranked = [
        (rank, str(path)) for path in found for rank, key in enumerate(_WIDE) if key in path.name.lower()
    ]
    return tuple(path for _, path in sorted(ranked))


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether a font draws a letter as itself, not as the box for letters that it lacks."""
    return _shape(font, character) != _shape(font, "\U0010fffe")


def _shape(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    image = Image.new("L", (72, 48))
    ImageDraw.Draw(image).text((8, 8), character, 255, font)
    return image.tobytes()
