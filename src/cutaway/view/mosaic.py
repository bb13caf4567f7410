"""Many small pictures as one: equal square tiles, row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.view.picture import Picture

__all__ = ["mosaic"]


def mosaic(
    pictures: Sequence[Picture],
    columns: int,
    side: int,
    *,
    gap: int = 2,
    background: int = 255,
    caption: str = "",
) -> Picture:
    """Put pictures into equal square tiles, each as large as fits and in the middle of its tile.

    Args:
        pictures: in their order, row by row.
        columns: of the mosaic.
        side: of a tile, in pixels.
        gap: between tiles, in pixels, white.
        background: of a tile where the picture does not fill it, 0..255.
        caption: below.

    >>> one = Picture(np.zeros((10, 20, 3), np.uint8))
    >>> mosaic([one] * 5, 3, 20).size
    (42, 64)
    """
    rows = -(-len(pictures) // columns)
    canvas = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, np.uint8)
    for k, picture in enumerate(pictures):
        zoom = side / max(picture.size)
        h, w = (max(1, min(side, round(length * zoom))) for length in picture.size)
        top, left = (k // columns) * (side + gap), (k % columns) * (side + gap)
        tile = canvas[top : top + side, left : left + side]
        tile[:] = background
        above, before = (side - h) // 2, (side - w) // 2
        tile[above : above + h, before : before + w] = picture.resized((h, w)).pixels
    return Picture(canvas, caption)
