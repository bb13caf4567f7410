"""Who may ask the explorer: every probe that another site, another machine or a hostile file would try."""

from __future__ import annotations

import io
import itertools
import socket
import struct
import zlib

import pytest
from PIL import Image

from tests.web.served import CAT, Served

PAGES = ("/", "/live", "/explain", "/static/js/main.js", "/api/explorer", "/api/openapi.json", "/nowhere")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_answered_without_the_token(explorer: Served, path):
    assert explorer.ask("GET", path, key=False).status == 401
    assert explorer.ask("GET", path, key=False, authorization="Bearer wrong").status == 401
    assert explorer.ask("GET", path, key=False, cookie=f"cutaway-{explorer.port}=wrong").status == 401
    assert explorer.ask("GET", f"{path}?token=wrong", key=False).status == 401


def test_token_is_exchanged_for_a_cookie_that_no_script_reads(explorer: Served):
    answer = explorer.ask("GET", f"/explain?c=285&token={explorer.token}", key=False)
    assert (answer.status, answer.headers["location"]) == (303, "/explain?c=285")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert explorer.token not in cookie
    kept = cookie.partition(";")[0]
    assert explorer.ask("GET", "/live", key=False, cookie=kept).status == 200
    other = kept.replace(str(explorer.port), "1")
    assert explorer.ask("GET", "/live", key=False, cookie=other).status == 401


def test_the_exchange_leads_nowhere_else(explorer: Served):
    answer = explorer.ask("GET", f"//evil.example/?token={explorer.token}", key=False)
    assert answer.headers.get("location", "/").startswith("/")
    assert not answer.headers.get("location", "/").startswith("//")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.1.7", "", "[::2]", "localhost:x"],
)
def test_foreign_host_is_refused(explorer: Served, host):
    """DNS rebinding: a page's own name that points here."""
    assert explorer.ask("GET", "/api/explorer", host=host).status == 421


def test_two_hosts_are_refused(explorer: Served):
    assert _raw(explorer, b"GET /api/explorer HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n") in (
        400,
        421,
    )


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        "https://",
        "file://",
        "http://localhost.evil.example",
    ],
)
def test_foreign_origin_may_not_change_anything(explorer: Served, origin):
    cookie = explorer.cookie()
    for key in (True, False):
        given = {"origin": origin} if key else {"origin": origin, "cookie": cookie}
        assert explorer.ask("POST", "/api/photos", CAT.read_bytes(), key=key, **given).status == 403


def test_a_cookie_alone_changes_nothing(explorer: Served):
    """A browser says where a request comes from; what does not say it, and has no token, is refused."""
    cookie = explorer.cookie()
    assert explorer.ask("POST", "/api/photos", b"x", key=False, cookie=cookie).status == 403
    own = explorer.base
    data = CAT.read_bytes()
    assert explorer.ask("POST", "/api/photos", data, key=False, cookie=cookie, origin=own).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Cookie": "mine"}, 403),
        ({"Origin": "own"}, 401),
        ({"Origin": "own", "Cookie": "cutaway=wrong"}, 401),
        ({"Origin": "http://evil.example", "Cookie": "mine"}, 403),
        ({"Origin": "null", "Cookie": "mine"}, 403),
        ({"Origin": "own", "Cookie": "mine", "Host": "evil.example"}, 421),
    ],
)
def test_websocket_is_guarded_too(explorer: Served, headers, status):
    words = {"own": explorer.base, "mine": explorer.cookie()}
    given = {"Host": explorer.base[7:]} | {name: words.get(value, value) for name, value in headers.items()}
    assert _upgrade(explorer, given) == status


def test_websocket_opens_for_the_page(explorer: Served):
    assert (
        _upgrade(explorer, {"Host": explorer.base[7:], "Origin": explorer.base, "Cookie": explorer.cookie()})
        == 101
    )


def _upgrade(explorer: Served, headers: dict[str, str]) -> int:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | upgrade).items())
    return _raw(explorer, f"GET /api/live HTTP/1.1\r\n{lines}\r\n".encode())


def test_oversize_body_is_refused_by_what_it_says_and_by_what_comes(explorer: Served):
    assert explorer.ask("POST", "/api/photos", b"", content_length=str(10**9)).status in (400, 413)
    head = f"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {explorer.token}\r\n"
    assert _raw(explorer, f"{head}Content-Length: 99999999999999999999\r\n\r\n".encode()) == 413
    block = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    assert _raw(explorer, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), [block] * 42) == 413


def _traversals() -> list[str]:
    targets = ["etc/passwd", "proc/self/environ", "jobs.sqlite", "windows/win.ini", "pyproject.toml"]
    steps = [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..%5c",
        "....//",
        "..%c0%af",
        "..%252f",
        "%uff0e%uff0e/",
        "/",
        "//",
        "file:///",
        "%00../",
        "~/",
        "\\\\evil\\",
    ]
    rooms = ["/static/", "/api/photos/", "/explain/", "/api/jobs/"]
    return [f"{room}{step * 4}{target}" for room, step, target in itertools.product(rooms, steps, targets)]


def test_no_path_leads_out(explorer: Served):
    paths = _traversals()
    assert len(paths) >= 200
    for path in paths:
        answer = explorer.ask("GET", path)
        assert answer.status in (400, 404, 405, 422), path
        assert b"root:" not in answer.body


def test_hostile_files_are_refused_and_none_is_served_as_sent(explorer: Served):
    for data in (
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>alert(1)</script>",
        b"%PDF-1.4",
        _bomb(),
    ):
        answer = explorer.ask("POST", "/api/photos", data)
        assert answer.status == 422, data[:9]
        assert answer.json["error"] == "BadImage"
    sent = CAT.read_bytes() + b"<script>alert(1)</script>"
    answer = explorer.ask("GET", f"/api/photos/{explorer.photo(sent)}/pixels")
    assert b"<script>" not in answer.body
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.body)).tobytes() == Image.open(CAT).convert("RGB").tobytes()


def _bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels in a few hundred bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(9)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("path", [*PAGES, "/api/photos/0000000000000000"])
@pytest.mark.parametrize("key", [True, False])
def test_every_answer_carries_the_policy(explorer: Served, path, key):
    headers = explorer.ask("GET", path, key=key).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_the_page_opens_no_model(explorer: Served):
    photo = explorer.photo()
    for name in ("resnet18", "..%2Fmine.py:build", "timm:vit"):
        assert explorer.ask("GET", f"/api/photos/{photo}/answer?m={name}").status in (404, 422)


def _raw(explorer: Served, data: bytes, more: list[bytes] | None = None) -> int:
    """Send bytes as they are, and give the status of the answer."""
    with socket.create_connection(("127.0.0.1", explorer.port), timeout=20) as link:
        link.sendall(data)
        try:
            for block in more or []:
                link.sendall(block)
        except OSError:
            pass  # refused while we were still sending
        answer = b""
        try:
            while b"\r\n" not in answer and (block := link.recv(4096)):
                answer += block
        except OSError:
            return 413 if more else 0
        return int(answer.split()[1])
