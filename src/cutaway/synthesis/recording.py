"""The run of an ascent, kept for a film."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.synthesis.ascend import Preview
from cutaway.view.film import Film
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture

__all__ = ["Recording"]

COLUMNS = 8


class Recording:
    """A preview that keeps what it is shown: `ascend(…, preview=recording)`, then `recording.film().save("run.gif")`.

    Every image has its place in the frame, in rows of eight, also where they are made in several runs one after the
    other: in the film all begin together.

    Args:
        every: so many steps one frame; the last step is one in any case.
        then: another preview, asked after.
        most: frames; of a longer run every second step, every fourth and so on is kept.
        drawn: how an image is drawn; as its colours are, by default.

    Raises:
        BadSetting: for less than one step, or one frame.

    >>> import torch
    >>> recording = Recording(every=2)
    >>> for step in range(1, 7):
    ...     _ = recording(step, torch.zeros(1, 3, 4, 6))
    >>> recording.film()
    Film(frames=(Picture(4 × 6), Picture(4 × 6), Picture(4 × 6)), rate=12.0, caption='')
    """

    def __init__(
        self,
        every: int = 1,
        then: Preview | None = None,
        *,
        most: int = 240,
        drawn: Callable[[Float[Tensor, "3 h w"]], Picture] | None = None,
    ) -> None:
        if every < 1 or most < 1:
            raise BadSetting(
                f"every must be at least 1 step and most at least 1 frame, got {every} and {most}"
            )
        self._every, self._then, self._most = every, then, most
        self._drawn = drawn or _as_they_are
        # Of each run its steps, and of each step the images.
        self._runs: list[dict[int, list[Picture]]] = []

    def __call__(self, step: int, images: Float[Tensor, "n 3 h w"]) -> bool | None:
        """Keep the images."""
        if not self._runs or step <= max(self._runs[-1]):
            self._runs.append({})
        run = self._runs[-1]
        run[step] = [Picture(self._drawn(image).pixels) for image in images.detach()]
        while len(run) - 1 > self._most:
            self._every *= 2
            self._thin(step)
        self._thin(step)
        return None if self._then is None else self._then(step, images)

    def __len__(self) -> int:
        """How many frames the film will have."""
        return max(map(len, self._runs), default=0)

    def _thin(self, now: int) -> None:
        """Drop the steps between, but not the last: the run may end with it."""
        for n, run in enumerate(self._runs):
            last = now if n == len(self._runs) - 1 else max(run)
            for step in [one for one in run if one % self._every and one != last]:
                del run[step]

    def film(self, rate: float = 12.0) -> Film:
        """Give what was kept, at the size of the last.

        Args:
            rate: frames a second.

        Raises:
            BadSetting: where nothing was.
        """
        if not self._runs:
            raise BadSetting("no step was recorded: give the recording as preview to what is to be filmed")
        runs = [list(run.values()) for run in self._runs]
        last = [one for run in runs for one in run[-1]]
        frames = []
        for k in range(len(self)):
            images = [one for run in runs for one in run[min(k, len(run) - 1)]]
            side = max(max(one.size) for one in last)
            frames.append(images[0] if len(images) == 1 else mosaic(images, min(COLUMNS, len(images)), side))
        return Film.of(frames, rate=rate)


def _as_they_are(image: Float[Tensor, "3 h w"]) -> Picture:
    return Picture.of_values(np.ascontiguousarray(image.permute(1, 2, 0).float().cpu().numpy()))
