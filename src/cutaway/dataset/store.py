"""An index on the disk: what was scanned, and shards of numbers that are whole or not there.

    manifest.json            network, preprocessing, layers, how it is cut into shards
    photos.json              names and sizes of the files; a photo's number is its place there
    labels.json              a label for each, or null
    shards/00017.safetensors numbers of some photos (dataset/plan.py)
    shards/00017.json        the hash of that file, and the photos left out of it: it is written last

Every JSON file ends with its own hash. One scan writes at a time; readers need no lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cutaway.dataset.plan import Made
from cutaway.dataset.sealed import read_sealed, seal
from cutaway.errors import BadIndex, OutOfSpace
from cutaway.view.atomic import TEMPORARY, published

__all__ = ["SCHEMA", "Store"]

SCHEMA = 1


class Store:
    """The files of an index.

    Args:
        folder: that they are in.

    >>> Store(Path("index")).shard(17).name
    '00017.safetensors'
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shard(self, number: int) -> Path:
        """Give where a shard's numbers lie."""
        return self.folder / "shards" / f"{number:05d}.safetensors"

    def manifest(self) -> dict[str, Any]:
        """Read what the index is of.

        Raises:
            BadIndex: where the folder is no index, is damaged, or was made by a version that this one does not know.
        """
        path = self.folder / "manifest.json"
        if not path.is_file():
            raise BadIndex(
                f"{self.folder} is no index: it has no manifest.json. Make one: cutaway scan PHOTOS --out …"
            )
        found: dict[str, Any] = read_sealed(path)
        if found.get("schema") != SCHEMA:
            raise BadIndex(
                f"{self.folder} has the form {found.get('schema')!r}, and this version of cutaway reads form {SCHEMA}: "
                "scan again into another folder"
            )
        return found

    def begin(self, manifest: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        """Write what the index will be of, or see that it is already so.

        Args:
            manifest: of the index.
            files: further files, by name, that the manifest's hashes tell of.

        Raises:
            BadIndex: where the folder holds another index, or other files.
            OutOfSpace: where the disk is full.
        """
        # A scan that was killed while it wrote leaves half a file under another name.
        for path in [*self.folder.glob(f"{TEMPORARY}*"), *(self.folder / "shards").glob(f"{TEMPORARY}*")]:
            path.unlink()
        if (self.folder / "manifest.json").is_file():
            there = self.manifest()
            other = [key for key in manifest if there.get(key) != manifest[key]]
            if other:
                raise BadIndex(
                    f"{self.folder} holds an index of something else: {_differences(there, manifest, other)}. "
                    "Give another folder, or remove this one"
                )
        else:
            strangers = [
                path.name for path in self.folder.iterdir() if path.name not in (".lock", "shards", *files)
            ]
            if strangers:
                there_are = ", ".join(sorted(strangers)[:3])
                raise BadIndex(f"{self.folder} is no index, and not empty ({there_are}): give another folder")
        try:
            (self.folder / "shards").mkdir(exist_ok=True)
        except OSError as error:
            raise OutOfSpace(f"{self.folder} takes no more: {error.strerror}") from error
        for name, value in files.items():
            if not _is(self.folder / name, value):
                seal(self.folder / name, value)
        if not (self.folder / "manifest.json").is_file():
            seal(self.folder / "manifest.json", manifest)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who writes.

        Raises:
            BadIndex: at once where another scan does.
            OutOfSpace: where the folder cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise BadIndex(
                f"{self.folder} is being written by another scan. Wait until it is done, or give another folder"
            ) from None
        except OSError as error:
            raise OutOfSpace(f"{self.folder} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def publish(self, made: Made) -> None:
        """Write a shard, and then that it is there."""
        path = self.shard(made.number)
        published(path, made.data)
        seal(
            path.with_suffix(".json"),
            {"sha256": hashlib.sha256(made.data).hexdigest(), "skipped": [list(one) for one in made.skipped]},
        )

    def note(self, number: int) -> dict[str, Any] | None:
        """Give what is told of a shard, or None where it is not there.

        Raises:
            BadIndex: where that is damaged.
        """
        path = self.shard(number).with_suffix(".json")
        return read_sealed(path) if path.is_file() else None

    def check(self, number: int) -> None:
        """See that a shard is what was written.

        Raises:
            BadIndex: where it is not.
        """
        note, path = self.note(number), self.shard(number)
        if note is None:
            raise BadIndex(f"{path} is not there: the scan was stopped before it. Give the same scan again")
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadIndex(f"{path} cannot be read: {error.strerror}") from error
        if found != note["sha256"]:
            raise BadIndex(
                f"{path} was changed, or is damaged: its hash is another one. Scan again: only it is done anew"
            )

    def is_done(self, number: int) -> bool:
        """Tell whether a shard is there and whole."""
        try:
            self.check(number)
        except BadIndex:
            return False
        return True


def _is(path: Path, value: Any) -> bool:
    try:
        return path.is_file() and bool(read_sealed(path) == value)
    except BadIndex:
        return False


def _differences(there: Mapping[str, Any], asked: Mapping[str, Any], keys: list[str]) -> str:
    told = []
    for key in keys:
        before, now = there.get(key), asked[key]
        short = all(isinstance(one, str | int | float) for one in (before, now))
        told.append(f"its {key} is {before}, and {now} was asked for" if short else f"its {key} differ")
    return "; ".join(told)
