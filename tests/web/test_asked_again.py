"""Jobs asked for anew while they are being dropped, or after what they are of has changed; one explorer a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cutaway.errors import BadSetting
from cutaway.faststyle.style_file import write_style
from cutaway.faststyle.transformer import Transformer
from cutaway.web.desk import Desk, Opening
from cutaway.web.kinds import done
from cutaway.web.layer_maps import packed_maps
from cutaway.web.maps import framed
from cutaway.web.photos import Photos
from cutaway.web.queue import Queue
from cutaway.web.records import ENDED
from cutaway.web.run import Run
from cutaway.web.serve import serve
from tests.web.served import CAT, Served, until


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("again")
    one = Queue(folder, Opening(("squeezenet1_1",), str(folder)))
    one.photo = Photos(folder / "photos").add(CAT.read_bytes()).id
    yield one
    one.close()


def _map(queue: Queue, **more: object) -> str:
    wanted = {"model": "", "photo": queue.photo, "method": "smooth-grad", "target": 285, "full": False}
    return queue.add("map", wanted | more).id


def test_asked_again_while_it_is_cancelled_it_is_done(queue):
    name = _map(queue, method="rise", target=281)
    until(lambda: queue.records.get(name).done > 0)
    queue.cancel(name)
    assert _map(queue, method="rise", target=281) == name
    seen = set()
    until(lambda: (seen.add(queue.records.get(name).state), queue.records.get(name).state in ENDED)[1])
    assert queue.records.get(name).state == "done"
    assert "cancelled" not in seen


def test_a_cancels_grace_ends_with_its_job(queue):
    """The process that is given to a cancelled job's end is not ended at the same job, asked for after it."""
    name = _map(queue, method="rise", target=283)
    until(lambda: queue.records.get(name).done > 0)
    hand, turn = queue.hand, queue.hand.turn
    queue.cancel(name)
    until(lambda: queue.records.get(name).state == "cancelled")
    _map(queue, method="rise", target=283)
    until(lambda: queue.records.get(name).done > 0)
    process = queue.hand.pid
    queue._end(hand, name, turn)
    done = queue.records.get(name).done
    until(lambda: queue.records.get(name).done > done or queue.records.get(name).state in ENDED)
    assert queue.records.get(name).state in ("running", "done")
    assert queue.hand.pid == process
    queue.cancel(name)


def test_what_has_changed_since_is_not_kept_under_the_old_name(tmp_path):
    write_style(tmp_path / "wave.safetensors", Transformer(4, 1), {"name": "wave"})
    desk = Desk(Opening(("squeezenet1_1",), str(tmp_path), painters=(str(tmp_path / "wave.safetensors"),)))
    for settings in (
        {"model": "", "weights": "0" * 16},
        {"version": "0.0.1"},
        {"painter": "wave", "trained": "0" * 16},
    ):
        with pytest.raises(BadSetting, match="has changed since"):
            done(desk, "map", settings, Run(tmp_path / "run", lambda: False))


def test_painters_of_one_name_are_two(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_style(tmp_path / folder / "wave.safetensors", Transformer(4, 1), {"name": "wave"})
    files = tuple(str(tmp_path / folder / "wave.safetensors") for folder in ("a", "b"))
    desk = Desk(Opening(("squeezenet1_1",), str(tmp_path), painters=files))
    assert list(desk.painters.values()) == list(files)
    assert list(desk.painters) == ["wave", "wave-2"]


def test_one_folder_has_one_explorer(tmp_path: Path):
    first = Served(tmp_path)
    try:
        with pytest.raises(BadSetting, match="another explorer works in"):
            serve(port=0, browser=False, folder=tmp_path)
    finally:
        first.stop()


def test_cookies_of_other_servers_do_not_hide_ours(explorer: Served):
    kept = explorer.cookie()
    for other in ('a={"x":1}', "flag", 'u=a"b', "a=b c", "a[0]=1"):
        assert explorer.ask("GET", "/live", key=False, cookie=f"{other}; {kept}").status == 200


def test_numbers_that_are_none_are_told_as_such():
    assert b'[null, {"b": null}]' in framed({"a": [float("inf"), {"b": float("nan")}]}, b"")
    with pytest.raises(Exception, match="infinite"):
        packed_maps({}, np.array([[[1.0, -np.inf]]], np.float32))


def test_a_photo_just_given_stays(tmp_path):
    photos = Photos(tmp_path)
    given = photos.add(CAT.read_bytes()).id
    photos.pruned(0, {given})
    assert photos.kept(given).id == given
