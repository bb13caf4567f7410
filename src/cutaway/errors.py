"""Every error that cutaway raises on purpose: what you gave, what is allowed, what to type next.

CutawayError
├── BadImage             a picture that cannot be read
├── UnknownLayer         a layer name that the network does not have
├── UnknownModel         a model name that is not in the zoo
├── UnknownClass         a class index or name that the network does not know
├── WeightsUnavailable   weights that are not on this machine, or do not fit
├── UnsupportedNetwork   a module that cannot be opened, and why
├── UnsupportedMethod    a method that this network has no place for, and what to use instead
├── OutOfMemory          an image, or a chunk of images, that memory ran out on
├── NonFinite            weights or activations that are NaN or infinite
├── BadIndex             an index that cannot be read, or is of something else
├── OutOfSpace           a disk that takes no more
├── WorkerLost           processes that die again and again
└── BadSetting           a value outside what a setting allows
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

__all__ = [
    "BadImage",
    "BadIndex",
    "BadSetting",
    "CutawayError",
    "NonFinite",
    "OutOfMemory",
    "OutOfSpace",
    "UnknownClass",
    "UnknownLayer",
    "UnknownModel",
    "UnsupportedMethod",
    "UnsupportedNetwork",
    "WeightsUnavailable",
    "WorkerLost",
    "closest",
]


class CutawayError(Exception):
    """Anything that cutaway refuses, in one line that a person can act on."""


class BadImage(CutawayError):
    """A picture that cannot be read.

    >>> raise BadImage("cat.svg", "SVG is not a photo format")
    Traceback (most recent call last):
    cutaway.errors.BadImage: cat.svg: SVG is not a photo format
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(self.path, reason)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class BadIndex(CutawayError):
    """An index that cannot be read, or that is of other photos or another network."""


class OutOfSpace(CutawayError):
    """A disk that takes no more."""


class WorkerLost(CutawayError):
    """Processes that die again and again."""


class UnknownLayer(CutawayError):
    """A layer name that the network does not have."""


class UnknownModel(CutawayError):
    """A model name that is not in the zoo."""


class UnknownClass(CutawayError):
    """A class index or name that the network does not know."""


class WeightsUnavailable(CutawayError):
    """Weights that are not on this machine and cannot be had now, or that do not fit."""


class UnsupportedNetwork(CutawayError):
    """A module that cannot be opened, and why."""


class UnsupportedMethod(CutawayError):
    """A method that this network has no place for, and what to use instead."""


class OutOfMemory(CutawayError):
    """Memory ran out on an image, or on a chunk of images."""


class NonFinite(CutawayError):
    """Weights or activations that are NaN or infinite, with the first bad layer's name."""


class BadSetting(CutawayError):
    """A value outside what a setting allows."""


def closest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Give the known names nearest to a mistyped one, best first.

    >>> closest("fire6_squeeze", ["fire5.squeeze", "fire6.squeeze", "conv1"], count=2)
    ['fire6.squeeze', 'fire5.squeeze']
    """
    plain = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), plain, n=count, cutoff=0.5)
    if not found:
        found = [candidate for candidate in plain if name.lower() in candidate][:count]
    return [plain[candidate] for candidate in found]
