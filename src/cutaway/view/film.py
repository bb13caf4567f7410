"""Pictures one after the other."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, final

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.picture import Picture
from cutaway.view.video import gif_bytes, mp4_bytes, webp_bytes
from cutaway.view.viewable import Viewable

__all__ = ["Film"]


@final
@dataclass(frozen=True, eq=False)
class Film(Viewable):
    """Frames that are saved as .gif, .webp or .mp4; as a still picture, the last of them.

    Args:
        frames: of one size.
        rate: frames a second.
        caption: a line or two.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for no frames, frames of several sizes, or a rate outside 0.1..100.

    >>> Film((Picture(np.zeros((4, 6, 3), np.uint8)),) * 3).values.shape
    (3, 4, 6, 3)
    """

    frames: tuple[Picture, ...]
    rate: float = 12.0
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.frames:
            raise BadSetting("a film needs at least one frame")
        if len({frame.size for frame in self.frames}) > 1:
            sizes = sorted({frame.size for frame in self.frames})
            raise BadSetting(f"a film needs frames of one size, got {sizes}: Film.of(pictures) resizes them")
        if not 0.1 <= self.rate <= 100:
            raise BadSetting(f"rate must lie in 0.1..100 frames a second, got {self.rate}")

    @classmethod
    def of(cls, pictures: Sequence[Picture], **settings: Any) -> Film:
        """Make a film of pictures of several sizes: all take the last one's.

        >>> small, large = (Picture(np.zeros((s, s, 3), np.uint8)) for s in (4, 8))
        >>> Film.of([small, large]).frames[0].size
        (8, 8)
        """
        return cls(tuple(one.resized(pictures[-1].size) for one in pictures), **settings)

    @property
    def values(self) -> np.ndarray:
        """The pixels (frames,h,w,3), 0..255."""
        return np.stack([frame.pixels for frame in self.frames])

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The kinds of file that it can be saved as."""
        return (".gif", ".webp", ".mp4", ".png", ".npz")

    def to_image(self) -> Image.Image:
        """Give the last frame."""
        return self.frames[-1].to_image()

    def _html(self, level: int) -> str:
        """Draw it moving."""
        moving = base64.b64encode(self._encoded(".webp")).decode()
        words = escape(self.caption)
        below = f"<figcaption><p>{words}</p></figcaption>" if words else ""
        return (
            f'<figure><img alt="{words or "a film"}" src="data:image/webp;base64,{moving}">{below}</figure>'
        )

    def _encoded(self, suffix: str) -> bytes:
        encode = {".gif": gif_bytes, ".webp": webp_bytes, ".mp4": mp4_bytes}.get(suffix)
        if encode is None:
            return super()._encoded(suffix)
        return encode([frame.pixels for frame in self.frames], self.rate)
