"""Jobs that are too large, paused over a restart, or cancelled again and again; and what the disk may hold."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch.nn.modules import module as torch_module

from cutaway.errors import BadSetting
from cutaway.network.progress import watched
from cutaway.web.ceiling import check_ceiling
from cutaway.web.desk import Desk, Opening
from cutaway.web.disk import size_of
from cutaway.web.kinds import done
from cutaway.web.photos import Photos
from cutaway.web.queue import Queue
from cutaway.web.records import ENDED, Records
from cutaway.web.run import Run, frame_path, steps_path
from tests.web.served import CAT, Served, until

DREAM = {
    "model": "squeezenet1_1",
    "layer": "fire3.cat",
    "octaves": 2,
    "factor": 1.4,
    "steps": 3,
    "rate": 1.5,
    "jitter": 16,
    "size": 64,
    "frames": 1,
    "zoom": 1.05,
    "seed": 0,
}
# A network that takes a gigabyte for photos of more than 300 pixels, which nobody can know before.
GREEDY = """
import torch
from torch import nn
import cutaway as cw

class Greedy(nn.Sequential):
    def forward(self, x):
        if x.shape[2] > 300:
            x = x + 0 * x.repeat(1, 400, 1, 1).mean()
        return super().forward(x)

def build():
    torch.manual_seed(0)
    module = Greedy(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return cw.Network(module, cw.Preprocessing(size=224))
"""


def _state(queue: Queue, name: str, *states: str) -> str:
    return until(lambda: (found := queue.records.get(name).state) in states and found)


def _queue(folder: Path, **more: object) -> tuple[Queue, str]:
    opening = Opening(("squeezenet1_1",), str(folder), **more)
    photo = Photos(folder / "photos").add(CAT.read_bytes()).id
    return Queue(folder, opening), photo


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux holds the ceiling")
def test_a_job_that_is_too_large_fails_alone_below_the_ceiling(tmp_path):
    ceiling = 700 * 2**20
    mine = tmp_path / "greedy.py"
    mine.write_text(GREEDY)
    opening = Opening((f"{mine}:build",), str(tmp_path), memory=ceiling)
    queue = Queue(tmp_path, opening)
    photo = Photos(tmp_path / "photos").add(CAT.read_bytes()).id
    wanted = {"model": "", "photo": photo, "layers": ["0"], "steps": 2, "method": "fourier", "seed": 0}
    try:
        too_large = queue.add("invert", wanted | {"size": 400}).id
        small = queue.add("invert", wanted | {"size": 64}).id
        until(lambda: queue.hand)
        process = queue.hand.pid
        assert _state(queue, too_large, *ENDED) == "failed"
        assert "memory" in queue.records.get(too_large).message
        assert _state(queue, small, *ENDED) == "done", queue.records.get(small).message
        assert queue.hand.pid == process, "it came back from that"
        status = Path(f"/proc/{process}/status").read_text()
        taken = int(next(line for line in status.splitlines() if line.startswith("VmData")).split()[1]) * 1024
        assert taken <= ceiling
    finally:
        queue.close()


def test_a_ceiling_that_cannot_be_held_is_refused():
    check_ceiling(None)
    with pytest.raises(BadSetting, match="at least 512MB, got 100 MB"):
        check_ceiling(100 * 2**20)


def test_paused_jobs_stay_paused_when_the_server_was_killed(tmp_path):
    first = Served(tmp_path)
    photo = first.photo()

    def ask(served: Served, path: str, **body: object) -> dict:
        return served.ask("POST", path, json.dumps(body).encode(), content_type="application/json").json

    wanted = {"kind": "dream", "photo": photo, "layer": "fire3.cat", "octaves": 2, "size": 200}
    running = ask(first, "/api/studio", **wanted, steps=200)["id"]
    waiting = ask(first, "/api/studio", **wanted, steps=2)["id"]
    ask(first, f"/api/jobs/{waiting}/pause")
    until(lambda: first.ask("GET", f"/api/jobs/{running}").json["done"] > 2)
    ask(first, f"/api/jobs/{running}/pause")
    until(lambda: first.ask("GET", f"/api/jobs/{running}").json["state"] == "paused")
    steps = steps_path(tmp_path / "runs" / running).read_text().count("\n")
    first.process.kill()
    first.process.communicate()
    second = Served(tmp_path)
    try:
        states = {one["id"]: one["state"] for one in second.ask("GET", "/api/jobs").json}
        assert states == {running: "paused", waiting: "paused"}
        assert steps_path(tmp_path / "runs" / running).read_text().count("\n") == steps, (
            "to be looked at meanwhile"
        )
        assert second.ask("GET", f"/api/jobs/{running}/frames/1").status == 200
        ask(second, f"/api/jobs/{waiting}/continue")
        until(lambda: second.ask("GET", f"/api/jobs/{waiting}").json["state"] == "done")
        assert second.ask("DELETE", f"/api/jobs/{running}").json["state"] == "cancelled"
    finally:
        assert second.stop() == 0


def test_several_paused_jobs_each_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr("cutaway.web.queue.MOST_PARKED", 1)
    queue, photo = _queue(tmp_path)
    try:
        long = DREAM | {"photo": photo, "steps": 10}
        jobs = [queue.add("dream", long | {"seed": seed}).id for seed in (1, 2)]
        for job in jobs:
            # Its process opens the network first, so that there is time: it waits at its first step.
            _state(queue, job, "running")
            queue.pause(job)
            assert _state(queue, job, "paused", *ENDED) == "paused"
        # Of the first nothing is in memory any more: it begins anew, and comes to the same end.
        for job in jobs:
            queue.go_on(job)
        for job in jobs:
            assert _state(queue, job, *ENDED) == "done"
            told = [json.loads(line) for line in steps_path(queue.run(job)).read_text().splitlines()]
            assert [one["n"] for one in told] == list(range(1, 21))
    finally:
        queue.close()


def _stopped_at_two(folder: Path) -> Run:
    run = Run(folder, lambda: run.steps > 1)
    return run


def test_started_and_cancelled_again_and_again(tmp_path):
    """In the worker's process: no hook stays, the network is as it was, and something of each is there."""
    desk = Desk(Opening(("squeezenet1_1",), str(tmp_path)))
    network = desk.opened("").network
    photo = desk.photos.add(CAT.read_bytes()).id
    before = {name: parameter.detach().clone() for name, parameter in network.module.named_parameters()}
    kinds = {
        "dream": DREAM | {"photo": photo},
        "filters": {
            "model": "",
            "layer": "fire3.cat",
            "channels": [0, 1],
            "recipe": "fourier",
            "steps": 9,
            "size": 48,
            "seed": 0,
        },
        "invert": {
            "model": "",
            "photo": photo,
            "layers": ["fire3.cat"],
            "steps": 9,
            "size": 64,
            "method": "fourier",
            "seed": 0,
        },
    }
    for k in range(9):
        kind = list(kinds)[k % 3]
        run = _stopped_at_two(tmp_path / "run")
        with watched(lambda what, done, total: None):
            made = json.loads(done(desk, kind, kinds[kind], run))
        assert made["stopped"]
        assert run.steps == 2
        assert frame_path(run.folder, 2).is_file()
    assert not torch_module._global_forward_hooks
    assert not torch_module._global_forward_pre_hooks
    for one in network.module.modules():
        assert not one._forward_hooks
        assert not one._forward_pre_hooks
        assert not one._backward_hooks
    for name, parameter in network.module.named_parameters():
        assert parameter.grad is None
        assert (parameter == before[name]).all()


def test_cancelled_jobs_give_memory_back(tmp_path):
    """Ten rounds with the real process; benchmarks/explorer_cancels.py does a hundred."""
    queue, photo = _queue(tmp_path)
    try:
        sizes = []
        for k in range(12):
            job = queue.add("dream", DREAM | {"photo": photo, "steps": 100, "size": 120, "seed": k}).id
            until(lambda job=job: steps_path(queue.run(job)).is_file())
            queue.cancel(job)
            assert _state(queue, job, *ENDED) == "cancelled"
            assert queue.result(job).is_file()
            status = Path(f"/proc/{queue.hand.pid}/status").read_text()
            sizes.append(
                int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
            )
        assert sizes[-1] - sizes[3] < 20_000, sizes
    finally:
        queue.close()


def test_the_oldest_photos_that_no_job_is_of_go_first(tmp_path):
    photos = Photos(tmp_path)
    names = []
    for k in range(4):
        sent = io.BytesIO()
        Image.fromarray(np.random.default_rng(k).integers(0, 255, (40, 40, 3), np.uint8)).save(sent, "PNG")
        names.append(photos.add(sent.getvalue()).id)
        time.sleep(0.01)
    sizes = photos.sizes()
    assert list(sizes) == names
    told = photos.pruned(sizes[names[0]] + sizes[names[3]], used={names[0]})
    assert set(photos.sizes()) == {names[0], names[3]}
    assert told == {"photos": 2, "bytes": sizes[names[1]] + sizes[names[2]]}


def test_results_stay_below_their_ceiling(tmp_path):
    queue, photo = _queue(tmp_path, disk=120_000)
    try:
        jobs = [queue.add("dream", DREAM | {"photo": photo, "seed": seed}).id for seed in range(4)]
        _state(queue, jobs[-1], "done")
        # The oldest go when the last is done, not before.
        made = tmp_path / "runs"
        until(lambda: size_of(made) + size_of(tmp_path / "results") <= 120_000)
        until(lambda: {one.name for one in made.iterdir()} == {one.id for one in queue.records.all()})
        left = [one.id for one in queue.records.all()]
        assert left
        assert left[0] == jobs[-1]
        assert len(left) < 4
    finally:
        queue.close()


def test_a_table_of_an_earlier_version_is_read(tmp_path):
    path = tmp_path / "jobs.sqlite"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE jobs (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, "
        "settings TEXT NOT NULL, state TEXT NOT NULL, what TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0, "
        "total INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0, "
        "given REAL NOT NULL)"
    )
    old.execute("INSERT INTO jobs (id, kind, settings, state, given) VALUES ('a', 'map', '{}', 'done', 5)")
    old.commit()
    old.close()
    records = Records(path)
    assert (records.get("a").bytes, records.get("a").given) == (0, 5.0)
    records.close()
