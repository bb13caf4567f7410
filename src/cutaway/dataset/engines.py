"""Who carries out the shards of a scan: this process, several, or a cluster. All give the same bytes."""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

import cloudpickle
import torch
from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

from cutaway.dataset.plan import Made, Plan
from cutaway.errors import BadSetting, WorkerLost
from cutaway.network.workers import one_thread

__all__ = ["ENGINES", "PATIENCE", "Engine", "engine_named", "packed"]

# From a plan, the shards to do and the number of workers to the shards, in any order.
Engine = Callable[[Plan, Sequence[int], int | None], Iterator[Made]]
ENGINES = ("serial", "processes", "ray")
# So often in a row may all workers die without a single shard done.
PATIENCE = 3
# Seconds after which a worker looks again whether the scan is still there.
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
        from cutaway.dataset.ray_engine import ray_engine

        return ray_engine(name.partition(":")[2] or None)
    raise BadSetting(
        f"engine takes {', '.join(ENGINES)}, got {name!r}. A Ray cluster by its address: ray:ADDRESS"
    )


def serial(plan: Plan, numbers: Sequence[int], workers: int | None = None) -> Iterator[Made]:
    """Do one shard after the other, here."""
    for number in numbers:
        with one_thread():
            made = plan.make(number)
        yield made


def processes(plan: Plan, numbers: Sequence[int], workers: int | None = None) -> Iterator[Made]:
    """Do shards in several processes of one thread each; a process that dies is replaced, and its shards done again.

    Raises:
        WorkerLost: where they die again and again.
    """
    count = min(workers or os.cpu_count() or 1, len(numbers))
    if count < 2:
        yield from serial(plan, numbers)
        return
    todo, deaths, data = list(numbers), 0, packed(plan)
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


def packed(plan: Plan) -> bytes:
    """Write a plan for another process, with the classes of networks that it could not import.

    >>> from torch import nn
    >>> from cutaway.dataset.listing import Listing
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
        # A copy without what was found out about runs: each worker finds that out for itself.
        data: bytes = cloudpickle.dumps(replace(plan, network=replace(plan.network)))
    except Exception as error:
        raise BadSetting(
            f"{plan.network.name} cannot be sent to other processes ({type(error).__name__}: {error}). "
            "Give engine='serial'"
        ) from error
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)
    return data


_plan: Plan | None = None


def _open(data: bytes, parent: int) -> None:
    global _plan
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    torch.set_num_threads(1)
    _plan = pickle.loads(data)


def _die_with(parent: int) -> None:
    """End this worker when the scan is gone: one that was killed could not tell its workers."""
    while os.getppid() == parent:
        time.sleep(_GLANCE)
    os._exit(1)


def _make(number: int) -> Made:
    assert _plan is not None
    return _plan.make(number)
