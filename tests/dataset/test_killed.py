"""A scan killed at random moments, and taken up again, gives the same bytes."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from filelock import FileLock
from torch import nn

from cutaway.dataset.listing import Listing
from cutaway.dataset.scan import fold, planned
from cutaway.dataset.store import index_store
from cutaway.jobs.engines import serial

KILLS = 30
# A process for each attempt would need the time of importing torch; forking the tests' own process would copy its
# threads' locks and its tests. So one small process imports torch, runs nothing, and forks a scan for each line that it
# is given: the seconds after which the scan is killed, or "whole". It alone waits for it, so that no other is killed.
FORKS = """
import json, os, signal, sys, time
sys.path.insert(0, sys.argv[3])
import torch
torch.set_num_threads(1)
import PIL.PngImagePlugin
import tests.dataset.conftest
from tests.dataset.test_killed import small_shards
for line in sys.stdin:
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            small_shards(sys.argv[1], sys.argv[2])
            os._exit(0)
        finally:
            os._exit(1)
    if line.strip() != "whole":
        time.sleep(float(line))
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    told = {"exit": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - start}
    print(json.dumps(told), flush=True)
"""


def small_shards(album: str | Path, folder: str | Path) -> None:
    """Scan in nine shards: more moments to be killed at."""
    from tests.dataset.conftest import tiny

    plan = replace(planned(tiny(), Listing.of(album), top=5, batch=4), shard=8)
    fold(plan, index_store(Path(folder)), serial)


def whole(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_killed_at_thirty_random_moments_it_ends_the_same(album, tmp_path, root):
    small_shards(album, tmp_path / "right")
    right, source, index = whole(tmp_path / "right"), random.Random(3), tmp_path / "index"
    total = sum(name.endswith(".safetensors") for name in right)
    around = {
        name: value for name, value in os.environ.items() if not name.startswith(("CUTAWAY_", "PYTEST_"))
    }
    with subprocess.Popen(
        [sys.executable, "-c", FORKS, str(album), str(index), str(root)],
        env=around | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def asked(line: str) -> dict[str, float]:
            server.stdin.write(f"{line}\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        done = asked("whole")
        assert done["exit"] == 0
        assert whole(index) == right
        shutil.rmtree(index)
        halfway = kills = attempts = 0
        while kills < KILLS:
            attempts += 1
            assert attempts < 20 * KILLS
            told = asked(str(source.random() * done["seconds"]))
            shards = len(list(index.glob("shards/[0-9]*.json")))
            kills += told["exit"] == -9
            halfway += told["exit"] == -9 and 0 < shards < total
            assert told["exit"] in (-9, 0)
            if shards == total:  # whole, killed after its last shard or not: the next one begins anew
                assert whole(index) == right
                shutil.rmtree(index)
        assert asked("whole")["exit"] == 0
        server.stdin.close()
    assert whole(index) == right
    assert halfway >= KILLS // 3


class Waits(nn.Module):
    """Says that a worker is at work, and keeps it there."""

    def __init__(self, inner: nn.Module, folder: str, parent: int) -> None:
        super().__init__()
        self.inner, self.folder, self.parent = inner, folder, parent

    def forward(self, x):
        if os.getpid() != self.parent:
            lock = FileLock(Path(self.folder) / f"{os.getpid()}.lock")
            lock.acquire()  # the system lets go of it when the process is gone
            (Path(self.folder) / f"{os.getpid()}.held").touch()
            time.sleep(600)
        return self.inner(x)


PARENT = """
import os, sys
sys.path.insert(0, sys.argv[4])
import cloudpickle
import cutaway as cw
from tests.dataset import test_killed
from tests.dataset.conftest import tiny
cloudpickle.register_pickle_by_value(test_killed)
net = tiny()
slow = cw.Network(test_killed.Waits(net.module, sys.argv[3], os.getpid()), net.preprocessing, classes=net.classes)
cw.scan(slow, sys.argv[1], sys.argv[2], engine="processes", workers=2)
"""


def test_the_workers_of_a_killed_scan_end(album, tmp_path, root):
    held = tmp_path / "held"
    held.mkdir()
    arguments = [str(path) for path in (album, tmp_path / "index", held, root)]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments], env=os.environ | {"PYTHONPATH": str(root / "src")}
    ) as scan:
        try:
            while len(list(held.glob("*.held"))) < 2:
                assert scan.poll() is None
                time.sleep(0.05)
        finally:
            scan.kill()
    for path in held.glob("*.lock"):
        FileLock(path).acquire(timeout=60)
