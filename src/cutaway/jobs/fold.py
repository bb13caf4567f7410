"""Do what of a job is not done yet, so that it can be stopped at any moment and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cutaway.jobs.engines import Engine
from cutaway.jobs.job import Job, Made
from cutaway.jobs.store import Store
from cutaway.network.progress import report

__all__ = ["fold"]


def fold(
    job: Job,
    store: Store,
    engine: Engine,
    manifest: Mapping[str, Any],
    files: Mapping[str, Any],
    *,
    what: str,
    workers: int | None = None,
    check: Callable[[Made], None] | None = None,
) -> None:
    """Do the shards that are not there, or are damaged.

    Args:
        job: cut into shards.
        store: where they go.
        engine: who does them.
        manifest: of the store.
        files: further files of it.
        what: its pieces are, for the progress.
        workers: how many at once.
        check: sees each shard before it is kept, and may raise.

    Raises:
        BadIndex: where the folder holds something else, or another job writes.
        OutOfSpace: where the disk is full; what was done stays.
    """
    with store.writing():
        store.begin(manifest, files)
        left = [number for number in range(job.shards) if not store.is_done(number)]
        total = sum(job.pieces(number) for number in range(job.shards))
        done = total - sum(job.pieces(number) for number in left)
        report(what, done, total)
        for made in engine(job, left, workers) if left else ():
            if check is not None:
                check(made)
            store.publish(made)
            done += job.pieces(made.number)
            report(what, done, total)
