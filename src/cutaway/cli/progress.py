"""A bar with the time left, for computations that take a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["progress"]


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[None]:
    """Draw a bar on standard error while computations inside `with` tell how far they are; none off a terminal.

    >>> with progress(quiet=True):
    ...     pass
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cutaway.network.progress import watched

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def show(what: str, done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            rate = f"{speed:.3g} a second" if speed else ""
            bar.update(task, description=what, completed=done, total=total, rate=rate)

        with watched(show):
            yield
