"""The process that does jobs: a line of JSON comes in, lines of JSON go out, results and previews lie in files.

It is a process of its own so that a crash, or memory running out, ends one job and not the server. What it is told:

    {"do": id, "kind": "map", "settings": {…}, "result": "where to write it", "run": "folder for steps and pictures"}
    {"cancel": id}    with the next step
    {"pause": id}     with the next step; {"unpause": id} where it has not come to that yet
    {"go": id}        a paused one goes on

What it tells: {"id", "state": "running", "what", "done", "total"} as often as the methods report, "paused" where it
waits to go on, then one of {"id", "state": "done" | "cancelled" | "failed", "message"}. It ends when its input does:
with the server, however that ended.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from functools import partial
from pathlib import Path
from typing import IO, Any

from cutaway.errors import CutawayError, OutOfMemory
from cutaway.network.inputs import short_of_memory
from cutaway.network.memory import memory
from cutaway.network.progress import watched
from cutaway.synthesis.scores import scores_heard
from cutaway.view.atomic import published
from cutaway.web.ceiling import held_below
from cutaway.web.desk import Desk, Opening
from cutaway.web.kinds import done
from cutaway.web.run import Run

__all__ = ["main"]

# Seconds between two reports of how far a job is.
_OFTEN = 0.1


class _Cancelled(BaseException):
    """Raised where a method reports a step, so that everything it opened is put back on the way out."""


class _Worker:
    def __init__(self, opening: Opening, told: IO[str]) -> None:
        self._told = told
        self._changed = threading.Condition()
        self._cancelled: set[str] = set()
        self._pausing: set[str] = set()
        self._waits = ""
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._opening = opening

    def listen(self) -> None:
        """Take what comes in; end the process where nothing more can come."""
        for line in sys.stdin:
            message = json.loads(line)
            with self._changed:
                if "do" in message:
                    # What was still to be heard of the same job, done before, is not of this one.
                    self._cancelled.discard(message["do"])
                    self._pausing.discard(message["do"])
                    self._waiting.put(message)
                elif "cancel" in message:
                    self._cancelled.add(message["cancel"])
                elif "pause" in message:
                    self._pausing.add(message["pause"])
                elif "unpause" in message:
                    self._pausing.discard(message["unpause"])
                elif message.get("go") == self._waits:
                    self._waits = ""
                self._changed.notify_all()
        os._exit(0)

    def work(self) -> None:
        """Do one job after the other."""
        desk: Desk | None = None
        while True:
            job = self._waiting.get()
            name = job["do"]
            run = Run(Path(job["run"]), partial(self._is_cancelled, name))
            try:
                desk = desk or Desk(self._opening)
                hear = self._listener(name, job["kind"], run)
                with watched(hear), scores_heard(run.scored):
                    result = done(desk, job["kind"], job["settings"], run)
                published(Path(job["result"]), result)
                self._tell(name, "cancelled" if name in self._cancelled else "done")
            except (_Cancelled, KeyboardInterrupt):
                self._tell(name, "cancelled")
            except MemoryError:
                self._tell(name, "failed", message=_SHORT)
            except CutawayError as error:
                self._tell(name, "failed", message=f"{type(error).__name__}: {error}")
            except Exception as error:
                if short_of_memory(error):
                    self._tell(name, "failed", message=_SHORT)
                else:
                    traceback.print_exc()
                    self._tell(name, "failed", message=f"this is a bug: {type(error).__name__}: {error}")
            with self._changed:
                self._cancelled.discard(name)
                self._pausing.discard(name)
            gc.collect()  # a stopped ascent leaves circles that hold its images

    def _is_cancelled(self, job: str) -> bool:
        return job in self._cancelled

    def _listener(self, job: str, kind: str, run: Run) -> Any:
        last = 0.0

        def hear(what: str, done: int, total: int) -> None:
            nonlocal last
            run.heard(what)
            if job in self._pausing:
                self._wait(job)
            if job in self._cancelled and not run.steps:
                # A run that has steps is stopped by its preview; a report keeps its sections, as after Ctrl-C.
                raise KeyboardInterrupt if kind == "report" else _Cancelled
            if (now := time.monotonic()) - last >= _OFTEN or done == total:
                last = now
                self._tell(job, "running", what=what, done=done, total=total)

        hear("", 0, 0)
        return hear

    def _wait(self, job: str) -> None:
        """Stay here until the job goes on, or is cancelled."""
        with self._changed:
            if job not in self._pausing or job in self._cancelled:
                return
            self._pausing.discard(job)
            self._waits = job
            self._tell(job, "paused")
            while self._waits == job and job not in self._cancelled:
                self._changed.wait()
            self._waits = ""

    def _tell(self, job: str, state: str, **more: object) -> None:
        self._told.write(json.dumps({"id": job, "state": state, **more}) + "\n")
        self._told.flush()


_SHORT = str(
    OutOfMemory("OutOfMemory: there was not enough memory for it: take a smaller size. Other jobs go on")
)


def main() -> None:
    """Work until the server goes away. Its settings are the one argument, as JSON."""
    # Ctrl-C reaches every process of the terminal; the server decides what becomes of this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a network prints must not get between the lines that the server reads.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the page's own answers come first
    opening = Opening(**json.loads(sys.argv[1]))
    worker = _Worker(opening, told)
    threading.Thread(target=worker.listen, daemon=True).start()
    with memory(held_below(opening.memory)):
        worker.work()


if __name__ == "__main__":
    main()
