"""A ceiling for the memory of the process that does jobs: one that is too large fails, and the machine lives."""

from __future__ import annotations

import sys
from pathlib import Path

from cutaway.errors import BadSetting

__all__ = ["LEAST", "check_ceiling", "held_below"]

LEAST = 2**30 // 2
"""What a worker needs for itself, and a little work."""

# What torch and a network take before anything is done.
_OWN = 300 * 2**20


def check_ceiling(most: int | None) -> None:
    """Refuse a ceiling that cannot be held.

    Raises:
        BadSetting: for less than the worker needs, or a system that knows no such limit.

    >>> check_ceiling(2**20)
    Traceback (most recent call last):
    cutaway.errors.BadSetting: max-memory must be at least 512MB, got 1 MB...
    """
    if most is None:
        return
    if most < LEAST:
        raise BadSetting(
            f"max-memory must be at least 512MB, got {most // 2**20} MB: torch and a small network take 300 MB"
        )
    if not sys.platform.startswith("linux"):
        raise BadSetting("max-memory is held by Linux alone: leave it out on this system")


def held_below(most: int | None) -> int | None:
    """Hold this process to a ceiling; gives what activations may take of it, None without a ceiling.

    The limit is on private memory (RLIMIT_DATA), which is near what is in use; the address space, which RLIMIT_AS
    counts, is several times that, and without bounds where there is a GPU.

    Args:
        most: bytes.
    """
    if most is None:
        return None
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(
        resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
    )
    return max(2**24, (most - max(_OWN, _taken())) // 2)


def _taken() -> int:
    """Private memory of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), 0)
