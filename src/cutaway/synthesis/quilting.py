"""Textures by copying patches: what was there before networks. Needs no network, only numpy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from cutaway.errors import BadSetting
from cutaway.network.progress import report
from cutaway.view.picture import Picture

__all__ = ["quilted"]

# A patch is drawn by lot among those that fit nearly as well as the best one.
_TOLERANCE = 0.1


def quilted(
    picture: Picture,
    size: tuple[int, int],
    *,
    patch: int | None = None,
    overlap: int | None = None,
    seed: int = 0,
) -> Picture:
    """Make a texture of patches of a picture, each chosen to fit what lies above and to the left of it.

    Where two patches overlap, the seam between them runs where they differ least.

    Args:
        picture: of the texture.
        size: (h, w) of what is made.
        patch: side of the patches, in pixels; a sixth of the picture's shorter side by default.
        overlap: how far they overlap, in pixels; a sixth of their side by default.
        seed: of the choice among those that fit.

    Raises:
        BadSetting: for patches that do not fit into the picture, or an overlap that does not fit into them.

    Source: Efros and Freeman, "Image quilting for texture synthesis and transfer" (SIGGRAPH 2001).

    >>> stripes = Picture(np.tile(np.uint8([0, 0, 255, 255]), (24, 12))[..., None].repeat(3, 2))
    >>> made = quilted(stripes, (40, 40), patch=8, overlap=4)
    >>> bool((made.pixels[:, :-4] == made.pixels[:, 4:]).all())  # they go on
    True
    """
    h, w = picture.size
    side = max(2, min(h, w) // 6) if patch is None else patch
    lap = max(1, side // 6) if overlap is None else overlap
    if not 2 <= side <= min(h, w):
        raise BadSetting(f"patch must lie in 2..{min(h, w)}, the picture's shorter side, got {side}")
    if not 1 <= lap < side:
        raise BadSetting(f"overlap must lie in 1..{side - 1}, got {lap}")
    if min(size) < 1:
        raise BadSetting(f"size must be at least 1 pixel, got {size}")
    source = np.random.default_rng(seed)
    pixels = picture.pixels / 255.0
    step = side - lap
    rows, columns = (max(1, -(-(length - lap) // step)) for length in size)
    made = np.zeros((rows * step + lap, columns * step + lap, 3))
    seen = _Candidates(pixels, side)
    for k in range(rows * columns):
        y, x = k // columns * step, k % columns * step
        there = made[y : y + side, x : x + side]
        known = np.zeros((side, side), bool)
        known[:lap] |= y > 0
        known[:, :lap] |= x > 0
        top, left = seen.fitting(there, known, source)
        new = pixels[top : top + side, left : left + side]
        take = np.ones((side, side), bool)
        difference = np.square(there - new).sum(2)
        if x > 0:
            take[:, :lap] &= _beyond_seam(difference[:, :lap])
        if y > 0:
            take[:lap] &= _beyond_seam(difference[:lap].T).T
        there[take] = new[take]
        report("patches", k + 1, rows * columns)
    return Picture(np.round(made[: size[0], : size[1]] * 255).astype(np.uint8))


class _Candidates:
    """All patches of a picture, and how well each fits; correlations by the Fourier transform."""

    def __init__(self, pixels: Float[np.ndarray, "h w 3"], side: int) -> None:
        self._side = side
        self._shape = pixels.shape[:2]
        self._spectrum = np.fft.rfft2(pixels, axes=(0, 1))
        self._squares = np.fft.rfft2(np.square(pixels).sum(2))

    def fitting(
        self,
        there: Float[np.ndarray, "side side 3"],
        known: Bool[np.ndarray, "side side"],
        source: np.random.Generator,
    ) -> tuple[int, int]:
        """Draw the corner (y, x) of one that fits nearly as well as the best, by squares over what is known."""
        goal = there * known[..., None]
        h, w = (whole - self._side + 1 for whole in self._shape)
        mask = np.fft.rfft2(known.astype(float), self._shape)
        spectrum = np.fft.rfft2(goal, self._shape, axes=(0, 1))
        crossed = (self._spectrum * spectrum.conj()).sum(2)
        apart = np.fft.irfft2(self._squares * mask.conj() - 2 * crossed, self._shape)[:h, :w]
        apart = np.maximum(apart + np.square(goal).sum(), 0.0)
        # Below this it is rounding: such patches fit exactly.
        least = max(float(apart.min()), 1e-9)
        return tuple(source.choice(np.argwhere(apart <= (1 + _TOLERANCE) * least)).tolist())


def _beyond_seam(difference: Float[np.ndarray, "length across"]) -> Bool[np.ndarray, "length across"]:
    """Mark what lies on or beyond the seam that runs down where the sum of differences is least.

    >>> _beyond_seam(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    array([[False,  True,  True],
           [ True,  True,  True]])
    """
    length, across = difference.shape
    cost = difference.copy()
    for row in range(1, length):
        above = np.pad(cost[row - 1], 1, constant_values=np.inf)
        cost[row] += np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
    seam = np.empty(length, int)
    seam[-1] = int(cost[-1].argmin())
    for row in range(length - 2, -1, -1):
        low = max(0, seam[row + 1] - 1)
        seam[row] = low + int(cost[row, low : seam[row + 1] + 2].argmin())
    return np.arange(across) >= seam[:, None]
