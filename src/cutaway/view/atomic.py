"""Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cutaway.errors import OutOfSpace

__all__ = ["TEMPORARY", "appearing", "atomic_write", "published"]

# How the name of a file begins that is not whole yet.
TEMPORARY = ".cutaway-"


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[io.BufferedWriter]:
    """Give a file to write to, that is there under its name when `with` ends well, and not at all otherwise.

    Raises:
        OSError: as the system says (no such folder, disk full); an older file is then untouched.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with appearing(target) as file:
    ...     _ = file.write(b"whole")
    >>> target.read_bytes()
    b'whole'
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY, suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
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
    with appearing(path) as file:
        file.write(data)


def published(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, so that it is there after the machine has stopped at any moment.

    Raises:
        OutOfSpace: where the disk is full, or nothing may be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a"
    >>> published(path, b"all")
    >>> path.read_bytes()
    b'all'
    """
    try:
        atomic_write(path, data)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name, too
        finally:
            os.close(folder)
    except OSError as error:
        raise OutOfSpace(
            f"{path.parent} takes no more: {error.strerror} ({len(data):,} bytes were to be written). What was done "
            "before is whole; make room and give the same command again"
        ) from error
