"""Where the cells of a map lie in a photo, and the map drawn at the photo's size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ["Placement"]


@dataclass(frozen=True)
class Placement:
    """Where a map lies in a photo, in continuous photo coordinates: pixel p covers [p, p + 1), its middle is p + 0.5.

    Args:
        start: of the middle of cell (0, 0), (y, x).
        step: from one cell's middle to the next one's, (y, x).
        window: the part of the photo that the network saw, (top, left, bottom, right).

    >>> Placement.stretched((2, 2), (8, 8)).start
    (2.0, 2.0)
    """

    start: tuple[float, float]
    step: tuple[float, float]
    window: tuple[float, float, float, float]

    @classmethod
    def stretched(cls, map_size: tuple[int, int], photo_size: tuple[int, int]) -> Placement:
        """Spread a map evenly over a whole photo.

        >>> Placement.stretched((4, 4), (8, 16)).step
        (2.0, 4.0)
        """
        step = (photo_size[0] / map_size[0], photo_size[1] / map_size[1])
        return cls((step[0] / 2, step[1] / 2), step, (0.0, 0.0, float(photo_size[0]), float(photo_size[1])))

    def resample(
        self, values: Float[np.ndarray, "rows columns"], photo_size: tuple[int, int]
    ) -> Float[np.ndarray, "h w"]:
        """Draw a map at a photo's size: linear between the cells' middles, level outside them, NaN outside the window.

        >>> place = Placement(start=(0.5, 0.5), step=(2.0, 2.0), window=(0.0, 0.0, 1.0, 3.0))
        >>> place.resample(np.array([[0.0, 1.0]]), (1, 4)).tolist()
        [[0.0, 0.5, 1.0, nan]]
        """
        rows = _taps(self.start[0], self.step[0], values.shape[0], photo_size[0])
        columns = _taps(self.start[1], self.step[1], values.shape[1], photo_size[1])
        source = values.astype(np.float32)
        # A NaN must blot only what touches it: an exact weight of zero takes nothing from it.
        tall = _blend(source[rows[0]], source[rows[1]], rows[2][:, None])
        drawn = _blend(tall[:, columns[0]], tall[:, columns[1]], columns[2][None, :])
        top, left, bottom, right = self.window
        seen_y = _inside(photo_size[0], top, bottom)
        seen_x = _inside(photo_size[1], left, right)
        drawn[~seen_y] = np.nan
        drawn[:, ~seen_x] = np.nan
        return drawn


def _taps(start: float, step: float, count: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel: the cell before, the cell after, and the weight of the one after."""
    if count == 1 or step <= 0:
        zeros = np.zeros(size, np.intp)
        return zeros, zeros, np.zeros(size, np.float32)
    place = np.clip((np.arange(size) + 0.5 - start) / step, 0, count - 1)
    before = np.minimum(place.astype(np.intp), count - 2)
    return before, before + 1, (place - before).astype(np.float32)


def _blend(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    mixed = one + (other - one) * weight
    mixed = np.where(weight == 0, one, mixed)
    return np.where(weight == 1, other, mixed)


def _inside(size: int, low: float, high: float) -> np.ndarray:
    middle = np.arange(size) + 0.5
    seen: np.ndarray = (middle > low) & (middle < high)
    return seen
