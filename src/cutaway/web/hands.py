"""A process that does jobs, seen from the server: what it is told, what it tells, and how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cutaway
from cutaway.web.desk import Opening

__all__ = ["Hand"]


class Hand:
    """A worker's process, and a thread that hears it.

    Args:
        opening: what it opens.
        hear: called with each of its messages.
        over: called when it has ended, with how, in words.

    What it is at is `job`; `turn` counts the jobs that it was given.
    """

    def __init__(
        self,
        opening: Opening,
        hear: Callable[[Hand, dict[str, Any]], None],
        over: Callable[[Hand, str], None],
    ) -> None:
        self.job = ""
        self.turn = 0
        self._hear, self._over = hear, over
        home = str(Path(cutaway.__file__).parents[1])
        around = os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cutaway.web.worker", json.dumps(opening.told())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=around,
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, **message: Any) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # one that is gone is noticed where its output ends
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """End it, and wait until nothing of it is left."""
        self.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join(5)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                told: Mapping[str, Any] = json.loads(line)
                self._hear(self, dict(told))
        finally:  # what nobody hears must not go on
            self._process.kill()
            self._gone()

    def _gone(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written has nobody to read it
                if pipe is not None:
                    pipe.close()
        code = self._process.wait()
        self._over(self, signal.Signals(-code).name if code < 0 else f"code {code}")
