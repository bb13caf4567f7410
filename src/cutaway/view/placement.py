"""Where the cells of a map lie in a photo, and the map drawn at the photo's size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

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

    def scaled(self, factor: tuple[float, float]) -> Placement:
        """Give the same placement in a photo that was made larger or smaller by (y, x).

        >>> Placement.stretched((4, 4), (8, 16)).scaled((0.5, 0.5)) == Placement.stretched((4, 4), (4, 8))
        True
        """
        y, x = factor
        top, left, bottom, right = self.window
        return Placement(
            (self.start[0] * y, self.start[1] * x),
            (self.step[0] * y, self.step[1] * x),
            (top * y, left * x, bottom * y, right * x),
        )

    def resample(
        self, values: Float[np.ndarray, "rows columns"], photo_size: tuple[int, int]
    ) -> Float[np.ndarray, "h w"]:
        """Draw a map at a photo's size: linear between the cells' middles, level outside them, NaN outside the window.

        Args:
            values: the map; a NaN reaches as far as it would be mixed in.
            photo_size: (h, w) in pixels.

        Returns:
            float32 (h,w); no number in it lies outside of the map's own range.

        >>> place = Placement(start=(0.5, 0.5), step=(2.0, 2.0), window=(0.0, 0.0, 1.0, 3.0))
        >>> place.resample(np.array([[0.0, 1.0]]), (1, 4)).tolist()
        [[0.0, 0.5, 1.0, nan]]
        """
        with np.errstate(over="ignore"):  # beyond what float32 holds is infinite
            source = values.astype(np.float32)
        rows = _taps(self.start[0], self.step[0], source.shape[0], photo_size[0])
        columns = _taps(self.start[1], self.step[1], source.shape[1], photo_size[1])
        # Columns first: then the large array is made by adding whole rows, which lie together in memory.
        wide = _blend(source.T, columns).T
        drawn = _blend(np.ascontiguousarray(wide), rows)
        seen_y, seen_x = self.seen(photo_size)
        drawn[~seen_y] = np.nan
        drawn[:, ~seen_x] = np.nan
        return drawn

    def seen(self, photo_size: tuple[int, int]) -> tuple[Bool[np.ndarray, " h"], Bool[np.ndarray, " w"]]:
        """Tell which of a photo's rows, and which of its columns, have their middle inside the window.

        >>> [part.sum().item() for part in Placement((0, 0), (1, 1), (1.0, 0.0, 3.0, 4.0)).seen((4, 4))]
        [2, 4]
        """
        top, left, bottom, right = self.window
        return _inside(photo_size[0], top, bottom), _inside(photo_size[1], left, right)


Taps = tuple[np.ndarray, np.ndarray, np.ndarray]


def _taps(start: float, step: float, count: int, size: int) -> Taps:
    """For each pixel: the cell before, the cell after, and the weight of the one after."""
    if count == 1 or step <= 0:
        zeros = np.zeros(size, np.intp)
        return zeros, zeros, np.zeros(size, np.float32)
    place = np.clip((np.arange(size) + 0.5 - start) / step, 0, count - 1)
    before = np.minimum(place.astype(np.intp), count - 2)
    return before, before + 1, (place - before).astype(np.float32)


def _blend(source: np.ndarray, taps: Taps) -> np.ndarray:
    """Mix rows of a map, two and two."""
    before, after, weight = taps[0], taps[1], taps[2][:, None]
    one, other = source[before], source[after]
    if np.isfinite(source).all():
        low, high = np.minimum(one, other), np.maximum(one, other)
        one *= 1 - weight
        other *= weight
        one += other
        # Rounding must not carry a number out of the map's own range.
        return np.clip(one, low, high, out=one)
    with np.errstate(invalid="ignore"):
        mixed = one * (1 - weight) + other * weight
    # A weight of zero takes nothing, not even from NaN; and between two infinite ones it stays infinite.
    mixed = np.where((weight == 0) | (one == other), one, mixed)
    return np.where(weight == 1, other, mixed)


def _inside(size: int, low: float, high: float) -> np.ndarray:
    middle = np.arange(size) + 0.5
    seen: np.ndarray = (middle > low) & (middle < high)
    return seen
