"""Who may ask, and how much: every request and every WebSocket passes here first."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutaway.web.hosts import Hosts

__all__ = ["HEADERS", "MOST_BYTES", "Guard", "Keys"]

MOST_BYTES = 40 * 2**20
"""Bytes that a body may have: a photo. They are counted as they come, whatever was announced."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_NO_KEY = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>cutaway</title><h1>cutaway</h1>"
    "<p>This page opens with the address that <code>cutaway serve</code> printed in the terminal: "
    "it ends in <code>?token=…</code>."
)


@dataclass(frozen=True)
class Keys:
    """The token of the printed address, and what a browser keeps in exchange for it.

    Args:
        port: cookies know hosts but not ports, so its number is in the cookie's name.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"cutaway-{self.port}"

    def open(self, scope: Scope) -> bool:
        """Whether a request carries the cookie, or the token as `Authorization: Bearer`."""
        # Other servers of this machine set cookies too, some of which a strict parser stops at.
        pairs = (pair.strip().partition("=") for pair in _header(scope, b"cookie").split(";"))
        mine = any(name == self.cookie and _same(value, self.session) for name, _, value in pairs)
        return mine or self.bearer(scope)

    def bearer(self, scope: Scope) -> bool:
        """Whether a script sent the token: no page of another site can."""
        kind, _, given = _header(scope, b"authorization").partition(" ")
        return kind.lower() == "bearer" and _same(given, self.token)


class Guard:
    """Refuse what does not come from this server's own page, before anything else sees it.

    Host (421), origin of whatever is not safe and of every WebSocket (403), token or cookie (401), size (413). The
    token in an address is exchanged for a cookie that no script can read and no other site can send.

    Args:
        app: what answers the rest.
        hosts: the names of this server.
        keys: the token and the cookie.
        most: bytes that a body may have.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, keys: Keys, most: int = MOST_BYTES) -> None:
        self._app, self._hosts, self._keys, self._most = app, hosts, keys, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if scope["type"] == "websocket":
            if refused:
                await _close(scope, receive, send, *refused)
            else:
                await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        exchanged = None if refused and refused[0] != 401 else self._exchanged(scope)
        if exchanged is not None:
            await _answer(send, 303, "", exchanged)
        elif refused:
            kind = "text/html; charset=utf-8" if refused[0] == 401 else "text/plain; charset=utf-8"
            await _answer(send, *refused, [(b"content-type", kind.encode())])
        else:
            await self._app(scope, _counted(receive, self._most), send)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        host = _header(scope, b"host")
        if len(_headers(scope, b"host")) != 1 or not self._hosts.allow(host):
            return 421, "this server does not go by that name"
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            origin = _header(scope, b"origin")
            given = _headers(scope, b"origin")
            if given and (len(given) != 1 or not _of_host(origin, host)):
                return 403, "the request comes from another site"
            if not given and not self._keys.bearer(scope):
                return 403, "the request does not say where it comes from"
        if not self._keys.open(scope):
            return 401, _NO_KEY
        announced = _header(scope, b"content-length")
        if announced and (not announced.isascii() or not announced.isdecimal()):
            return 400, "content-length is not a number"
        if announced and (len(announced) > 12 or int(announced) > self._most):
            return 413, f"at most {self._most // 2**20} MiB"
        return None

    def _exchanged(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Give the cookie and the same address without the token, where an address has the right token."""
        if scope["method"] != "GET" or scope["path"].startswith("/api/"):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not any(name == "token" and _same(value, self._keys.token) for name, value in query):
            return None
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        # One slash alone: two would be the address of another host.
        place = quote("/" + scope["path"].lstrip("/\\")) + (f"?{rest}" if rest else "")
        cookie = f"{self._keys.cookie}={self._keys.session}; Path=/; HttpOnly; SameSite=Strict"
        return [(b"location", place.encode()), (b"set-cookie", cookie.encode())]


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _header(scope: Scope, name: bytes) -> str:
    return next(iter(_headers(scope, name)), "")


def _same(given: str, right: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _of_host(origin: str, host: str) -> bool:
    """Whether an origin is a page of this very host and port; "null" is none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.strip().lower()


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name for name, _ in message.get("headers", [])}
            more = [
                (name.encode(), value.encode())
                for name, value in HEADERS.items()
                if name.encode() not in given
            ]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return sending


def _counted(receive: Receive, most: int) -> Receive:
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, f"at most {most // 2**20} MiB")
        return message

    return receiving


async def _answer(send: Send, status: int, text: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
    more = [(b"content-length", str(len(text.encode())).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": text.encode()})


async def _close(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": text[:100]})
