"""Who carries out the shards of a job: this process, several, or a cluster. All give the same bytes."""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import cloudpickle
import torch
from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

from cutaway.errors import BadSetting, WorkerLost
from cutaway.jobs.job import Job, Made
from cutaway.network.workers import one_thread

__all__ = ["ENGINES", "PATIENCE", "Engine", "engine_named", "packed"]

# From a job, the shards to do and the number of workers to the shards, in any order.
Engine = Callable[[Job, Sequence[int], int | None], Iterator[Made]]
ENGINES = ("serial", "processes", "ray")
# So often in a row may all workers die without a single shard done.
PATIENCE = 3
# Seconds after which a worker looks again whether the one who sent it is still there.
_GLANCE = 0.5
_log = logging.getLogger("cutaway")


def engine_named(name: str) -> Engine:
    """Give an engine by its name.

    Raises:
        BadSetting: for another name, or where Ray is not installed.

    >>> engine_named("serial").__name__
    'serial'
    """
    if name == "serial":
        return serial
    if name == "processes":
        return processes
    if name.partition(":")[0] == "ray":
        from cutaway.jobs.ray_engine import ray_engine

        return ray_engine(name.partition(":")[2] or None)
    raise BadSetting(
        f"engine takes {', '.join(ENGINES)}, got {name!r}. A Ray cluster by its address: ray:ADDRESS"
    )


def serial(job: Job, numbers: Sequence[int], workers: int | None = None) -> Iterator[Made]:
    """Do one shard after the other, here."""
    for number in numbers:
        with one_thread():
            made = job.make(number)
        yield made


def processes(job: Job, numbers: Sequence[int], workers: int | None = None) -> Iterator[Made]:
    """Do shards in several processes of one thread each; a process that dies is replaced, and its shards done again.

    Raises:
        WorkerLost: where they die again and again.
    """
    count = min(workers or os.cpu_count() or 1, len(numbers))
    if count < 2:
        yield from serial(job, numbers)
        return
    todo, deaths, data = list(numbers), 0, packed(job)
    while todo:
        pool = ProcessPoolExecutor(
            max_workers=count, initializer=_open, initargs=(data, os.getpid()), env={"OMP_NUM_THREADS": "1"}
        )
        running: dict[Future[Made], int] = {}
        waiting = iter(list(todo))
        try:
            while True:
                # No more at once than keeps all busy: finished shards must not pile up.
                while len(running) < count + 1 and (number := next(waiting, None)) is not None:
                    running[pool.submit(_make, number)] = number
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    made = future.result()
                    todo.remove(running.pop(future))
                    deaths = 0
                    yield made
        except BrokenProcessPool as error:
            deaths += 1
            if deaths == PATIENCE:
                raise WorkerLost(
                    f"{deaths} times in a row a worker was lost without one shard done, last: {error}. Is there "
                    "memory enough? Give fewer workers, a smaller batch, or engine='serial'"
                ) from error
            _log.warning("a worker was lost; %d shards go on in new ones", len(todo))
        finally:
            pool.shutdown(wait=False, kill_workers=True)


def packed(job: Job) -> bytes:
    """Write a job for another process, with the classes of networks that it could not import.

    >>> from torch import nn
    >>> from cutaway.dataset.listing import Listing
    >>> from cutaway.dataset.plan import Plan
    >>> from cutaway.network.network import Network
    >>> from pathlib import Path
    >>> listing = Listing(Path(), ("a.png",), (1,), (None,))
    >>> pickle.loads(
    ...     packed(Plan(Network(nn.ReLU()), listing, ("@output",), 9, 64, 16, torch.channels_last))
    ... ).top
    9
    """
    own = [module for name, module in list(sys.modules.items()) if name.startswith("cutaway_file_")]
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    try:
        data: bytes = cloudpickle.dumps(job.fresh())
    except Exception as error:
        raise BadSetting(
            f"{job.name} cannot be sent to other processes ({type(error).__name__}: {error}). "
            "Give engine='serial'"
        ) from error
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)
    return data


_job: Job | None = None


def _open(data: bytes, parent: int) -> None:
    global _job
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    torch.set_num_threads(1)
    _job = pickle.loads(data)


def _die_with(parent: int) -> None:
    """End this worker when who sent it is gone: one that was killed could not tell its workers."""
    while os.getppid() == parent:
        time.sleep(_GLANCE)
    os._exit(1)


def _make(number: int) -> Made:
    assert _job is not None
    return _job.make(number)
