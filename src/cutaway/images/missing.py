"""What to say about a file that is not there."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from cutaway.errors import closest
from cutaway.images.names import shown

__all__ = ["why_missing"]

_MOST_NAMES = 10_000  # a folder may hold millions; looking at some of them is enough for a hint


def why_missing(path: Path) -> str:
    """Say why a path leads nowhere, with the nearest names that are there.

    >>> why_missing(Path("/no-such-folder/cat.jpg"))
    'there is no folder /no-such-folder'
    """
    if path.is_symlink():
        return f"it is a link to {shown(str(path.readlink()))}, which does not exist"
    if str(path) == ".":
        return "the name is empty"
    missing = path
    while not missing.parent.exists() and missing.parent != missing:
        missing = missing.parent
    place, what = missing.parent, "such file" if missing == path else f"folder {shown(str(missing))}"
    if not place.is_dir():
        return f"{shown(str(place))} is a file, not a folder"
    near = closest(missing.name, _names_in(place))
    hint = f". Closest: {', '.join(shown(str(place / name)) for name in near)}" if near else ""
    return f"there is no {what}{hint}"


def _names_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, _MOST_NAMES)]
    except OSError:
        return []
