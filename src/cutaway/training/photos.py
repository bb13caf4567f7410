"""Photos as training takes them: random cuts of one size, of which each batch is told by its number alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from cutaway.errors import BadImage, BadSetting
from cutaway.images.read import read
from cutaway.network.memory import budget
from cutaway.view.picture import Picture

__all__ = ["PhotoCrops"]

# Decoding stops at this many times the side that is kept: enough for photos four times as long as they are high.
_LONGEST = 4


class PhotoCrops:
    """Batches of square cuts out of photos.

    All photos are gone through in an order drawn anew each time round; of each a square is cut at random, and mirrored
    every second time. A batch depends on the seed and its number alone, so that training taken up again sees the same
    ones. Photos are decoded when they are first needed and kept small, as long as a quarter of the memory budget holds
    them; one that cannot be read is left out, and the next takes its place.

    Args:
        photos: the files.
        side: of a square, in pixels.
        count: of squares in a batch.
        seed: of order and cuts.
        room: the shortest side of a photo, over that of its square.
        mirror: whether squares are mirrored.

    Raises:
        BadSetting: for settings outside what is allowed, or no photos.

    >>> crops = PhotoCrops([Path("examples/photos/coffee.png")], 32, count=2)
    >>> crops(7).shape, bool((crops(7) == crops(7)).all()), bool((crops(7) == crops(8)).all())
    (torch.Size([2, 3, 32, 32]), True, False)
    """

    def __init__(
        self,
        photos: Sequence[Path],
        side: int,
        *,
        count: int = 16,
        seed: int = 0,
        room: float = 1.25,
        mirror: bool = True,
    ) -> None:
        if not photos:
            raise BadSetting("training needs at least one photo, got none")
        if side < 1 or count < 1 or seed < 0 or room < 1:
            raise BadSetting(
                f"side and count must be at least 1, seed at least 0, room at least 1, got {side}, {count}, {seed} and "
                f"{room}"
            )
        self.photos = tuple(photos)
        self.side, self.count, self.seed, self.mirror = side, count, seed, mirror
        self._shortest = round(side * room)
        self._kept: dict[int, UInt8[np.ndarray, "h w 3"]] = {}
        self._held = 0
        self._skipped: dict[int, str] = {}
        self._order = lru_cache(maxsize=4)(self._ordered)

    @property
    def skipped(self) -> list[tuple[Path, str]]:
        """The photos that could not be read so far, and why."""
        return [(self.photos[k], self._skipped[k]) for k in sorted(self._skipped)]

    def __call__(self, step: int) -> Float[Tensor, "n 3 side side"]:
        """Give the batch of a step, as colours of 0..1.

        Raises:
            BadImage: where no photo can be read.
        """
        cuts = []
        for place in range(step * self.count, (step + 1) * self.count):
            around, at = divmod(place, len(self.photos))
            pixels = self._readable(int(self._order(around)[at]))
            source = np.random.default_rng([self.seed, 1, place])
            top, left = (int(source.integers(0, length - self.side + 1)) for length in pixels.shape[:2])
            cut = pixels[top : top + self.side, left : left + self.side]
            cuts.append(cut[:, ::-1] if self.mirror and source.random() < 0.5 else cut)
        return _colours(np.stack(cuts))

    def middles(self) -> tuple[list[Path], Float[Tensor, "n 3 side side"]]:
        """Give the middle of every photo that can be read, its shortest side whole, and which they are.

        Raises:
            BadImage: where none can be read.
        """
        found, cuts = [], []
        for photo, path in enumerate(self.photos):
            pixels = self._pixels(photo)
            if pixels is None:
                continue
            h, w = Picture(pixels).shortest(self.side)
            small = Picture(pixels).resized((h, w)).pixels
            top, left = (h - self.side) // 2, (w - self.side) // 2
            cuts.append(small[top : top + self.side, left : left + self.side])
            found.append(path)
        if not cuts:
            raise self._none()
        return found, _colours(np.stack(cuts))

    def _ordered(self, around: int) -> np.ndarray:
        return np.random.default_rng([self.seed, 0, around]).permutation(len(self.photos))

    def _readable(self, photo: int) -> UInt8[np.ndarray, "h w 3"]:
        for further in range(len(self.photos)):
            pixels = self._pixels((photo + further) % len(self.photos))
            if pixels is not None:
                return pixels
        raise self._none()

    def _none(self) -> BadImage:
        path, reason = self.skipped[0]
        return BadImage(path, f"{reason}; nor can any other of the {len(self.photos)} photos be read")

    def _pixels(self, photo: int) -> UInt8[np.ndarray, "h w 3"] | None:
        if photo in self._skipped:
            return None
        kept = self._kept.get(photo)
        if kept is not None:
            return kept
        try:
            picture = read(self.photos[photo], largest_side=_LONGEST * self._shortest)
        except BadImage as error:
            self._skipped[photo] = error.reason
            return None
        pixels = picture.resized(picture.shortest(self._shortest)).pixels
        if self._held + pixels.nbytes <= budget() // 4:
            self._kept[photo] = pixels
            self._held += pixels.nbytes
        return pixels


def _colours(pixels: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).float() / 255
