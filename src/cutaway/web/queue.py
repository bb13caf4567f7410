"""Jobs: kept on the disk, done one after the other in a process that may die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cutaway
from cutaway.web.desk import Opening
from cutaway.web.records import ENDED, Record, Records

__all__ = ["MOST_KEPT", "Queue"]

# Seconds that a cancelled job has to come to its next step before its process is ended.
GRACE = 4.0
MOST_KEPT = 400
"""Finished jobs whose results stay on the disk."""


class Queue:
    """The jobs of one folder.

    What was queued or running when the server ended is done when it is back. A job that takes its process with it has
    failed; the next one gets a new process.

    Args:
        folder: of the table and the results.
        opening: what the worker opens.
    """

    def __init__(self, folder: Path, opening: Opening) -> None:
        self._results = folder / "results"
        self._results.mkdir(parents=True, exist_ok=True)
        self._opening = opening
        self.records = Records(folder / "jobs.sqlite")
        self.records.requeue()
        self._changed = threading.Condition()
        self._running = ""
        self._closing = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add(self, kind: str, settings: Mapping[str, Any]) -> Record:
        """Queue a job; one that was done before is there at once."""
        with self._changed:
            record = self.records.add(kind, settings)
            if record.state == "done" and not self.result(record.id).is_file():
                self.records.set(record.id, state="queued")
                record = self.records.get(record.id)
            self._changed.notify_all()
        return record

    def result(self, name: str) -> Path:
        """Give where a job's result lies, when it is done."""
        return self._results / f"{name}.bin"

    def cancel(self, name: str) -> Record:
        """Stop a job at its next step, or take it out of the queue.

        Raises:
            BadSetting: where there is none.
        """
        with self._changed:
            record = self.records.get(name)
            if record.state == "queued":
                self.records.set(name, state="cancelled")
            elif record.state == "running" and self._running == name and self._process is not None:
                process = self._process
                self._send(process, {"cancel": name})
                timer = threading.Timer(GRACE, self._end, (process, name))
                timer.daemon = True
                timer.start()
            self._changed.notify_all()
        return self.records.get(name)

    def close(self) -> None:
        """End the worker; what it was at is done when the server is back."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
            process = self._process
        if process is not None:
            process.kill()
        self._thread.join(5)
        if process is not None:
            _over(process)
        self.records.close()

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._closing.is_set() and (job := self.records.waiting()) is None:
                    self._changed.wait()
                if self._closing.is_set():
                    return
                assert job is not None
                process = self._started()
                self._running = job.id
                self.records.set(job.id, state="running")
                message = {"do": job.id, "kind": job.kind, "settings": job.settings}
                self._send(process, {**message, "result": str(self.result(job.id))})
            began = time.monotonic()
            self._follow(process, job)
            with self._changed:
                self._running = ""
                if self._closing.is_set():
                    return
                self.records.set(job.id, seconds=round(time.monotonic() - began, 3))
                self._forget_old()
                self._changed.notify_all()

    def _follow(self, process: subprocess.Popen[str], job: Record) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            name = told.pop("id")
            self.records.set(name, **told)
            if name == job.id and told["state"] in ENDED:
                return
        code = _over(process)
        with self._changed:
            self._process = None
            if self._closing.is_set():
                return
        if self.records.get(job.id).message == "cancelled":
            self.records.set(job.id, state="cancelled", message="")
            return
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        message = f"the process that did it ended ({how}). Was there memory enough? Other jobs go on"
        self.records.set(job.id, state="failed", message=message)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            home = str(Path(cutaway.__file__).parents[1])
            around = os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cutaway.web.worker", json.dumps(self._opening.told())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=around,
            )
        return self._process

    def _send(self, process: subprocess.Popen[str], message: Mapping[str, Any]) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # a process that is gone is noticed where its output is read
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()

    def _end(self, process: subprocess.Popen[str], name: str) -> None:
        """End a worker that did not come to a step in time."""
        with self._changed:
            if self._running == name and self._process is process:
                self.records.set(name, message="cancelled")
                process.kill()

    def _forget_old(self) -> None:
        ended = [one for one in self.records.all() if one.state in ENDED]
        for old in ended[MOST_KEPT:]:
            self.result(old.id).unlink(missing_ok=True)
            self.records.forget(old.id)


def _over(process: subprocess.Popen[str]) -> int:
    """Close what led to a process that has ended, and give its exit code."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # what was still to be written has nobody to read it
            if pipe is not None:
                pipe.close()
    return process.wait()
