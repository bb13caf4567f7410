"""Web addresses, against a server in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from cutaway.errors import BadImage
from cutaway.images import read
from cutaway.images.web import fetch
from tests.images.samples import encoded, scene

PNG = encoded(scene(), "PNG")


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        page = getattr(self, f"page_{self.path.strip('/').partition('/')[0]}", None)
        if page is None:
            self.send_error(404, "Not\there")
        else:
            page()

    def answer(self, data: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def to(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def page_photo(self):
        self.answer(PNG, Content_Length=str(len(PNG)))

    def page_unannounced(self):
        self.answer(PNG)

    def page_page(self):
        self.answer(b"<!doctype html><title>no picture</title>")

    def page_empty(self):
        self.answer(b"", Content_Length="0")

    def page_vast(self):
        self.answer(b"x", Content_Length=str(10**12))

    def page_endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(10_000):
                self.wfile.write(bytes(1 << 16))
        except OSError:
            pass

    def page_broken(self):
        self.answer(PNG[:100], Content_Length=str(len(PNG)))

    def page_silent(self):
        self.server.done.wait(10)

    def page_slow(self):
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.done.wait(0.05):
                self.wfile.write(b"x")
        except OSError:
            pass

    def page_moved(self):
        self.to("/photo")

    def page_loop(self):
        self.to("/loop")

    def page_file(self):
        self.to("file:///etc/passwd")

    def page_ftp(self):
        self.to("ftp://127.0.0.1/x.png")

    def page_garbage(self):
        self.wfile.write(b"this is no HTTP\r\n\r\n")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.done = threading.Event()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.done.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No proxy between this test and its own server."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("page", ["photo", "unannounced", "moved"])
def test_a_photo_is_fetched(site, page):
    picture = read(f"{site}/{page}", allow_url=True)
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.path is None


def test_nothing_is_fetched_unless_allowed(site):
    with pytest.raises(BadImage, match=r"it is a web address: .* allow it \(allow_url=True\)"):
        read(f"{site}/photo")


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("page", "a web page, not a picture"),
        ("empty", "it is empty"),
        ("nowhere", r"the server answers 404"),
        ("vast", "more than the allowed|more than the 100 MiB"),
        ("broken", r"the connection broke after 100 of \d+ bytes"),
        ("loop", "the server answers 302"),
        ("file", r"the server answers 302 .*file:///etc/passwd' is not allowed"),
        ("ftp", r"it redirects to ftp://127.0.0.1/x.png, which is not http or https"),
        ("garbage", "cannot be (fetched|reached)"),
    ],
)
def test_what_goes_wrong_is_said_in_words(site, page, words):
    with pytest.raises(BadImage, match=words) as refused:
        read(f"{site}/{page}", allow_url=True)
    assert str(refused.value).isprintable()


def test_the_ceiling_holds_while_the_bytes_come_in(site):
    with pytest.raises(BadImage, match="MiB"):
        fetch(f"{site}/endless", max_bytes=1 << 20)


def test_a_silent_server_and_a_slow_one(site):
    with pytest.raises(BadImage, match="timed out"):
        fetch(f"{site}/silent", timeout=0.1)
    with pytest.raises(BadImage, match=r"it took more than 0.3 seconds"):
        fetch(f"{site}/slow", deadline=0.3)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "FTP://example.org/x",
            "data:image/png;base64,AAAA",
            "gopher://x/",
            "jar:http://x!/y",
        ),
        *(
            "http://",
            "http://[",
            "http://a b/",
            "http://127.0.0.1:99999/",
            "https://\n/",
            "http://127.0.0.1:1/x.png",
        ),
        *("http://127.0.0.1:port/", "http://" + "a" * 300 + "/", "http://é\udcff/"),
    ],
)
def test_other_addresses_are_refused(url):
    with pytest.raises(BadImage) as refused:
        read(url, allow_url=True)
    assert str(refused.value).isprintable()


def test_passwords_are_not_repeated():
    with pytest.raises(BadImage) as refused:
        read("https://me:secret@example.org/x.png")
    assert "secret" not in str(refused.value)
