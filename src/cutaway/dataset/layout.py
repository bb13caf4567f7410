"""Points of a plane laid on a grid, each on a cell of its own and as near to its place as all can be together."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int

from cutaway.errors import BadSetting

__all__ = ["on_grid"]


def on_grid(points: Float[np.ndarray, "n 2"], columns: int | None = None) -> Int[np.ndarray, "n 2"]:
    """Give each point a cell (row, column), no two the same, so that the squared ways are shortest in sum.

    Args:
        points: (x, y); the cells' rows run downwards as y does.
        columns: of the grid; about as many as rows by default.

    Raises:
        BadSetting: where scipy is not installed.

    >>> on_grid(np.array([[0.0, 0.0], [0.1, 5.0], [5.0, 0.0], [5.0, 5.0]])).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise BadSetting('laying photos on a grid needs scipy: pip install "cutaway[tsne]"') from error
    count = len(points)
    across = columns or math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    low, high = points.min(0), points.max(0)
    unit = (points - low) / np.maximum(high - low, 1e-12)
    cells = np.stack(np.meshgrid(np.arange(down), np.arange(across), indexing="ij"), -1).reshape(-1, 2)
    middles = (cells[:, ::-1] + 0.5) / np.array([across, down])
    cost = ((unit[:, None] - middles[None]) ** 2).sum(-1)
    rows, chosen = linear_sum_assignment(cost)
    found: np.ndarray = cells[chosen[np.argsort(rows)]]
    return found
