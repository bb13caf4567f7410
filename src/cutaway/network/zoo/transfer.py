"""Read an address, as pip's settings say: with its certificates, and with the password that an index may need."""

from __future__ import annotations

import base64
import http.client
import io
import ssl
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from cutaway.errors import WeightsUnavailable

__all__ = ["Progress", "plain", "transfer"]

# Called with the bytes so far, and the bytes in all where they are known.
Progress = Callable[[int, int | None], None]
_CHUNK = 1 << 18
# Every index can give HTML; one that has only the newer JSON (PEP 691) may give that.
_PAGES = "text/html, application/vnd.pypi.simple.v1+html;q=0.9, application/vnd.pypi.simple.v1+json;q=0.8, */*;q=0.1"


def plain(url: str) -> str:
    """Give an address without user and password, as it may be shown.

    >>> plain("https://me:secret@example.org:8080/simple/")
    'https://example.org:8080/simple/'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]  # no address at all, but what was typed
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def transfer(
    url: str,
    most: int,
    progress: Progress | None = None,
    *,
    certificates: str | None = None,
    proxy: str | None = None,
) -> tuple[bytes, str]:
    """Read what lies at an address.

    Args:
        url: http, https or file; a user and password in it are sent, and never shown.
        most: bytes after which to stop.
        progress: told the bytes as they come.
        certificates: a file or folder of certificates to trust instead of the system's.
        proxy: for http and https, instead of the environment's.

    Returns:
        The bytes, and the address that they came from in the end.

    Raises:
        WeightsUnavailable: with the reason.
    """
    shown = plain(url)
    try:
        if urlsplit(url).scheme not in ("http", "https", "file"):
            raise WeightsUnavailable(f"an index must be http, https or file, got {shown}")
        with _opener(certificates, proxy).open(_request(url), timeout=60) as answer:
            length = int(answer.headers.get("Content-Length") or 0)
            data = _whole(answer, shown, most, length, progress)
            if answer.headers.get("Content-Encoding", "").lower() == "gzip" and url.endswith("/"):
                data = _unzipped(data, shown, most)
            return data, answer.geturl()
    except (OSError, ValueError, http.client.HTTPException, zlib.error) as error:
        told = getattr(error, "reason", None) or getattr(error, "strerror", None)
        reason = told or str(error) or type(error).__name__
        raise WeightsUnavailable(f"{shown}: {reason}") from error


def _opener(certificates: str | None, proxy: str | None) -> urllib.request.OpenerDirector:
    # A new one each time: urllib's own remembers the proxies of its first use.
    handlers = [urllib.request.HTTPSHandler(context=_trust(certificates))]
    if proxy is None:
        return urllib.request.build_opener(*handlers)
    return urllib.request.build_opener(
        *handlers, urllib.request.ProxyHandler({"http": proxy, "https": proxy})
    )


def _trust(certificates: str | None) -> ssl.SSLContext:
    try:
        if certificates is not None and Path(certificates).is_dir():
            return ssl.create_default_context(capath=certificates)
        return ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise WeightsUnavailable(
            f"the certificates {certificates} that pip is set up with cannot be read "
            f"({error.strerror or error}). Set PIP_CERT=FILE"
        ) from error


def _request(url: str) -> urllib.request.Request:
    # A page that comes packed all the same is unpacked; of an archive the hash is of the bytes as they lie there.
    headers = {"Accept": _PAGES, "Accept-Encoding": "identity", "User-Agent": "cutaway"}
    request = urllib.request.Request(plain(url), headers=headers)
    user, _, place = urlsplit(url).netloc.rpartition("@")
    if user and place:
        word = base64.b64encode(unquote(user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {word}")
    return request


def _whole(
    answer: http.client.HTTPResponse, shown: str, most: int, length: int, progress: Progress | None
) -> bytes:
    buffer = io.BytesIO()
    while chunk := answer.read(_CHUNK):
        buffer.write(chunk)
        if buffer.tell() > most:
            raise WeightsUnavailable(f"{shown} is larger than {most >> 20} MB; stopped")
        if progress is not None:
            progress(buffer.tell(), length or None)
    if buffer.tell() < length:
        raise WeightsUnavailable(f"{shown} broke off after {buffer.tell():,} of {length:,} bytes")
    return buffer.getvalue()


def _unzipped(data: bytes, shown: str, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    opened = unpacker.decompress(data, most)
    if unpacker.unconsumed_tail:
        raise WeightsUnavailable(f"{shown} is larger than {most >> 20} MB; stopped")
    return opened
