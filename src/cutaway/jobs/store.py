"""What a job makes, on the disk: what it is of, and shards that are whole or not there.

    manifest.json            what it is of, and how it is cut into shards
    shards/00017.safetensors one shard
    shards/00017.json        the hash of that file, and the pieces left out of it: it is written last

Every JSON file ends with its own hash. One job writes at a time; readers need no lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cutaway.errors import BadIndex, OutOfSpace
from cutaway.jobs.job import Made
from cutaway.jobs.sealed import read_sealed, seal
from cutaway.view.atomic import TEMPORARY, published

__all__ = ["Kind", "Store"]


@dataclass(frozen=True)
class Kind:
    """What a store holds, and how its messages call it.

    Args:
        name: of the kind, as its manifest says it; "index" where that says nothing.
        title: "an index".
        job: that makes it: "scan".
        command: that makes one.
        again: what to do to have it made anew: "scan again".
        schema: the form that this version reads.
    """

    name: str
    title: str
    job: str
    command: str
    again: str
    schema: int


class Store:
    """The files that a job makes.

    Args:
        folder: that they are in.
        kind: what they are.

    >>> kind = Kind("index", "an index", "scan", "cutaway scan PHOTOS --out …", "scan again", 1)
    >>> Store(Path("index"), kind).shard(17).name
    '00017.safetensors'
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.folder, self.kind = folder, kind
        self._noun = kind.title.partition(" ")[2]

    def shard(self, number: int) -> Path:
        """Give where a shard lies."""
        return self.folder / "shards" / f"{number:05d}.safetensors"

    def manifest(self) -> dict[str, Any]:
        """Read what it is of.

        Raises:
            BadIndex: where the folder is none, is damaged, or was made by a version that this one does not know.
        """
        path = self.folder / "manifest.json"
        if not path.is_file():
            raise BadIndex(
                f"{self.folder} is no {self._noun}: it has no manifest.json. Make one: {self.kind.command}"
            )
        found: dict[str, Any] = read_sealed(path)
        if found.get("kind", "index") != self.kind.name:
            raise BadIndex(
                f"{self.folder} is no {self._noun}: its kind is {found.get('kind', 'index')!r}. "
                f"Make one: {self.kind.command}"
            )
        if found.get("schema") != self.kind.schema:
            raise BadIndex(
                f"{self.folder} has the form {found.get('schema')!r}, and this version of cutaway reads form "
                f"{self.kind.schema}: {self.kind.again} into another folder"
            )
        return found

    def begin(self, manifest: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        """Write what it will be of, or see that it is already so.

        Args:
            manifest: what it is of.
            files: further files, by name, that the manifest's hashes tell of.

        Raises:
            BadIndex: where the folder holds another one, or other files.
            OutOfSpace: where the disk is full.
        """
        # A job that was killed while it wrote leaves half a file under another name.
        for path in [*self.folder.glob(f"{TEMPORARY}*"), *(self.folder / "shards").glob(f"{TEMPORARY}*")]:
            path.unlink()
        if not self.agrees(manifest):
            strangers = [
                path.name for path in self.folder.iterdir() if path.name not in (".lock", "shards", *files)
            ]
            if strangers:
                there_are = ", ".join(sorted(strangers)[:3])
                raise BadIndex(
                    f"{self.folder} is no {self._noun}, and not empty ({there_are}): give another folder"
                )
        try:
            (self.folder / "shards").mkdir(exist_ok=True)
        except OSError as error:
            raise OutOfSpace(f"{self.folder} takes no more: {error.strerror}") from error
        for name, value in files.items():
            if not _is(self.folder / name, value):
                seal(self.folder / name, value)
        if not (self.folder / "manifest.json").is_file():
            seal(self.folder / "manifest.json", manifest)

    def agrees(self, manifest: Mapping[str, Any]) -> bool:
        """Tell whether the folder is begun, and with the same manifest.

        Args:
            manifest: that it should have.

        Raises:
            BadIndex: where it has another one, with what differs.
        """
        if not (self.folder / "manifest.json").is_file():
            return False
        there = self.manifest()
        other = [key for key in manifest if there.get(key) != manifest[key]]
        if other:
            raise BadIndex(
                f"{self.folder} holds {self.kind.title} of something else: {_differences(there, manifest, other)}. "
                "Give another folder, or remove this one"
            )
        return True

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who writes.

        Raises:
            BadIndex: at once where another job does.
            OutOfSpace: where the folder cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise BadIndex(
                f"{self.folder} is being written by another {self.kind.job}. Wait until it is done, or give another "
                "folder"
            ) from None
        except OSError as error:
            raise OutOfSpace(f"{self.folder} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()
            if not (self.folder / "manifest.json").is_file():  # refused: nothing of ours is left in it
                (self.folder / ".lock").unlink(missing_ok=True)

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
            raise BadIndex(
                f"{path} is not there: the {self.kind.job} was stopped before it. Give the same {self.kind.job} again"
            )
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadIndex(f"{path} cannot be read: {error.strerror}") from error
        if found != note["sha256"]:
            again = self.kind.again.capitalize()
            raise BadIndex(
                f"{path} was changed, or is damaged: its hash is another one. {again}: only it is done anew"
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
