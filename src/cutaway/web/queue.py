"""Jobs: kept on the disk, done one after the other in a process that may die."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutaway.errors import BadSetting
from cutaway.web.desk import Opening
from cutaway.web.disk import size_of
from cutaway.web.hands import Hand
from cutaway.web.kinds import KINDS_SHOWN
from cutaway.web.records import ENDED, Record, Records, job_id

__all__ = ["MOST_KEPT", "MOST_PARKED", "Queue"]

# Seconds that a cancelled job has to come to its next step before its process is ended; one that keeps what it has
# may be in the middle of a long step, and looks at its pictures once more.
GRACE, GRACE_SHOWN = 4.0, 40.0
MOST_KEPT = 400
"""Finished jobs whose results stay on the disk."""
MOST_PARKED = 2
"""Paused jobs that stay in memory, each in its process; of further ones the oldest begins anew when it goes on."""


class Queue:
    """The jobs of one folder.

    What was queued or running when the server ended is done when it is back; what was paused is paused. A job that
    takes its process with it has failed; the next one gets a new process. While a job is paused, others are done.

    Args:
        folder: of the table, the results and what runs show.
        opening: what the worker opens.
    """

    def __init__(self, folder: Path, opening: Opening) -> None:
        self._results, self._runs = folder / "results", folder / "runs"
        for one in (self._results, self._runs):
            one.mkdir(parents=True, exist_ok=True)
        self._opening = opening
        self.records = Records(folder / "jobs.sqlite")
        self.records.requeue()
        self._changed = threading.Condition(threading.RLock())
        self._closing = False
        self._hand: Hand | None = None
        self._parked: dict[str, Hand] = {}
        self._began: dict[str, float] = {}
        # Jobs that were told to end, and those of them that somebody has asked for anew since.
        self._ending: set[str] = set()
        self._wanted: set[str] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add(self, kind: str, settings: Mapping[str, Any]) -> Record:
        """Queue a job; one that was done before is there at once, one that is just being cancelled is done again."""
        with self._changed:
            before = self.records.find(job_id(kind, settings))
            record = self.records.add(kind, settings)
            new = before is None or before.state in ("failed", "cancelled")
            if record.state == "done" and not self.result(record.id).is_file():
                self.records.set(record.id, state="queued")
                record, new = self.records.get(record.id), True
            if new:
                self._clear(record.id)
            if record.id in self._ending:
                self._wanted.add(record.id)
            self._changed.notify_all()
        return record

    def result(self, name: str) -> Path:
        """Give where a job's result lies, when it is done."""
        return self._results / f"{name}.bin"

    def run(self, name: str) -> Path:
        """Give the folder of what a job shows: its steps and pictures."""
        return self._runs / name

    def cancel(self, name: str) -> Record:
        """Stop a job at its next step, or take it out of the queue.

        Raises:
            BadSetting: where there is none.
        """
        with self._changed:
            record = self.records.get(name)
            hand = self._hand_of(name)
            if hand is not None:
                hand.send(cancel=name)
                self._ending.add(name)
                self._wanted.discard(name)
                grace = GRACE_SHOWN if record.kind in KINDS_SHOWN else GRACE
                timer = threading.Timer(grace, self._end, (hand, name, hand.turn))
                timer.daemon = True
                timer.start()
            elif record.state in ("queued", "paused"):
                self.records.set(name, state="cancelled")
            self._changed.notify_all()
        return self.records.get(name)

    def pause(self, name: str) -> Record:
        """Let a job wait at its next step, or in the queue; others go on.

        Raises:
            BadSetting: where there is none.
        """
        with self._changed:
            record = self.records.get(name)
            if record.state == "queued":
                self.records.set(name, state="paused")
            elif record.state == "running" and self._hand is not None and self._hand.job == name:
                self._hand.send(pause=name)
        return self.records.get(name)

    def go_on(self, name: str) -> Record:
        """Let a paused job go on when it is its turn: where it was, if its process is there still.

        Raises:
            BadSetting: where there is none.
        """
        with self._changed:
            record = self.records.get(name)
            if record.state == "paused":
                self.records.set(name, state="queued")
            elif record.state == "running" and self._hand is not None:
                self._hand.send(unpause=name)
            self._changed.notify_all()
        return self.records.get(name)

    def forget(self, name: str) -> int:
        """Remove a job that has ended, and what it made; gives the bytes that this frees.

        Raises:
            BadSetting: where there is none, or it has not ended.
        """
        with self._changed:
            if self.records.get(name).state not in ENDED:
                raise BadSetting("this job has not ended: cancel it first")
            freed = self.size(name)
            self._clear(name)
            self.records.forget(name)
        return freed

    def size(self, name: str) -> int:
        """Tell how many bytes of the disk a job's result, steps and pictures take."""
        return size_of(self.result(name)) + size_of(self.run(name))

    def sizes(self) -> dict[str, int]:
        """Tell how many bytes of the disk all results take, and all steps and pictures."""
        return {"result_bytes": size_of(self._results), "frame_bytes": size_of(self._runs)}

    @property
    def hand(self) -> Hand | None:
        """The process that is at work, or ready for the next job."""
        return self._hand

    def close(self) -> None:
        """End the workers; what they were at is done when the server is back."""
        with self._changed:
            self._closing = True
            hands = [*self._parked.values(), *([self._hand] if self._hand is not None else [])]
            self._changed.notify_all()
        self._thread.join(5)
        for hand in hands:
            hand.close()
        self.records.close()

    def _hand_of(self, name: str) -> Hand | None:
        if name in self._parked:
            return self._parked[name]
        return self._hand if self._hand is not None and self._hand.job == name else None

    def _serve(self) -> None:
        """Give the next job to the process, whenever both are ready."""
        with self._changed:
            while True:
                busy = self._hand is not None and self._hand.job
                job = None if busy or self._closing else self.records.waiting()
                if self._closing:
                    return
                if job is None:
                    self._changed.wait()
                    continue
                try:
                    self._begin(job)
                except OSError as error:  # no process, no memory for one, no room in the table
                    self.records.set(job.id, state="failed", message=f"it could not be begun: {error}")

    def _begin(self, job: Record) -> None:
        parked = self._parked.pop(job.id, None)
        if parked is not None:
            if self._hand is not None:
                self._hand.kill()
            self._hand = parked
        elif self._hand is None:
            self._hand = Hand(self._opening, self._hear, self._over)
        self._hand.job = job.id
        self._hand.turn += 1
        self._began[job.id] = time.monotonic()
        self.records.set(job.id, state="running")
        if parked is not None:
            parked.send(go=job.id)
            return
        places = {"result": str(self.result(job.id)), "run": str(self.run(job.id))}
        self._hand.send(do=job.id, kind=job.kind, settings=job.settings, **places)

    def _hear(self, hand: Hand, told: dict[str, Any]) -> None:
        name = told.pop("id")
        with self._changed:
            if self._closing or hand.job != name:
                return
            if told["state"] == "paused":
                self._park(hand, name)
            if told["state"] in ENDED:
                self._ended(hand, name)
                told = self._told_in_the_end(name, told)
            self.records.set(name, **told)
            if told["state"] in ENDED:
                self._forget_old(name)
            self._changed.notify_all()

    def _park(self, hand: Hand, name: str) -> None:
        self._count_seconds(name)
        self._parked[name] = hand
        if self._hand is hand:
            self._hand = None
        while len(self._parked) > MOST_PARKED:
            self._parked.pop(next(iter(self._parked))).kill()

    def _ended(self, hand: Hand, name: str) -> None:
        self._count_seconds(name)
        hand.job = ""
        if self._parked.pop(name, None) is not None:
            if self._hand is None:
                self._hand = hand
            else:
                hand.kill()

    def _over(self, hand: Hand, how: str) -> None:
        """Hear that a process has ended: what it was at has failed, unless somebody wanted its end."""
        with self._changed:
            if self._closing:
                return
            if self._hand is hand:
                self._hand = None
            elif self._parked.get(hand.job) is hand:
                del self._parked[hand.job]
            else:
                return  # one that was put away
            if hand.job:
                name = hand.job
                self._count_seconds(name)
                if self.records.get(name).message == "cancelled":
                    told = {"state": "cancelled", "message": ""}
                else:
                    why = f"the process that did it ended ({how}). Was there memory enough? Other jobs go on"
                    told = {"state": "failed", "message": why}
                self.records.set(name, **self._told_in_the_end(name, told))
            self._changed.notify_all()

    def _told_in_the_end(self, name: str, told: dict[str, Any]) -> dict[str, Any]:
        """Add what a job takes on the disk; one that was cancelled, and then asked for, is queued again."""
        self._ending.discard(name)
        if name in self._wanted:
            self._wanted.discard(name)
            if told["state"] == "cancelled":
                self._clear(name)
                return {"state": "queued", "what": "", "done": 0, "total": 0, "message": ""}
        return told | {"bytes": self.size(name)}

    def _count_seconds(self, name: str) -> None:
        if (began := self._began.pop(name, None)) is not None:
            ran = self.records.get(name).seconds + time.monotonic() - began
            self.records.set(name, seconds=round(ran, 3))

    def _end(self, hand: Hand, name: str, turn: int) -> None:
        """End a worker that did not come to a step in time."""
        with self._changed:
            if (hand.job, hand.turn) == (name, turn) and self._hand_of(name) is hand and not self._closing:
                self.records.set(name, message="cancelled")
                hand.kill()

    def _clear(self, name: str) -> None:
        self.result(name).unlink(missing_ok=True)
        shutil.rmtree(self.run(name), ignore_errors=True)

    def _forget_old(self, spared: str) -> None:
        ended = [one for one in self.records.all() if one.state in ENDED]
        kept = 0
        for place, old in enumerate(ended):
            kept += old.bytes
            if old.id != spared and (place >= MOST_KEPT or (place and kept > self._opening.disk)):
                self.forget(old.id)
