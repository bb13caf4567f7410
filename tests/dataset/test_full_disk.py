"""A disk that takes no more: one line, what was done is whole, and the same command goes on once there is room.

On a real disk of 200 kB in memory where the system lets one be mounted (as root); elsewhere a limit on the size of
files stands for it, which ends in the same error.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import cutaway as cw
from cutaway.dataset.store import index_store

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
sys.argv[0] = "cutaway"
from cutaway.cli import main
main()
"""


@pytest.fixture
def disk(tmp_path) -> Iterator[Path | None]:
    """A disk of 200 kB; None where none can be had."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True, check=False
    )
    mounted = bool(done) and done.returncode == 0
    yield place if mounted else None
    if mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_takes_no_more(disk, album, tmp_path, python):
    index = (disk or tmp_path) / "index"
    scan = ("scan", str(album), "--layers", "fire2", "--engine", "serial", "--out", str(index))
    run = ("-m", "cutaway") if disk else ("-c", LIMITED)
    told = python(*run, *scan)
    assert told.returncode == 1
    (line,) = told.stderr.splitlines()
    why = "No space left on device" if disk else "File too large"
    assert f"takes no more: {why}" in line
    assert line.endswith("make room and give the same command again")
    assert not list(index.rglob(".cutaway-*"))
    store = index_store(index)
    # Two shards: the first one finds room on the disk.
    assert [store.is_done(number) for number in (0, 1)] == [bool(disk), False]
    if disk:
        subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
    assert python("-m", "cutaway", *scan).returncode == 0
    right = cw.scan("squeezenet1_1", album, tmp_path / "right", layers="fire2", engine="serial")
    for path in right.folder.rglob("*.*"):
        if path.name != ".lock":
            assert (index / path.relative_to(right.folder)).read_bytes() == path.read_bytes()
