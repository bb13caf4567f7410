"""What the running command has finished so far, for the person who stops it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["KEPT", "keep"]

# One process runs one command, so this list is that command's.
KEPT: list[Path] = []


def keep(path: Path) -> Path:
    """Note a file that is complete on the disk, and hand it back.

    >>> keep(Path("cat.png")).name
    'cat.png'
    >>> KEPT.clear()
    """
    KEPT.append(path)
    return path
