"""`cutaway serve`: one line, an address with a token, and a quiet end; and what its addresses answer."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import socket
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import connect

from cutaway.attribution.cam import CAM
from cutaway.attribution.saliency import Saliency
from cutaway.images.read import read
from cutaway.network.load import load
from cutaway.objectives.class_logit import class_logit
from cutaway.web.frames import Frame
from cutaway.web.live import looked
from tests.web.served import CAT, ROOT, Served

STATIC = ROOT / "src" / "cutaway" / "web" / "static"


def test_one_line_with_address_token_and_ready(tmp_path):
    served = Served(tmp_path)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{32} ready\n", served.line)
    with connect(
        f"ws://127.0.0.1:{served.port}/api/live",
        additional_headers={"Authorization": f"Bearer {served.token}"},
    ):
        assert served.stop() == 0, "Ctrl-C ends it, also while somebody looks"


def test_a_taken_port_is_told_in_words(cutaway, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = cutaway("serve", "--port", str(port), "--no-browser", "--folder", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"cutaway: BadSetting: cannot listen on 127.0.0.1:{port} (")
    assert done.stderr.endswith(f"cutaway serve --port {port + 1}\n")


def test_missing_packages_are_told_in_words(python, tmp_path):
    code = f"import sys; sys.modules['fastapi'] = None; import cutaway; cutaway.serve(port=0, folder={str(tmp_path)!r})"
    done = python("-c", code)
    assert done.stderr.endswith("CutawayError: the explorer needs fastapi: pip install 'cutaway[web]'\n")


def test_many_at_once_during_a_job(explorer: Served):
    photo = explorer.photo()
    body = json.dumps({"photo": photo, "method": "rise", "target": 3}).encode()
    job = explorer.ask("POST", "/api/jobs", body, content_type="application/json").json["id"]
    paths = [f"/api/photos/{photo}/thumb", f"/api/photos/{photo}/maps/cam?c=1", "/api/explorer", "/live"]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: explorer.ask("GET", paths[i % 4]).status, range(160)))
    explorer.ask("DELETE", f"/api/jobs/{job}")
    assert answers == [200] * 160


def test_networks_of_ones_own_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import torch, cutaway\nfrom torch import nn\n"
        "def build():\n"
        "    torch.manual_seed(0)\n"
        "    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)\n"
        "    return cutaway.Network(nn.Sequential(*layers), cutaway.Preprocessing(size=32), ['cat', 'dog'])\n"
    )
    served = Served(tmp_path / "kept", "--model", f"{file}:build", "--model", "squeezenet1_1")
    try:
        models = served.ask("GET", "/api/explorer").json["models"]
        assert [(one["id"], one["classes"], one["side"]) for one in models] == [
            ("mine-build", 2, 32),
            ("squeezenet1_1", 1000, 224),
        ]
        photo = served.photo()
        assert {
            one["label"] for one in served.ask("GET", f"/api/photos/{photo}/answer?m=mine-build").json
        } == {"cat", "dog"}
        job = served.ask(
            "POST",
            "/api/jobs",
            json.dumps({"photo": photo, "model": "mine-build", "method": "occlusion", "target": 1}).encode(),
            content_type="application/json",
        )
        assert (
            served.ask("GET", f"/api/jobs/{job.json['id']}/events").body.decode().count('"state": "done"')
            == 1
        )
    finally:
        served.stop()


def test_answers_are_those_of_python(explorer: Served):
    photo = explorer.photo()
    found = explorer.ask("GET", f"/api/photos/{photo}/answer?also=107").json
    assert [one["label"] for one in found[:3]] == ["Egyptian cat", "tiger cat", "tabby"]
    assert abs(found[0]["probability"] - 0.592) < 0.002
    assert found[-1]["index"] == 107
    body = explorer.ask("GET", f"/api/photos/{photo}/maps/cam?c=285").body
    length = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + length])
    network = load("squeezenet1_1")
    right = CAM()(network, network.prepare(read(CAT)), class_logit(285))[0].numpy()
    sent = np.frombuffer(body[4 + length :], "<f4").reshape(head["shape"])
    np.testing.assert_allclose(sent, right, rtol=1e-4, atol=1e-3)
    assert head["high"] == pytest.approx(float(right.max()), rel=1e-4)
    assert "cutaway.compare(cutaway.load('squeezenet1_1')" in head["code"]


def test_the_same_photo_is_the_same_id(explorer: Served):
    first = explorer.photo()
    assert explorer.photo() == first
    again = explorer.ask("GET", f"/api/photos/{first}/pixels").body
    assert explorer.photo(again) == first, "the hash of its pixels, however they were packed"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/photos/0000000000000000", 404, "give it again"),
        ("/api/photos/{photo}/maps/cam?c=5000", 404, "classes 0 to 999"),
        ("/api/photos/{photo}/maps/rise?c=1", 422, "is a job"),
        ("/api/photos/{photo}/maps/cam?c=1&m=vgg16", 404, "not open here"),
    ],
)
def test_refusals_say_what_to_do(explorer: Served, path, status, words):
    answer = explorer.ask("GET", path.format(photo=explorer.photo()))
    assert answer.status == status
    assert words in answer.json["detail"]


def test_frames_are_answered_over_the_websocket(explorer: Served):
    with connect(
        f"ws://127.0.0.1:{explorer.port}/api/live",
        additional_headers={"Authorization": f"Bearer {explorer.token}"},
    ) as socket_:
        for number, method in enumerate(("cam", "grad-cam", "saliency")):
            socket_.send(Frame(method, number, None, _jpeg()).packed())
            reply = socket_.recv()
            assert int.from_bytes(reply[4:8], "little") == number
            assert int.from_bytes(reply[64:68], "little") == 285
        assert len(reply) < 20_000
        for bad in (
            b"",
            b"short",
            Frame("cam", 9, None, b"<svg>").packed(),
            Frame("cam", 9, 5000, _jpeg()).packed(),
        ):
            socket_.send(bad)
            assert json.loads(socket_.recv())["error"] in ("BadSetting", "BadImage", "UnknownClass")
        socket_.send(Frame("cam", 10, 282, _jpeg()).packed())
        reply = socket_.recv()
        assert int.from_bytes(reply[60:64], "little") == 282, "the class that was asked for"
        assert len(reply) < 1024


def _jpeg() -> bytes:
    data = io.BytesIO()
    Image.open(CAT).convert("RGB").resize((299, 224)).save(data, "JPEG")
    return data.getvalue()


def test_map_of_a_frame_lies_where_the_methods_does():
    """The page gets the largest gradient of each block of pixels, at the block's place."""
    network = load("squeezenet1_1")
    reply = looked(network, Frame("saliency", 1, 285, _jpeg()))
    whole = Saliency()(network, network.prepare(read(_jpeg())), class_logit(285))[0, 0].numpy()
    block = -(-max(whole.shape) // 64)
    assert reply.values[3, 5] == pytest.approx(
        whole[3 * block : 4 * block, 5 * block : 6 * block].max(), rel=1e-4
    )
    assert reply.placement.start == pytest.approx((block / 2 / 224, block / 2 / 299), rel=1e-3)
    assert reply.placement.step == pytest.approx((block / 224, block / 299), rel=1e-3)


def _reached(*names: str) -> set[Path]:
    """The scripts that the browser fetches with these: those that they import, but not rooms entered later."""
    found: set[Path] = set()
    todo = [STATIC / "js" / name for name in names]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            imported = re.findall(r"from '/static/(js/[\w.]+)'", path.read_text(encoding="utf-8"))
            todo += [STATIC / name for name in imported]
    return found


@pytest.mark.parametrize("room", ["live", "explain", "layers", "atlas", "studio", "runs"])
def test_first_load_is_light_and_comes_from_here(room):
    page = [
        STATIC / name
        for name in (
            "index.html",
            "theme.js",
            "icon.svg",
            "strings.json",
            "vendor/preact.js",
        )
    ]
    page += [*_reached("main.js", f"{room}.js"), *(STATIC / "css").glob("*.css")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in page) < 150_000
    for path in page:
        outside = re.findall(r"https?://[\w.:-]+", path.read_text(encoding="utf-8"), re.ASCII)
        assert [
            one
            for one in outside
            if urllib.parse.urlsplit(one).hostname not in ("www.w3.org", "localhost", None)
        ] == [], path


def test_vendored_file_is_the_one_noted():
    note = (STATIC / "vendor" / "NOTICE.md").read_text(encoding="utf-8")
    found = hashlib.sha256((STATIC / "vendor" / "preact.js").read_bytes()).hexdigest()
    assert found in note


def test_every_word_is_there_in_every_language():
    words = json.loads((STATIC / "strings.json").read_text(encoding="utf-8"))
    for key, said in words.items():
        assert set(said) == {"en", "zh", "ru"}, key
        assert all(said.values()), key
        holes = {tuple(sorted(re.findall(r"\{\w+\}", text))) for text in said.values()}
        assert len(holes) == 1, key
    code = "".join(path.read_text(encoding="utf-8") for path in (STATIC / "js").glob("*.js"))
    used = set(re.findall(r"""\bt\(['"`]([\w.]+)['"`]""", code))
    assert used <= set(words)
