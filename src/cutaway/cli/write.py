"""Results to the disk: a picture, and its raw numbers beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cutaway.cli.kept import keep
from cutaway.errors import BadSetting

if TYPE_CHECKING:
    from cutaway.view.viewable import Viewable

__all__ = ["PICTURES", "place", "write"]

# The endings that --out may have.
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".svg", ".html")


def place(out: str, stem: str, taken: set[Path]) -> Path:
    """Choose the picture's path: `out` itself where it names a picture, else a free name in that folder.

    >>> place("sheets", "my cat/", set()).name
    'my cat_.png'
    """
    path, suffix = Path(out), ".png"
    if path.suffix and not path.is_dir():
        suffix = path.suffix
        if suffix.lower() not in PICTURES:
            raise BadSetting(f"--out takes a folder or a name ending in {', '.join(PICTURES)}, got {out!r}")
        stem, path = path.stem, path.parent
    stem = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", stem).strip() or "photo"
    chosen, count = path / f"{stem}{suffix}", 2
    while chosen in taken:
        chosen, count = path / f"{stem}-{count}{suffix}", count + 1
    taken.add(chosen)
    return chosen


def write(result: Viewable, path: Path, *, html: bool = False) -> list[Path]:
    """Write a picture with an .npz of its raw numbers beside it, and a one-file page where asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    suffixes = dict.fromkeys((path.suffix, ".npz", ".html") if html else (path.suffix, ".npz"))
    return [keep(result.save(path.with_name(path.stem + suffix))) for suffix in suffixes]
