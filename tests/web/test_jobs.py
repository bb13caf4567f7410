"""Jobs end when they are told to, fail alone, and are there when the server is back."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from torch.nn.modules import module as torch_module

from cutaway.errors import BadSetting
from cutaway.images.read import read
from cutaway.network.load import load
from cutaway.network.progress import watched
from cutaway.web.desk import Desk, Opening
from cutaway.web.maps import made_map
from cutaway.web.queue import Queue
from cutaway.web.records import ENDED
from tests.web.served import CAT, Served, until

LONG = {"method": "rise", "target": 285, "full": False, "model": "squeezenet1_1"}
SHORT = LONG | {"method": "cam"}


def _opened(data: bytes) -> tuple[dict, np.ndarray]:
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    return head, np.frombuffer(data[4 + length :], "<f4").reshape(head["shape"])


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queue")
    opening = Opening(("squeezenet1_1",), str(folder))
    one = Queue(folder, opening)
    one.photo = Desk(opening).photos.add(CAT.read_bytes()).id
    yield one
    one.close()


def _ended(queue: Queue, name: str) -> str:
    until(lambda: queue.records.get(name).state in ENDED)
    return queue.records.get(name).state


def test_a_job_gives_what_the_method_gives(queue, root):
    record = queue.add("map", {**SHORT, "method": "smooth-grad", "photo": queue.photo})
    assert record.state == "queued"
    assert _ended(queue, record.id) == "done"
    head, values = _opened(queue.result(record.id).read_bytes())
    network = load("squeezenet1_1")
    again, same = _opened(made_map(network, _photo(root), "smooth-grad", 285))
    np.testing.assert_allclose(values, same, rtol=1e-3, atol=1e-4 * float(np.abs(same).max()))
    assert (head["label"], head["layer"]) == (again["label"], again["layer"]) == ("Egyptian cat", "pixels")
    assert queue.add("map", record.settings).state == "done", "asked twice, done once"


def _photo(root: Path):
    return read(root / "examples" / "photos" / "chelsea.png")


def test_cancelled_at_the_next_step_and_the_process_goes_on(queue):
    record = queue.add("map", {**LONG, "photo": queue.photo})
    waiting = queue.add("map", {**LONG, "target": 1, "photo": queue.photo})
    until(lambda: queue.records.get(record.id).done > 0)
    process = queue.hand.pid
    assert queue.cancel(waiting.id).state == "cancelled", "what has not begun does not begin"
    queue.cancel(record.id)
    assert _ended(queue, record.id) == "cancelled"
    assert not queue.result(record.id).exists()
    after = queue.add("map", {**SHORT, "photo": queue.photo})
    assert _ended(queue, after.id) == "done"
    assert queue.hand.pid == process


def test_a_lost_process_fails_one_job_alone(queue):
    record = queue.add("map", {**LONG, "target": 2, "photo": queue.photo})
    after = queue.add("map", {**SHORT, "target": 2, "photo": queue.photo})
    until(lambda: queue.records.get(record.id).done > 0)
    os.kill(queue.hand.pid, signal.SIGKILL)
    assert _ended(queue, record.id) == "failed"
    assert "SIGKILL" in queue.records.get(record.id).message
    assert _ended(queue, after.id) == "done"


def test_what_cannot_be_done_is_told_in_words(queue):
    record = queue.add("map", {**SHORT, "target": 5000, "photo": queue.photo})
    assert _ended(queue, record.id) == "failed"
    assert (
        queue.records.get(record.id).message == "UnknownClass: squeezenet1_1 has classes 0 to 999, got 5000"
    )
    assert _ended(queue, queue.add("nothing", {"photo": queue.photo}).id) == "failed"
    with pytest.raises(BadSetting, match="no job"):
        queue.cancel("0" * 16)


def test_stopping_leaves_no_hook_behind(root):
    """Stopped again and again, a network is as it was."""
    network, photo = load("squeezenet1_1"), _photo(root)

    class _Stop(BaseException):
        pass

    def stop(what: str, done: int, total: int) -> None:
        raise _Stop

    modes = [one.training for one in network.module.modules()]
    for i in range(10):
        with pytest.raises(_Stop), watched(stop):
            made_map(network, photo, ("rise", "smooth-grad")[i % 2], i)
    assert not torch_module._global_forward_pre_hooks
    assert not torch_module._global_forward_hooks
    assert [one.training for one in network.module.modules()] == modes
    assert all(not one._forward_hooks for one in network.module.modules())
    assert all(parameter.grad is None for parameter in network.module.parameters())


def test_killed_and_back_with_jobs_and_photos_as_they_were(tmp_path):
    first = Served(tmp_path)
    photo = first.photo()
    body = {"photo": photo, "method": "smooth-grad", "target": 285}
    jobs = [_started(first, body | {"target": k}) for k in (285, 282)]
    first.process.kill()
    first.process.communicate()
    second = Served(tmp_path)
    try:
        assert [one["id"] for one in second.ask("GET", "/api/photos").json] == [photo]
        until(lambda: all(second.ask("GET", f"/api/jobs/{job}").json["state"] == "done" for job in jobs))
        head, values = _opened(second.ask("GET", f"/api/jobs/{jobs[1]}/result").body)
        assert head["index"] == 282
        assert values.shape == (1, 224, 337)
    finally:
        assert second.stop() == 0


def _started(served: Served, body: dict) -> str:
    answer = served.ask("POST", "/api/jobs", json.dumps(body).encode(), content_type="application/json")
    assert answer.status == 202
    return answer.json["id"]


def test_events_tell_of_a_job_until_it_has_ended(explorer: Served):
    job = _started(explorer, {"photo": explorer.photo(), "method": "integrated-gradients", "target": 285})
    lines = explorer.ask("GET", f"/api/jobs/{job}/events").body.decode().split("\n\n")
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    assert told[-1]["state"] == "done"
    shares = [one["done"] for one in told if one["state"] == "running"]
    assert shares == sorted(shares)
