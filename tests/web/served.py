"""A running explorer, as a person starts it, and plain requests to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CAT = ROOT / "examples" / "photos" / "chelsea.png"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """`cutaway serve` in a process of its own, on a free port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        around = {
            name: value for name, value in os.environ.items() if not name.startswith(("CUTAWAY_", "PYTEST_"))
        }
        around |= {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
        words = [
            "-m",
            "cutaway",
            "serve",
            "--port",
            "0",
            "--no-browser",
            "--device",
            "cpu",
            "--folder",
            str(folder),
        ]
        self.process = subprocess.Popen(
            [sys.executable, *words, *options],
            env=around,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_hears_ctrl_c,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        if not self.line:
            raise AssertionError(self.process.communicate()[1])
        self.url = self.line.split()[0]
        self.token = self.url.partition("token=")[2]
        self.port = int(self.url.split(":")[2].partition("/")[0])
        self.base = f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, key: bool = True, **headers: str
    ) -> Answer:
        """Ask as a script does: with the token, unless `key` is false."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            given["authorization"] = f"Bearer {self.token}"
        try:
            link.request(method, path, body=body, headers=given)
            answer = link.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            link.close()

    def photo(self, data: bytes | None = None) -> str:
        """Give a photo; the example's cat by default."""
        return self.ask("POST", "/api/photos", CAT.read_bytes() if data is None else data).json["id"]

    def cookie(self) -> str:
        """Exchange the token for the cookie."""
        return self.ask("GET", f"/?token={self.token}", key=False).headers["set-cookie"].partition(";")[0]

    def stop(self) -> int:
        """Press Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode


def until(what: Callable[[], Any], seconds: float = 300.0) -> Any:
    """Ask again and again until there is something; give it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def _hears_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
