"""Fetching a picture from a web address that the user has allowed."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from typing import Any

from cutaway.errors import BadImage
from cutaway.images.names import shown, shown_url

__all__ = ["MAX_DOWNLOAD", "fetch"]

MAX_DOWNLOAD = 100 * 2**20
"""Bytes that a fetched picture may have."""

_SCHEMES = ("http://", "https://")
_BLOCK = 1 << 16


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to another http or https address, and to nothing else."""

    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        name = shown_url(req.full_url)
        fp.close()
        if not newurl.lower().startswith(_SCHEMES):
            raise BadImage(name, f"it redirects to {shown_url(newurl)}, which is not http or https")
        if req.full_url.lower().startswith("https://") and not newurl.lower().startswith("https://"):
            raise BadImage(name, f"it redirects from https to plain http ({shown_url(newurl)})")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    # Built by hand: the ready-made opener would also follow file:, ftp: and data: addresses.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def fetch(
    url: str, *, max_bytes: int = MAX_DOWNLOAD, timeout: int | float = 20.0, deadline: int | float = 120.0
) -> bytes:
    """Fetch the bytes behind an http or https address.

    Args:
        url: the address.
        max_bytes: the ceiling, held while the bytes come in, whatever the server announces.
        timeout: seconds that the server may be silent.
        deadline: seconds that the whole may take.

    Raises:
        BadImage: when the address is of another kind, cannot be reached, or sends too much or too slowly.

    >>> fetch("ftp://example.org/cat.jpg")
    Traceback (most recent call last):
    cutaway.errors.BadImage: ftp://example.org/cat.jpg: only http:// and https:// addresses are fetched
    """
    name = shown_url(url)
    if not url.lower().startswith(_SCHEMES):
        raise BadImage(name, "only http:// and https:// addresses are fetched")
    end = time.monotonic() + deadline
    held = bytearray()
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "cutaway", "Accept": "image/*"})
        with _opener().open(request, timeout=timeout) as answer:
            announced = answer.headers.get("Content-Length", "")
            while block := answer.read1(_BLOCK):
                held += block
                if len(held) > max_bytes or (announced.isdecimal() and int(announced) > max_bytes):
                    raise BadImage(
                        name, f"it sends more than the {max_bytes / 2**20:.4g} MiB that are allowed"
                    )
                if time.monotonic() > end:
                    raise BadImage(name, f"it took more than {deadline:g} seconds")
            if announced.isdecimal() and len(held) < int(announced):
                raise BadImage(name, f"the connection broke after {len(held)} of {announced} bytes")
    except urllib.error.HTTPError as error:
        error.close()
        raise BadImage(name, f"the server answers {error.code} {shown(str(error.reason))}") from None
    except urllib.error.URLError as error:
        raise BadImage(name, f"it cannot be reached: {shown(str(error.reason))}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise BadImage(name, f"it cannot be fetched: {shown(str(error)) or type(error).__name__}") from error
    return bytes(held)
