"""Which photos a user means by files, folders and patterns."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from cutaway.errors import BadImage
from cutaway.images.formats import SUFFIXES
from cutaway.images.missing import why_missing
from cutaway.images.names import shown

__all__ = ["natural", "photos"]

Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def photos(paths: Paths) -> list[Path]:
    """List the photos among files, folders and patterns, without opening any.

    A file stands for itself, whatever its ending. A folder stands for the photos in it and in the folders
    below, found by their endings (SUFFIXES), hidden ones left out, links followed but none in a circle. A
    pattern with `*`, `?`, `[…]` or `**` stands for the photos and folders that match it.

    Args:
        paths: one path or pattern, or several.

    Returns:
        The paths in the order given, those of a folder or pattern sorted as people count (photo2 before
        photo10); a file that turns up twice is listed once.

    Raises:
        BadImage: when a path does not exist, or nothing at all is found; it says what was looked for.

    >>> photos("no such folder")
    Traceback (most recent call last):
    cutaway.errors.BadImage: no such folder: there is no such file or folder
    """
    asked = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found: dict[str, Path] = {}
    for path in asked:
        for photo in _expanded(os.fsdecode(path)):
            found.setdefault(str(photo.absolute()), photo)
    if not found:
        looked = ", ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        what = ", ".join(shown(os.fsdecode(path)) for path in asked) or "an empty list"
        raise BadImage(
            what, f"no photos found. Looked for {looked}, in folders and below, hidden ones left out"
        )
    return list(found.values())


def natural(path: Path) -> tuple[tuple[tuple[int, int | str], ...], ...]:
    """Give a sorting key by which numbers in names count as numbers, folder by folder.

    >>> [path.name for path in sorted([Path("b10.png"), Path("B9.png"), Path("a.png")], key=natural)]
    ['a.png', 'B9.png', 'b10.png']
    """
    return tuple(_natural_part(part) for part in path.parts)


def _natural_part(part: str) -> tuple[tuple[int, int | str], ...]:
    bits = re.split(r"(\d+)", part)
    counted = tuple((0, int(bit)) if bit.isdecimal() else (1, bit.casefold()) for bit in bits)
    # Names that differ only in case or leading zeros are told apart by the name itself.
    return (*counted, (2, part))


def _expanded(path: str) -> Iterator[Path]:
    given = Path(path)
    try:
        exists, folder = os.path.lexists(path), path != "" and given.is_dir()
        pattern = not exists and glob.has_magic(path)
    except ValueError:
        raise BadImage(shown(path), "no file can have such a name") from None
    if folder:
        yield from sorted(_below(given), key=natural)
    elif pattern:
        for match in sorted(map(Path, glob.iglob(path, recursive=True)), key=natural):  # noqa: PTH207 (Path.glob refuses absolute ones)
            if match.is_dir():
                yield from sorted(_below(match), key=natural)
            elif match.suffix.lower() in SUFFIXES:
                yield match
    elif exists:
        yield given
    else:
        raise BadImage(shown(path), why_missing(given).replace("no such file", "no such file or folder"))


def _below(folder: Path) -> Iterator[Path]:
    """Give the photos in a folder and below it, in any order."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        mark = Path(place).stat()
        if (mark.st_dev, mark.st_ino) in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add((mark.st_dev, mark.st_ino))
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            Path(place, name)
            for name in files
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        )
