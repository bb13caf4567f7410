"""Which photos an index is made of, in an order that every run gives them, with their labels."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutaway.errors import BadSetting, closest
from cutaway.images.folder import photos

__all__ = ["Labels", "Listing"]

# From a table, from a mapping, or none; the names of folders by default.
Labels = str | os.PathLike[str] | Mapping[str, str] | None
_FOLDERS = "folders"
_FILES = ("file", "path", "filename", "image", "photo", "name")
_LABELS = ("label", "class", "category", "target")


@dataclass(frozen=True)
class Listing:
    """Photos below one folder.

    Args:
        root: the folder.
        names: of the photos, below it, with `/`; the place in this list is a photo's number.
        sizes: of the files, in bytes.
        labels: of each; None where it has none.
    """

    root: Path
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    labels: tuple[str | None, ...]

    @classmethod
    def of(
        cls, paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], labels: Labels = "folders"
    ) -> Listing:
        """List the photos of a folder, or of several files and folders.

        Args:
            paths: as `cutaway.images.folder.photos` takes them.
            labels: "folders" takes the name of the first folder below the root, where there are several; a table
                (.csv, .tsv) with a column for the file and one for the label, which may be named:
                "photos.csv:category"; a mapping from names to labels; None for none.

        Raises:
            BadImage: where nothing is found.
            BadSetting: for a table that cannot be read, with what it holds.

        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("cat/1.png", "dog/2.png"):
        ...     (folder / name).parent.mkdir()
        ...     _ = (folder / name).write_bytes(b"...")
        >>> found = Listing.of(folder)
        >>> found.names, found.labels
        (('cat/1.png', 'dog/2.png'), ('cat', 'dog'))
        """
        asked = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        found = [Path(os.path.abspath(path)) for path in photos(asked)]  # noqa: PTH100 (resolve would follow links)
        one = Path(os.path.abspath(asked[0])) if len(asked) == 1 else None  # noqa: PTH100
        root = (
            one if one is not None and one.is_dir() else Path(os.path.commonpath([p.parent for p in found]))
        )
        names = tuple(path.relative_to(root).as_posix() for path in found)
        sizes = tuple(path.stat().st_size for path in found)
        return cls(root, names, sizes, _labels(labels, names, root))

    def __len__(self) -> int:
        return len(self.names)

    def path(self, photo: int) -> Path:
        """Give where a photo lies."""
        return self.root / self.names[photo]

    @property
    def digest(self) -> str:
        """A hash of which photos they are: their names and the sizes of their files."""
        seen = hashlib.sha256()
        for name, size in zip(self.names, self.sizes, strict=True):
            seen.update(f"{name}\0{size}\n".encode("utf-8", "surrogateescape"))
        return seen.hexdigest()


def _labels(labels: Labels, names: Sequence[str], root: Path) -> tuple[str | None, ...]:
    if labels is None:
        return (None,) * len(names)
    if isinstance(labels, Mapping):
        table = {str(name): str(label) for name, label in labels.items()}
        return _looked_up(table, names, "the mapping of labels")
    if os.fspath(labels) == _FOLDERS:
        folders = [name.split("/")[0] if "/" in name else None for name in names]
        return tuple(folders) if len(set(folders) - {None}) > 1 else (None,) * len(names)
    return _looked_up(_table(os.fspath(labels), root), names, os.fspath(labels))


def _looked_up(table: Mapping[str, str], names: Sequence[str], source: str) -> tuple[str | None, ...]:
    by_file: dict[str, str] = {}
    for name, label in table.items():
        by_file.setdefault(name.rsplit("/", 1)[-1], label)
    found = tuple(table.get(name, by_file.get(name.rsplit("/", 1)[-1])) for name in names)
    if names and not any(found):
        raise BadSetting(
            f"{source} has a label for none of the {len(names)} photos: it names {', '.join(list(table)[:3])}, …, "
            f"and the photos are {', '.join(names[:3])}, …"
        )
    return found


def _table(given: str, root: Path) -> dict[str, str]:
    path, _, column = given.rpartition(":") if not Path(given).exists() and ":" in given else (given, "", "")
    place = Path(path) if Path(path).is_file() else root / path
    try:
        with place.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t" if place.suffix.lower() == ".tsv" else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadSetting(
            f"the labels {given!r} cannot be read: {why}. Give a .csv with a column 'file' and a column 'label'"
        ) from None
    if len(rows) < 2 or len(rows[0]) < 2:
        raise BadSetting(f"{path} needs a line of titles, and a column for the file and one for the label")
    titles = [title.strip() for title in rows[0]]
    names = next((titles.index(title) for title in _FILES if title in titles), 0)
    if column and column not in titles:
        near = closest(column, titles) or titles
        raise BadSetting(f"{path} has no column {column!r}. It has: {', '.join(near)}")
    usual = next((title for title in _LABELS if title in titles), titles[1 if names == 0 else 0])
    values = titles.index(column or usual)
    return {
        row[names].strip(): row[values].strip()
        for row in rows[1:]
        if len(row) > max(names, values) and row[values].strip()
    }
