"""Which part lies where in which photo: from a table, a mapping, or a grid laid over all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from cutaway.errors import BadSetting, closest
from cutaway.view.picture import Picture

__all__ = ["Box", "Parts", "parts_of"]

# (top, left, bottom, right) in a photo's pixels, the last two exclusive.
Box = tuple[int, int, int, int]
# A file, or by a part's name its box in every photo; None lays a grid.
Parts = str | os.PathLike[str] | Mapping[str, Sequence[Sequence[int]]] | None

_SIDES = ("top", "left", "bottom", "right")
_COLUMNS = ("photo", "part", *_SIDES)
_GRID = (
    ("top left", "top", "top right"),
    ("left", "middle", "right"),
    ("bottom left", "bottom", "bottom right"),
)


def parts_of(
    parts: Parts, photos: Sequence[Picture], only: Sequence[str] | None = None
) -> dict[str, list[Box]]:
    """Give by each part's name its box in every photo.

    Args:
        parts: a .csv with the columns photo, part, top, left, bottom, right; a .json with a list of such rows; a
            mapping from a part's name to its boxes, one for each photo in their order; None lays a grid of 3 × 3.
        photos: as they were read.
        only: the parts that are wanted; None for all.

    Raises:
        BadSetting: for parts that are missing somewhere, or boxes outside a photo.

    >>> import numpy as np
    >>> photo = Picture(np.zeros((30, 60, 3), np.uint8))
    >>> parts_of(None, [photo, photo], ["middle"])
    {'middle': [(10, 20, 20, 40), (10, 20, 20, 40)]}
    """
    found: Mapping[str, Sequence[Sequence[int]]]
    if parts is None:
        found = _grid(photos)
    elif isinstance(parts, Mapping):
        found = parts
    else:
        found = _looked_up(_rows(Path(parts)), photos, only, os.fspath(parts))
    if not found:
        raise BadSetting("parts has no part: give each part's name and its box in every photo")
    unknown = [name for name in only or () if name not in found]
    if unknown:
        near = closest(unknown[0], list(found)) or list(found)
        raise BadSetting(f"there is no part {unknown[0]!r}. There are: {', '.join(near)}")
    return {name: _checked(name, found[name], photos) for name in (only if only else found)}


def _grid(photos: Sequence[Picture]) -> dict[str, list[Box]]:
    """The same relative places in every photo."""
    found: dict[str, list[Box]] = {}
    for y, names in enumerate(_GRID):
        for x, name in enumerate(names):
            found[name] = [
                (
                    y * h // 3,
                    x * w // 3,
                    max(y * h // 3 + 1, (y + 1) * h // 3),
                    max(x * w // 3 + 1, (x + 1) * w // 3),
                )
                for h, w in (photo.size for photo in photos)
            ]
    return found


def _checked(name: str, boxes: Sequence[Sequence[int]], photos: Sequence[Picture]) -> list[Box]:
    if len(boxes) != len(photos):
        raise BadSetting(
            f"the part {name!r} has {len(boxes)} boxes, and there are {len(photos)} photos: "
            "give one for each, in their order"
        )
    found: list[Box] = []
    for box, photo in zip(boxes, photos, strict=True):
        try:
            top, left, bottom, right = (int(side) for side in box)
        except (TypeError, ValueError):
            raise BadSetting(
                f"a box is (top, left, bottom, right) in pixels, got {box!r} for {name!r}"
            ) from None
        h, w = photo.size
        if not (0 <= top < bottom <= h and 0 <= left < right <= w):
            raise BadSetting(
                f"the part {name!r}: the box (top, left, bottom, right) = {(top, left, bottom, right)} does not lie in "
                f"{_named(photo)}, {h} × {w} (height × width)"
            )
        found.append((top, left, bottom, right))
    return found


def _named(photo: Picture) -> str:
    return PurePath(photo.path).name if photo.path else "the photo"


def _rows(path: Path) -> list[dict[str, Any]]:
    usual = f"Give a .csv with the columns {', '.join(_COLUMNS)}, or a .json with a list of such rows"
    try:
        if path.suffix.lower() == ".json":
            rows = json.loads(path.read_text(encoding="utf-8-sig"))
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    except (OSError, UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadSetting(f"the parts {str(path)!r} cannot be read: {why}. {usual}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadSetting(f"{path} is no list of rows. {usual}")
    tidy = [{str(key).strip(): value for key, value in row.items()} for row in rows]
    for number, row in enumerate(tidy, 1):
        lacking = [column for column in _COLUMNS if row.get(column) in (None, "")]
        if lacking:
            raise BadSetting(f"{path}, row {number} has no {' and no '.join(lacking)}. {usual}")
    return tidy


def _looked_up(
    rows: Sequence[Mapping[str, Any]], photos: Sequence[Picture], only: Sequence[str] | None, source: str
) -> dict[str, list[Box]]:
    """Find each photo's boxes by its file's name, or by as much of its path as the table gives."""
    found: dict[str, list[Box]] = {}
    boxes: dict[tuple[str, str], Sequence[Any]] = {}
    for row in rows:
        name, photo = str(row["part"]).strip(), str(row["photo"]).strip()
        if (name, photo) in boxes:
            raise BadSetting(f"{source} gives the part {name!r} twice for {photo}")
        boxes[name, photo] = [row[side] for side in _SIDES]
        found.setdefault(name, [])
    known = {photo for _, photo in boxes}
    for picture in photos:
        if picture.path is None:
            raise BadSetting(
                f"{source} names photos by their files, and one of these came from none: "
                "give parts as a mapping from each part's name to its boxes"
            )
        own = _own(picture.path, known)
        for name in found if only is None else [name for name in only if name in found]:
            if own is None or (name, own) not in boxes:
                raise BadSetting(
                    f"{source} does not say where {name!r} is in {_named(picture)}: a part must be in every photo"
                )
            found[name].append(tuple(_whole(side, name, own) for side in boxes[name, own]))  # type: ignore[arg-type]
    return found


def _own(path: str, known: set[str]) -> str | None:
    """The longest of the names in a table that a path ends in."""
    pieces = PurePath(path).parts
    fits = [
        name for name in known if name == path or pieces[-len(PurePath(name).parts) :] == PurePath(name).parts
    ]
    return max(fits, key=len, default=None)


def _whole(value: Any, part: str, photo: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadSetting(f"the part {part!r} of {photo}: a box is in whole pixels, got {value!r}") from None
