"""What lies on the disk, how much it is, and what may go."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["ids_in", "size_of"]

_ID = re.compile(r"[0-9a-f]{16}")


def size_of(path: Path) -> int:
    """Tell how many bytes a file has, or all files of a folder; nothing for what is not there.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_bytes(b"abc")
    >>> size_of(folder), size_of(folder / "a"), size_of(folder / "b")
    (3, 3, 0)
    """
    try:
        if path.is_dir():
            with os.scandir(path) as found:
                return sum(size_of(Path(one.path)) for one in found)
        return path.stat().st_size
    except FileNotFoundError:  # it may go while others are counted
        return 0


def ids_in(settings: Any) -> Iterator[str]:
    """List what looks like a photo's name among a job's settings.

    >>> list(ids_in({"photo": "0123456789abcdef", "more": ["fedcba9876543210"], "layer": "conv1"}))
    ['0123456789abcdef', 'fedcba9876543210']
    """
    if isinstance(settings, str):
        if _ID.fullmatch(settings):
            yield settings
    elif isinstance(settings, dict):
        for one in settings.values():
            yield from ids_in(one)
    elif isinstance(settings, list | tuple):
        for one in settings:
            yield from ids_in(one)
