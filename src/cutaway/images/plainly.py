"""Every fault of a decoder becomes one BadImage with a plain reason, and Pillow's warnings stay inside."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from PIL import Image

from cutaway.errors import BadImage, CutawayError
from cutaway.images.names import shown

__all__ = ["plainly", "quietly", "reason_for"]

# Pillow also writes to its log, and Python prints that where nobody has set a log up.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_CUT_OFF = ("truncat", "eof ", "unexpected end")

_lock = threading.Lock()
_inside = 0
_filters: AbstractContextManager[object] | None = None


@contextmanager
def plainly(name: str, kind: str) -> Iterator[None]:
    """Turn whatever a decoder raises inside `with` into BadImage, without a warning on the way.

    Args:
        name: what the picture is called in the error.
        kind: the format, such as "PNG".

    Raises:
        BadImage: instead of any other exception.

    >>> with plainly("cat.png", "PNG"):
    ...     raise OSError("image file is truncated (0 bytes not processed)")
    Traceback (most recent call last):
    cutaway.errors.BadImage: cat.png: the PNG file ends too early: it was not copied or downloaded whole
    """
    try:
        with quietly():
            yield
    except CutawayError:
        raise
    except Exception as error:  # decoders raise a dozen types, and other ones in the next version
        raise BadImage(name, reason_for(error, kind)) from error


def reason_for(error: Exception, kind: str) -> str:
    """Say in plain words what a decoder's exception means.

    >>> reason_for(SyntaxError("broken PNG file (chunk b'x')"), "PNG")
    "the PNG file is damaged, or of a kind that cannot be read (broken PNG file (chunk b'x'))"
    """
    words = shown(str(error).strip().partition("\n")[0])[:120] or type(error).__name__
    if isinstance(error, MemoryError):
        return f"there is not enough memory to decode this {kind} file"
    if isinstance(error, Image.DecompressionBombError):
        return f"the {kind} file has more pixels inside than its header says or than are allowed"
    if isinstance(error, OSError) and error.errno is not None:
        return f"reading stopped: {error.strerror}"
    if isinstance(error, EOFError) or any(sign in words.lower() for sign in _CUT_OFF):
        return f"the {kind} file ends too early: it was not copied or downloaded whole"
    return f"the {kind} file is damaged, or of a kind that cannot be read ({words})"


def quietly() -> AbstractContextManager[object]:
    """Keep Pillow's warnings inside `with`, also where many threads read at once; others' warnings pass."""
    if getattr(sys.flags, "context_aware_warnings", 0):
        return _own_filters()
    return _shared_filters()


@contextmanager
def _own_filters() -> Iterator[None]:
    with warnings.catch_warnings():
        _ignore_pillow()
        yield


@contextmanager
def _shared_filters() -> Iterator[None]:
    # The filters belong to the whole process: the first thread in changes them and the last one out puts
    # them back. Were each to save and restore its own, two threads could leave changed ones behind for good.
    global _inside, _filters
    with _lock:
        if _inside == 0:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            _ignore_pillow()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _filters is not None:
                _filters.__exit__(None, None, None)
                _filters = None


def _ignore_pillow() -> None:
    warnings.filterwarnings("ignore", module=r"PIL\.")
