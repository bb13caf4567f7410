"""Scores of sums over places: what a picture too large for memory can be scored by, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from cutaway.objectives.objective import Objective

__all__ = ["Part", "Summed", "Sums", "part_of"]

# By a name, (n, …).
Sums = Mapping[str, Tensor]


class Part(NamedTuple):
    """The units of a piece's map that are counted in it.

    Args:
        here: (rows, columns) of the piece's own map.
        whole: what they are in the map of the whole picture.
        size: (h, w) of that map.
    """

    here: tuple[slice, slice]
    whole: tuple[slice, slice]
    size: tuple[int, int]


@dataclass(frozen=True)
class Summed(Objective):
    """An objective that knows no more of maps than sums over their places, and so needs no two pieces at once.

    Args:
        sums: from the activations, and the part of each layer in a piece (None for a whole picture), to sums.
        total: from the sums of a whole picture to its score, (n,).

    >>> objective = Summed.of(
    ...     "a mean", ("x",), lambda a, at: {"x": a["x"].flatten(1).sum(1)}, lambda sums: sums["x"] / 4
    ... )
    >>> objective.score({"x": torch.ones(1, 1, 2, 2)})
    tensor([1.])
    """

    sums: Callable[[Mapping[str, Tensor], Mapping[str, Part] | None], Sums] = lambda a, at: a
    total: Callable[[Sums], Tensor] = lambda sums: torch.stack(list(sums.values())).sum(0)

    @classmethod
    def of(
        cls,
        name: str,
        layers: tuple[str, ...],
        sums: Callable[[Mapping[str, Tensor], Mapping[str, Part] | None], Sums],
        total: Callable[[Sums], Tensor],
    ) -> Summed:
        """Make one whose score is the total of the sums of a whole picture."""
        return cls(name, layers, lambda a: total(sums(a, None)), sums=sums, total=total)


def part_of(values: Tensor, part: Part | None) -> Tensor:
    """Give the part of a map that counts.

    >>> part_of(
    ...     torch.ones(1, 1, 4, 4), Part((slice(1, 3), slice(0, 4)), (slice(5, 7), slice(0, 4)), (9, 4))
    ... ).shape
    torch.Size([1, 1, 2, 4])
    """
    return values if part is None else values[:, :, part.here[0], part.here[1]]
