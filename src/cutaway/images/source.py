"""Where the bytes of a picture come from: a file, standard input, a file object, bytes, a web address."""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from cutaway.errors import BadImage
from cutaway.images.limits import MAX_BYTES
from cutaway.images.missing import why_missing
from cutaway.images.names import shown, shown_url
from cutaway.images.web import fetch

__all__ = ["ByteSource", "OpenSource", "Readable", "open_source"]


@runtime_checkable
class Readable(Protocol):
    """A file object opened in binary mode, or anything that reads like one."""

    def read(self, size: int = -1, /) -> bytes:
        """Give up to `size` bytes, and none at the end."""


ByteSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable

_ADDRESS = re.compile(r"data:|[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class OpenSource:
    """The opened bytes of one picture.

    Args:
        stream: seekable, at its start.
        byte_count: how many bytes it has.
        name: what the picture is called in messages; one printable line.
        path: the file, where it is one.
    """

    stream: io.BufferedIOBase
    byte_count: int
    name: str
    path: str | None = None


class _NoDescriptor(io.BufferedReader):
    """A file that hides its descriptor: a C library that maps a file dies when the file is cut short."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


@contextmanager
def open_source(source: ByteSource, *, allow_url: bool) -> Iterator[OpenSource]:
    """Open a source of bytes and close it afterwards, unless it was open before.

    Args:
        source: a path, "-" for standard input, an address, bytes, or a binary file object.
        allow_url: whether an http or https address may be fetched.

    Raises:
        BadImage: when there is nothing to read, in words.

    >>> with open_source(b"abc", allow_url=False) as opened:
    ...     opened.byte_count, opened.name
    (3, 'the given bytes')
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield _of_bytes(bytes(source), "the given bytes")
    elif source == "-":
        yield _of_bytes(_standard_input(), "standard input")
    elif isinstance(source, str) and _ADDRESS.match(source):
        name = shown_url(source)
        if not allow_url:
            raise BadImage(name, "it is a web address: download it first, or allow it (allow_url=True)")
        yield _of_bytes(fetch(source), name)
    elif isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        with _open_file(path) as raw, _NoDescriptor(raw) as stream:
            yield _checked(OpenSource(stream, os.fstat(raw.fileno()).st_size, shown(path), path))
    elif hasattr(source, "read"):
        given = getattr(source, "name", None)
        name = shown(given) if isinstance(given, str) else "the given file object"
        yield _of_bytes(_read_all(source, name), name)
    else:  # whatever else somebody who does not check types may give
        allowed = "a path, bytes, a binary file object, a NumPy array, a PIL image, a Picture, or '-'"
        raise BadImage(f"a value of type {type(source).__name__}", f"it is no picture. Allowed: {allowed}")


def _of_bytes(data: bytes, name: str) -> OpenSource:
    return _checked(OpenSource(io.BytesIO(data), len(data), name))


def _checked(opened: OpenSource) -> OpenSource:
    if opened.byte_count == 0:
        raise BadImage(opened.name, "it is empty (0 bytes)")
    if opened.byte_count > MAX_BYTES:
        size = f"{opened.byte_count / 2**30:.3g} GiB"
        raise BadImage(opened.name, f"it has {size}, and {MAX_BYTES >> 30} GiB are allowed")
    return opened


def _open_file(path: str) -> io.FileIO:
    name = shown(path)
    try:
        _check_regular(Path(path).stat().st_mode, name)
        # Between the two calls the file may have become a FIFO, on which a plain open would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        raw = io.FileIO(descriptor, "rb")
        try:
            _check_regular(os.fstat(descriptor).st_mode, name)
        except BadImage:
            raw.close()
            raise
        return raw
    except (FileNotFoundError, NotADirectoryError):
        raise BadImage(name, why_missing(Path(path))) from None
    except PermissionError:
        raise BadImage(name, "this user may not read it (permission denied)") from None
    except OSError as error:
        raise BadImage(name, f"it cannot be opened: {error.strerror or error}") from None
    except ValueError:
        raise BadImage(name, "no file can have such a name") from None


def _check_regular(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise BadImage(name, "it is a folder; cutaway.images.photos lists the photos in a folder")
    if stat.S_ISFIFO(mode):
        raise BadImage(name, "it is a pipe, not a file: give '-' and pipe the picture into standard input")
    if not stat.S_ISREG(mode):
        raise BadImage(name, "it is a device or a socket, not a file")


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise BadImage("standard input", "nothing is piped into it: pipe a picture in, or give a file name")
    return _read_all(sys.stdin.buffer, "standard input")


def _read_all(source: Readable, name: str) -> bytes:
    """Read to the end, but never more than is allowed."""
    held = bytearray()
    try:
        while block := source.read(_BLOCK):
            held += block
            if len(held) > MAX_BYTES:
                raise BadImage(name, f"it has more than the {MAX_BYTES >> 30} GiB that are allowed")
    except TypeError:
        raise BadImage(name, "it gives text, not bytes: open it in binary mode, open(path, 'rb')") from None
    except (OSError, ValueError) as error:
        raise BadImage(name, f"reading it stopped: {error}") from error
    return bytes(held)
