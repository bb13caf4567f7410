"""The process that does jobs: a line of JSON comes in, lines of JSON go out, the result lies in a file.

It is a process of its own so that a crash, or memory running out, ends one job and not the server. What it is told:

    {"do": id, "kind": "map", "settings": {…}, "result": "where to write it"}
    {"cancel": id}

What it tells: {"id", "state": "running", "what", "done", "total"} as often as the methods report, then one of
{"id", "state": "done" | "cancelled" | "failed", "message"}. It ends when its input does: with the server, however that
ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO, Any

from cutaway.errors import CutawayError, OutOfMemory
from cutaway.network.progress import watched
from cutaway.view.atomic import published
from cutaway.web.desk import Desk, Opening
from cutaway.web.kinds import done

__all__ = ["main"]

# Seconds between two reports of how far a job is.
_OFTEN = 0.1


class _Cancelled(BaseException):
    """Raised where a method reports a step, so that everything it opened is put back on the way out."""


class _Worker:
    def __init__(self, opening: Opening, told: IO[str]) -> None:
        self._told = told
        self._cancelled: set[str] = set()
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._opening = opening

    def listen(self) -> None:
        """Take what comes in; end the process where nothing more can come."""
        for line in sys.stdin:
            message = json.loads(line)
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self._waiting.put(message)
        os._exit(0)

    def work(self) -> None:
        """Do one job after the other."""
        desk: Desk | None = None
        while True:
            job = self._waiting.get()
            try:
                desk = desk or Desk(self._opening)
                with watched(self._listener(job["do"])):
                    result = done(desk, job["kind"], job["settings"])
                published(Path(job["result"]), result)
                self._tell(job["do"], "done")
            except _Cancelled:
                self._tell(job["do"], "cancelled")
            except MemoryError:
                self._tell(
                    job["do"], "failed", message=str(OutOfMemory("there was not enough memory for it"))
                )
            except CutawayError as error:
                self._tell(job["do"], "failed", message=f"{type(error).__name__}: {error}")
            except Exception as error:
                traceback.print_exc()
                self._tell(job["do"], "failed", message=f"this is a bug: {type(error).__name__}: {error}")
            self._cancelled.discard(job["do"])

    def _listener(self, job: str) -> Any:
        last = 0.0

        def hear(what: str, done: int, total: int) -> None:
            nonlocal last
            if job in self._cancelled:
                raise _Cancelled
            if (now := time.monotonic()) - last >= _OFTEN or done == total:
                last = now
                self._tell(job, "running", what=what, done=done, total=total)

        hear("", 0, 0)
        return hear

    def _tell(self, job: str, state: str, **more: object) -> None:
        self._told.write(json.dumps({"id": job, "state": state, **more}) + "\n")
        self._told.flush()


def main() -> None:
    """Work until the server goes away. Its settings are the one argument, as JSON."""
    # Ctrl-C reaches every process of the terminal; the server decides what becomes of this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a network prints must not get between the lines that the server reads.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the page's own answers come first
    worker = _Worker(Opening(**json.loads(sys.argv[1])), told)
    threading.Thread(target=worker.listen, daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
