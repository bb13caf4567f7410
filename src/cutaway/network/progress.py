"""How far a long computation is, told to whoever listens: the command line draws a bar, a page may too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Listener", "portion", "report", "watched"]

# (what is done, pieces done, pieces in all)
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def watched(listener: Listener) -> Iterator[None]:
    """Tell `listener` how far the computations inside `with` are. What it raises ends them.

    >>> seen = []
    >>> with watched(lambda what, done, total: seen.append((done, total))):
    ...     report("images", 3, 10)
    >>> seen
    [(3, 10)]
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(what: str, done: int, total: int) -> None:
    """Say that `done` of `total` pieces are done; nobody need listen.

    >>> report("images", 1, 2)
    """
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)


@contextmanager
def portion(start: int, stop: int, count: int) -> Iterator[None]:
    """Tell what is reported inside `with` as a part of a longer job: its pieces from `start` to before `stop`.

    >>> seen = []
    >>> with watched(lambda what, done, total: seen.append((done, total))), portion(6, 8, 8):
    ...     report("steps", 5, 10)
    >>> seen
    [(70, 80)]
    """
    listener = _listener.get()
    if listener is None:
        yield
        return
    tell = listener
    with watched(lambda what, done, total: tell(what, start * total + (stop - start) * done, count * total)):
        yield
