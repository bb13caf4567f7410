"""The numbers of a store, read from its shards when they are asked for, and checked then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from cutaway.errors import BadIndex
from cutaway.jobs.store import Store

__all__ = ["Shards"]


class Shards:
    """Arrays that lie in pieces, one in each shard's file.

    Args:
        store: whose files.
        count: how many shards there are.

    >>> from pathlib import Path
    >>> from cutaway.jobs.store import Kind
    >>> kind = Kind("index", "an index", "scan", "cutaway scan PHOTOS --out …", "scan again", 1)
    >>> Shards(Store(Path("index"), kind), 3).count
    3
    """

    def __init__(self, store: Store, count: int) -> None:
        self._store, self.count = store, count
        self._checked: set[int] = set()

    def joined(self, name: str, column: int | None = None) -> np.ndarray:
        """Read an array of all shards, one piece after the other.

        Args:
            name: of the array.
            column: only this one is read.

        Raises:
            BadIndex: where a shard is damaged.
        """
        if column is None:
            parts = [self._read(number, name, lambda piece: piece[:]) for number in range(self.count)]
        else:
            parts = [
                self._read(number, name, lambda piece: piece[:, column : column + 1])[:, 0]
                for number in range(self.count)
            ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def part(self, number: int, name: str, rows: slice | int = slice(None)) -> np.ndarray:
        """Read of one shard's array only these rows.

        Args:
            number: of the shard.
            name: of the array.
            rows: of it.

        Raises:
            BadIndex: where the shard is damaged.
        """
        return self._read(number, name, lambda piece: piece[rows])

    def verify(self) -> None:
        """See that every file is what was written.

        Raises:
            BadIndex: naming the first that is not.
        """
        for number in range(self.count):
            self._store.check(number)

    def _read(self, number: int, name: str, part: Callable[[Any], np.ndarray]) -> np.ndarray:
        if number not in self._checked:
            self._store.check(number)
            self._checked.add(number)
        try:
            with safe_open(self._store.shard(number), framework="np") as file:
                return part(file.get_slice(name))
        except (SafetensorError, OSError) as error:
            raise BadIndex(f"{self._store.shard(number)} cannot be read: {error}") from error
