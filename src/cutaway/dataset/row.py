"""One place where a channel is strong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """One place where a channel is strong.

    Args:
        path: of the photo.
        value: of the activation.
        y: the unit's row in the layer's map; None for a layer without places.
        x: its column.
        box: what the unit sees, in pixels of the original photo: (top, left, bottom, right), the last two exclusive.
        label: of the photo, where it has one.
        photo: its number in the index.
        seen: the same in pixels of the image that the network saw.
    """

    path: Path
    value: float
    y: int | None
    x: int | None
    box: tuple[int, int, int, int]
    label: str | None
    photo: int
    seen: tuple[int, int, int, int]
