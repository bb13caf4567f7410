"""Which positions of a patch run as one batch, so that little beside the change itself is computed anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cutaway.network.spread import Span, windows

__all__ = ["Batch", "Cost", "batches", "cost_of"]

# In multiply-accumulates: starting an operation on a batch, reading one weight for it, and copying one number.
_CALL_COST = 4_000_000
_WEIGHT_COST = 30
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
    count = sum(batch.count for batch in chosen)
    total = float(sum(_CALL_COST + _WEIGHT_COST * cost.weights for cost in costs) * len(chosen))
    sides = {batch.rows for batch in chosen}, {batch.columns for batch in chosen}
    for cost in costs:
        if cost.size is None:
            total += cost.macs * count
            continue
        cells = 1
        for several, spans, most in zip(sides, cost.spans, cost.size, strict=True):
            cells *= sum(len(one) * windows([spans[i] for i in one], most).size for one in several)
        total += (cost.macs / (cost.size[0] * cost.size[1]) + _COPY_COST * cost.channels) * cells
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
    found = []
    for phases in (1, 2, 4):
        for block in (1, 2, 3, 4, 5, 6, 7, 9, 13):
            if block > 1 and block * block > most:
                continue
            down, across = _blocks(rows, phases, block), _blocks(columns, phases, block)
            chosen = [Batch(one, other) for one in down for other in across]
            found.append((cost_of(costs, chosen), chosen))
    return min(found, key=lambda one: one[0])[1]


def _blocks(count: int, phases: int, block: int) -> list[tuple[int, ...]]:
    """Split positions by phase, and each phase into runs of nearly equal length."""
    found = []
    for phase in range(min(phases, count)):
        places = list(range(phase, count, phases))
        pieces = math.ceil(len(places) / block)
        edges = [round(i * len(places) / pieces) for i in range(pieces + 1)]
        found += [tuple(places[a:b]) for a, b in itertools.pairwise(edges)]
    return found
