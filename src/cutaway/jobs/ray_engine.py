"""A job on Ray: actors, each with the network, that pull shards; on this machine or on a cluster."""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from cutaway.errors import BadSetting, WorkerLost
from cutaway.jobs.engines import PATIENCE, Engine, packed
from cutaway.jobs.job import Job, Made

__all__ = ["ray_engine"]

_STORE = 500 << 20
_log = logging.getLogger("cutaway")


def ray_engine(address: str | None = None) -> Engine:
    """Give the engine that runs on Ray.

    Args:
        address: of a cluster ("auto", "host:6379", "ray://…"), whose machines find files (photos) at the same path;
            None starts Ray here, or takes the one that runs in this process.

    Raises:
        BadSetting: where Ray is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise BadSetting(
            'engine="ray" needs Ray: pip install "cutaway[ray]"; or engine="processes"'
        ) from error

    def run(job: Job, numbers: Sequence[int], workers: int | None = None) -> Iterator[Made]:
        gpu = job.device.type == "cuda"
        own = not ray.is_initialized()
        if own:
            _start(ray, address, workers)
        try:
            per_machine = "GPU" if gpu else "CPU"
            most = int(ray.cluster_resources().get(per_machine, 1))
            count = max(1, min(workers or most, most, len(numbers)))
            kind = ray.remote(num_cpus=1, num_gpus=int(gpu), max_restarts=0)(_Maker)
            data = ray.put(packed(job))
            yield from _pulled(ray, lambda: kind.remote(data), numbers, count)
        finally:
            if own:
                ray.shutdown()

    return run


def _start(ray: Any, address: str | None, workers: int | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    # Actors of this machine find what this process finds.
    paths = os.pathsep.join(path for path in sys.path if path)
    here: dict[str, Any] = (
        {}
        if address
        else {
            "num_cpus": workers or os.cpu_count(),
            "include_dashboard": False,
            "object_store_memory": _STORE,
            "runtime_env": {"env_vars": {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}},
        }
    )
    try:
        ray.init(address=address, **quiet, **here)
    except Exception as error:
        where = f"the Ray cluster {address}" if address else "Ray"
        raise BadSetting(f"{where} cannot be started or reached: {' '.join(str(error).split())}") from error


def _pulled(ray: Any, make_actor: Any, numbers: Sequence[int], count: int) -> Iterator[Made]:
    """Let each actor have one shard at a time; one that dies is replaced, and its shard given out again."""
    todo, deaths = list(reversed(numbers)), 0
    running: dict[Any, tuple[Any, int]] = {}

    def give(actor: Any) -> None:
        if todo:
            number = todo.pop()
            running[actor.make.remote(number)] = (actor, number)

    for _ in range(count):
        give(make_actor())
    while running:
        (done,), _ = ray.wait(list(running), num_returns=1)
        actor, number = running.pop(done)
        try:
            made: Made = ray.get(done)
        except ray.exceptions.RayActorError as error:
            deaths += 1
            if deaths == PATIENCE * count:  # one fault may end all of them at once
                raise WorkerLost(
                    f"{deaths} Ray actors in a row were lost without one shard done: {error}"
                ) from error
            _log.warning("a Ray actor was lost; its shard goes to a new one")
            todo.append(number)
            give(make_actor())
            continue
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        deaths = 0
        give(actor)
        yield made


class _Maker:
    """One actor: the job, opened once."""

    def __init__(self, data: bytes) -> None:
        torch.set_num_threads(1)
        self._job: Job = pickle.loads(data)

    def make(self, number: int) -> Made:
        return self._job.make(number)
