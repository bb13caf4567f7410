"""What is known of each job, in one file that survives the server."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cutaway.errors import BadSetting
from cutaway.web.disk import ids_in

__all__ = ["ENDED", "Record", "Records", "job_id"]

ENDED = ("done", "failed", "cancelled")
_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, settings TEXT NOT NULL,
  state TEXT NOT NULL, what TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0, given REAL NOT NULL,
  bytes INTEGER NOT NULL DEFAULT 0)
"""
_COLUMNS = "id, kind, settings, state, what, done, total, message, seconds, given, bytes"


def job_id(kind: str, settings: Mapping[str, Any]) -> str:
    """Name a job by what it is, so that asking twice is one job.

    >>> job_id("map", {"a": 1, "b": 2}) == job_id("map", {"b": 2, "a": 1})
    True
    """
    text = json.dumps([kind, dict(settings)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """What is known of one job.

    Args:
        id: its name.
        kind: out of `kinds.KINDS` and `kinds.KINDS_SHOWN`.
        settings: what it was given.
        state: queued, running, paused, done, failed or cancelled.
        what: is counted.
        done: how many of them are done.
        total: of how many; 0 where it is not known.
        message: why it failed.
        seconds: that it ran.
        given: when it was asked for, in seconds since 1970.
        bytes: of the disk, that what it made takes; known when it has ended.
    """

    id: str
    kind: str
    settings: dict[str, Any]
    state: str
    what: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    seconds: float = 0.0
    given: float = 0.0
    bytes: int = 0

    def told(self) -> dict[str, Any]:
        """Give it for the page."""
        return asdict(self)


class Records:
    """A table of jobs.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute(_TABLE)
        known = [row[1] for row in self._file.execute("PRAGMA table_info(jobs)")]
        if "bytes" not in known:  # a table of an earlier version
            self._file.execute("ALTER TABLE jobs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0")

    def add(self, kind: str, settings: Mapping[str, Any]) -> Record:
        """Put a job at the end of the queue; one that is there and has not failed stays as it is.

        >>> from tempfile import mkdtemp
        >>> records = Records(Path(mkdtemp()) / "jobs.sqlite")
        >>> records.add("map", {"a": 1}).state, records.waiting().settings
        ('queued', {'a': 1})
        """
        name = job_id(kind, settings)
        with self._lock:
            known = self.find(name)
            if known is not None and known.state not in ("failed", "cancelled"):
                return known
            self._file.execute("DELETE FROM jobs WHERE id = ?", (name,))
            self._file.execute(
                "INSERT INTO jobs (id, kind, settings, state, given) VALUES (?, ?, ?, 'queued', ?)",
                (name, kind, json.dumps(dict(settings), sort_keys=True), time.time()),
            )
            return self.get(name)

    def set(self, name: str, **fields: object) -> None:
        """Change what is known of a job."""
        columns = ", ".join(f"{column} = ?" for column in fields)
        with self._lock:
            self._file.execute(f"UPDATE jobs SET {columns} WHERE id = ?", (*fields.values(), name))

    def forget(self, name: str) -> None:
        """Take a job out of the table."""
        with self._lock:
            self._file.execute("DELETE FROM jobs WHERE id = ?", (name,))

    def find(self, name: str) -> Record | None:
        """Tell of one job, None where there is none."""
        return next(iter(self._rows("WHERE id = ?", name)), None)

    def get(self, name: str) -> Record:
        """Tell of one job.

        Raises:
            BadSetting: where there is none.
        """
        found = self.find(name)
        if found is None:
            raise BadSetting(f"there is no job {name!r}, or no longer")
        return found

    def waiting(self) -> Record | None:
        """Give the job that is next."""
        return next(iter(self._rows("WHERE state = 'queued' ORDER BY place LIMIT 1")), None)

    def all(self) -> list[Record]:
        """List the jobs, the newest first."""
        return self._rows("ORDER BY place DESC")

    def photos(self) -> frozenset[str]:
        """List the photos that jobs are of."""
        return frozenset(photo for one in self.all() for photo in ids_in(one.settings))

    def requeue(self) -> None:
        """Put what was running when the server ended back into its place in the queue."""
        with self._lock:
            self._file.execute(
                "UPDATE jobs SET state = 'queued', done = 0, total = 0 WHERE state = 'running'"
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _rows(self, where: str, *values: object) -> list[Record]:
        with self._lock:
            rows = self._file.execute(f"SELECT {_COLUMNS} FROM jobs {where}", values).fetchall()
        return [Record(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]
