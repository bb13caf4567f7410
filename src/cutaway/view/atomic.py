"""Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["TEMPORARY", "atomic_write"]

# How the name of a file begins that is not whole yet.
TEMPORARY = ".cutaway-"


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whenever the machine stops.

    Raises:
        OSError: as the system says (no such folder, disk full); the old file is then untouched.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> atomic_write(target, b"whole")
    >>> target.read_bytes()
    b'whole'
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY, suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes private files; results get the permissions of any file the user makes.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
