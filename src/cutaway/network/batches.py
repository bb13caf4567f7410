"""Which positions of a patch run as one batch, so that little beside the change itself is computed anew."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cutaway.network.spread import Span, windows

__all__ = ["Batch", "Cost", "Piece", "batches", "cost_of", "pieces"]

# In multiply-accumulates: starting an operation on a batch, reading and ordering one weight for it, copying one number.
_CALL_COST = 4_000_000
_WEIGHT_COST = 250
_COPY_COST = 6


@dataclass(frozen=True)
class Batch:
    """Positions that run together: some rows of them by some columns."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many positions these are."""
        return len(self.rows) * len(self.columns)


# Batches whose positions go on together.
Piece = tuple[Batch, ...]


@dataclass(frozen=True)
class Cost:
    """What one operation costs.

    Args:
        macs: multiply-accumulates for the whole map.
        weights: numbers that it reads anew for each batch.
        channels: of what it makes.
        size: (h, w) of the map; None for what has no windows.
        spans: what a position changes of it, along the height and the width.
    """

    macs: int
    weights: int = 0
    channels: int = 0
    size: tuple[int, int] | None = None
    spans: tuple[Sequence[Span], Sequence[Span]] = ((), ())


def cost_of(costs: Sequence[Cost], chosen: Sequence[Batch]) -> float:
    """Tell what batches cost, in multiply-accumulates.

    >>> cost_of([Cost(macs=100)], [Batch((0, 1), (0,))])
    4000200.0
    """
    return _Costs(costs).of(chosen)


# A map's cells along one axis, and what each position changes of them.
_Axis = tuple[int, tuple[Span, ...]]


class _Costs:
    """What operations cost, those with the same windows together."""

    def __init__(self, costs: Sequence[Cost]) -> None:
        self._each_batch = sum(_CALL_COST + _WEIGHT_COST * cost.weights for cost in costs)
        self._each_position = sum(cost.macs for cost in costs if cost.size is None)
        # For each kind of windows, what one cell costs.
        self._cells: dict[tuple[_Axis, _Axis], float] = defaultdict(float)
        for cost in costs:
            if cost.size is not None:
                (h, w), (down, across) = cost.size, cost.spans
                self._cells[(h, tuple(down)), (w, tuple(across))] += (
                    cost.macs / (h * w) + _COPY_COST * cost.channels
                )

    def of(self, chosen: Sequence[Batch]) -> float:
        count = sum(batch.count for batch in chosen)
        sides = {batch.rows for batch in chosen}, {batch.columns for batch in chosen}
        known: dict[tuple[_Axis, frozenset[tuple[int, ...]]], int] = {}
        total = float(self._each_batch * len(chosen) + self._each_position * count)
        for axes, cost in self._cells.items():
            for axis, several in zip(axes, map(frozenset, sides), strict=True):
                if (axis, several) not in known:
                    most, spans = axis
                    known[axis, several] = sum(
                        len(one) * windows([spans[i] for i in one], most).size for one in several
                    )
                cost *= known[axis, several]
            total += cost
        return total


def batches(costs: Sequence[Cost], rows: int, columns: int, most: int) -> list[Batch]:
    """Choose the cheapest batches: neighbours, whose windows end at the same borders and are nearly of one size.

    Where a layer's step is several strides of the patch, every second or fourth position is alike instead.

    Args:
        costs: of all operations.
        rows: of positions.
        columns: of positions.
        most: positions to run at once.

    >>> spans = [Span(i, i + 4) for i in range(4)]
    >>> batches([Cost(10, 0, 1, (8, 8), (spans, spans))], 4, 4, 16)
    [Batch(rows=(0, 1, 2, 3), columns=(0, 1, 2, 3))]
    """
    found, told = [], _Costs(costs)
    for phases in (1, 2, 4):
        for block in (1, 2, 3, 4, 5, 6, 7, 9, 13):
            if block > 1 and block * block > most:
                continue
            down, across = _blocks(rows, phases, block), _blocks(columns, phases, block)
            chosen = [Batch(one, other) for one in down for other in across]
            found.append((told.of(chosen), chosen))
    return min(found, key=lambda one: one[0])[1]


def pieces(several: Sequence[Batch], most: int) -> list[Piece]:
    """Gather batches of no more than so many positions together.

    >>> [len(piece) for piece in pieces([Batch((0,), (0, 1)), Batch((1,), (0, 1)), Batch((2,), (0, 1))], 4)]
    [2, 1]
    """
    found: list[list[Batch]] = []
    count = most
    for batch in several:
        if count + batch.count > most:
            found.append([])
            count = 0
        found[-1].append(batch)
        count += batch.count
    return [tuple(piece) for piece in found]


def _blocks(count: int, phases: int, block: int) -> list[tuple[int, ...]]:
    """Split positions by phase, and each phase into runs of nearly equal length."""
    found = []
    for phase in range(min(phases, count)):
        places = list(range(phase, count, phases))
        pieces = math.ceil(len(places) / block)
        edges = [round(i * len(places) / pieces) for i in range(pieces + 1)]
        found += [tuple(places[a:b]) for a, b in itertools.pairwise(edges)]
    return found
