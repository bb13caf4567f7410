"""A photo, or any picture in colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    def of_values(
        cls, values: Float[np.ndarray, "h w 3"], *, caption: str = "", raw: np.ndarray | None = None
    ) -> Picture:
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

    def gray(self) -> Picture:
        """Give it without its colours (ITU-R BT.601).

        >>> Picture(np.array([[[255, 0, 0]]], np.uint8)).gray().pixels.tolist()
        [[[76, 76, 76]]]
        """
        return replace(
            self, pixels=np.asarray(Image.fromarray(self.pixels).convert("L").convert("RGB")), raw=None
        )

    def resized(self, size: tuple[int, int]) -> Picture:
        """Give it at another size (h, w), smoothly (Lanczos).

        Raises:
            BadSetting: for a size below one pixel.

        >>> Picture(np.zeros((4, 6, 3), np.uint8)).resized((2, 3)).size
        (2, 3)
        """
        if min(size) < 1:
            raise BadSetting(f"a picture has at least 1 × 1 pixel, got {size[0]} × {size[1]}")
        if size == self.size:
            return self
        image = Image.fromarray(self.pixels).resize(
            (size[1], size[0]), Image.Resampling.LANCZOS, reducing_gap=3.0
        )
        return replace(self, pixels=np.asarray(image), raw=None)

    def fitted(self, most: int) -> Picture:
        """Give it with its longer side no longer than this; one that fits is given as it is.

        >>> Picture(np.zeros((400, 600, 3), np.uint8)).fitted(300).size
        (200, 300)
        """
        longest = max(self.size)
        if longest <= most:
            return self
        h, w = (max(1, round(side * most / longest)) for side in self.size)
        return self.resized((h, w))

    def shortest(self, side: int) -> tuple[int, int]:
        """Give the size (h, w) that it has when its shortest side is this long.

        >>> Picture(np.zeros((400, 600, 3), np.uint8)).shortest(200)
        (200, 300)
        """
        least = min(self.size)
        h, w = (max(1, round(one * side / least)) for one in self.size)
        return h, w

    def cropped(self, box: tuple[int, int, int, int]) -> Picture:
        """Give the part inside (top, left, bottom, right), in pixels.

        Raises:
            BadSetting: for a box that does not lie in the picture.

        >>> Picture(np.zeros((4, 6, 3), np.uint8)).cropped((1, 2, 4, 6)).size
        (3, 4)
        """
        top, left, bottom, right = box
        h, w = self.size
        if not (0 <= top < bottom <= h and 0 <= left < right <= w):
            raise BadSetting(
                f"the box (top, left, bottom, right) = {box} does not lie in a picture of {h} × {w}"
            )
        return replace(self, pixels=np.ascontiguousarray(self.pixels[top:bottom, left:right]), raw=None)

    def to_image(self) -> Image.Image:
        """Give it as it is, every pixel."""
        return Image.fromarray(self.pixels)
