"""A job cut into shards, as one value of which any worker can carry out any shard."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import torch

__all__ = ["Job", "Made"]


class Made(NamedTuple):
    """A shard, ready to be written.

    Args:
        number: of the shard.
        data: its file.
        skipped: pieces (photos, channels) that are not in it, and why.
    """

    number: int
    data: bytes
    skipped: tuple[tuple[int, str], ...]


@runtime_checkable
class Job(Protocol):
    """What engines carry out. The bytes of a shard must not depend on who makes it, or on what was made before."""

    @property
    def name(self) -> str:
        """What it is of, as a message tells it: a network."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def shards(self) -> int:
        """How many there are."""

    def pieces(self, number: int) -> int:
        """Count what is in a shard (photos, channels), for the progress."""

    def make(self, number: int) -> Made:
        """Compute a shard."""

    def fresh(self) -> Job:
        """Give it without what was found out about runs: each worker finds that out for itself."""
