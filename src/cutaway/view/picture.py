"""A photo, or any picture in colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.viewable import Viewable

__all__ = ["Picture"]


@final
@dataclass(frozen=True, eq=False)
class Picture(Viewable):
    """A picture in RGB.

    Args:
        pixels: (h,w,3), 0..255.
        caption: a line or two below it.
        path: the file that it was read from.
        notes: what a reader should know ("first of 12 frames").
        raw: numbers that the pixels were drawn from, where they hold more than the pixels.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for pixels of another shape or kind.

    >>> photo = Picture(np.zeros((2, 3, 3), np.uint8))
    >>> photo.size, photo.values.max()
    ((2, 3), np.float32(0.0))
    """

    pixels: UInt8[np.ndarray, "h w 3"]
    caption: str = ""
    path: str | None = None
    notes: tuple[str, ...] = ()
    raw: np.ndarray | None = field(default=None, repr=False)
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise BadSetting(
                f"a Picture needs uint8 pixels (h, w, 3), got {self.pixels.dtype} {self.pixels.shape}. "
                "For other arrays: cutaway.read(array)"
            )

    def __repr__(self) -> str:
        return f"Picture({self.size[0]} × {self.size[1]}{', ' + self.path if self.path else ''})"

    @classmethod
    def of_values(cls, values: Float[np.ndarray, "h w 3"], *, caption: str = "", raw: np.ndarray | None = None) -> Picture:
        """Make a picture of numbers in 0..1; what lies outside is clipped, NaN is black.

        >>> Picture.of_values(np.full((1, 1, 3), 0.5)).pixels[0, 0].tolist()
        [128, 128, 128]
        """
        unit = np.clip(np.nan_to_num(values, nan=0.0), 0.0, 1.0)
        return cls(np.round(unit * 255).astype(np.uint8), caption, raw=values if raw is None else raw)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])

    @property
    def values(self) -> np.ndarray:
        """The numbers (h,w,3): what it was drawn from, else the pixels as 0..1."""
        if self.raw is not None:
            return self.raw
        return self.pixels.astype(np.float32) / np.float32(255)

    def to_image(self) -> Image.Image:
        """Give it as it is, every pixel."""
        return Image.fromarray(self.pixels)
