"""The run of an ascent, kept for a film."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.synthesis.ascend import Preview
from cutaway.view.film import Film
from cutaway.view.picture import Picture

__all__ = ["Recording"]


class Recording:
    """A preview that keeps what it is shown: `ascend(…, preview=recording)`, then `recording.film().save("run.gif")`.

    Args:
        every: so many steps one frame.
        then: another preview, asked after.

    >>> import torch
    >>> recording = Recording(every=2)
    >>> for step in range(1, 7):
    ...     _ = recording(step, torch.zeros(1, 3, 4, 6))
    >>> recording.film()
    Film(frames=(Picture(4 × 6), Picture(4 × 6), Picture(4 × 6)), rate=12.0, caption='')
    """

    def __init__(self, every: int = 1, then: Preview | None = None) -> None:
        if every < 1:
            raise BadSetting(f"every must be at least 1 step, got {every}")
        self._every, self._then = every, then
        self._frames: list[Picture] = []

    def __call__(self, step: int, images: Float[Tensor, "n 3 h w"]) -> bool | None:
        """Keep the first of the images."""
        if step % self._every == 0:
            drawn = Picture.of_values(np.ascontiguousarray(images[0].permute(1, 2, 0).float().cpu().numpy()))
            self._frames.append(Picture(drawn.pixels))
        return None if self._then is None else self._then(step, images)

    def film(self, rate: float = 12.0) -> Film:
        """Give what was kept, at the size of the last.

        Raises:
            BadSetting: where nothing was.
        """
        if not self._frames:
            raise BadSetting("no step was recorded: give the recording as preview to what is to be filmed")
        return Film.of(self._frames, rate=rate)
