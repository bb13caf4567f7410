"""Independent pieces of work in threads of one core each, which scale where an operation's own threads do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

import torch

__all__ = ["in_workers", "one_thread"]

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def in_workers(
    run: Callable[[Piece], Result], pieces: Sequence[Piece], device: torch.device
) -> Iterator[tuple[Piece, Result]]:
    """Run pieces in as many workers as torch has threads, each with one; give each with its result when it is done.

    Args:
        run: must be safe to call from several threads.
        pieces: in any order of finishing.
        device: workers serve a CPU only; elsewhere the pieces run in turn.

    >>> dict(in_workers(lambda number: number * 2, [1, 2, 3], torch.device("cpu")))[3]
    6
    """
    threads = torch.get_num_threads() if device.type == "cpu" else 1
    if threads == 1 or len(pieces) == 1:
        yield from ((piece, run(piece)) for piece in pieces)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            jobs: dict[Future[Result], Piece] = {pool.submit(run, piece): piece for piece in pieces}
            try:
                for job in as_completed(jobs):
                    yield jobs[job], job.result()
            finally:
                for job in jobs:
                    job.cancel()
    finally:
        # Some of the libraries below torch have one number of threads for all.
        torch.set_num_threads(threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: how many there are changes the last digits of sums.

    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
