"""A photo moved until its content is its own still, and its style a painting's: from small to large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from cutaway.network.capture import capture
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.network.quick_convolutions import QuickConvolutions
from cutaway.objectives.objective import Objective
from cutaway.objectives.style_loss import Losses, Style, gram_sums, grams, style_loss, usual_difference
from cutaway.synthesis.ascend import Preview, ascend
from cutaway.synthesis.optimizers import LBFGS, Adam, Optimizer
from cutaway.synthesis.parametrization.fourier import Fourier
from cutaway.synthesis.parametrization.seeded import seeded
from cutaway.synthesis.summed_tiles import SummedTiles
from cutaway.view.picture import Picture

__all__ = ["OPTIMIZERS", "Plan", "ScaleRun", "StyleMaker"]

OPTIMIZERS: dict[str, Optimizer] = {"lbfgs": LBFGS(), "adam": Adam(0.1)}
# The spectrum moves large forms as easily as small ones: up to this side a smaller size first gains nothing. Beyond,
# units see too little of the picture. The last size has this part of all steps.
_SMALLEST, _LAST = 240, 1 / 3


class ScaleRun(NamedTuple):
    """What happened at one size.

    Args:
        size: (h, w).
        content: its loss at each evaluation.
        style: its loss at each evaluation.
        best: the evaluation whose picture was kept.
    """

    size: tuple[int, int]
    content: Float[np.ndarray, " steps"]
    style: Float[np.ndarray, " steps"]
    best: int


@dataclass(frozen=True)
class Plan:
    """How style is transferred.

    Args:
        content_layers: where the photo is matched.
        style_layers: where the paintings are.
        content_weight: of the first.
        style_weight: of the second.
        total_variation: weight of it.
        style_scale: the paintings' shortest side over the photo's.
        scales: sizes, from small to large; None halves while 240 pixels are left.
        steps: evaluations in all.
        optimizer: "lbfgs" or "adam".
        seed: of noise to begin from.
        tiles: side of tiles; None cuts what does not fit the memory budget.
    """

    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    content_weight: float
    style_weight: float
    total_variation: float
    style_scale: float
    scales: int | None
    steps: int
    optimizer: str
    seed: int
    tiles: int | None

    def sizes(self, size: tuple[int, int]) -> list[tuple[int, int]]:
        """List the sizes (h, w), the smallest first."""
        count = self.scales or max(1, int(np.log2(max(1.0, min(size) / _SMALLEST))) + 1)
        found = [size]
        for _ in range(count - 1):
            h, w = found[0]
            found.insert(0, (max(1, round(h / 2)), max(1, round(w / 2))))
        return found

    def steps_at(self, sizes: int) -> list[int]:
        """Tell how many steps each size has: the last a third of all, those before it the rest alike."""
        if sizes == 1:
            return [self.steps]
        last = max(1, round(self.steps * _LAST))
        before, more = divmod(self.steps - last, sizes - 1)
        return [before + (k < more) for k in range(sizes - 1)] + [last]


class StyleMaker:
    """Transfers style.

    Args:
        network: whose layers tell content and style.
        content: the photo.
        styles: the paintings.
        weights: of each.
        masks: where each is wanted, (1,1,h,w), or None everywhere.
        size: (h, w) of the result.
        plan: how.
    """

    def __init__(
        self,
        network: Network,
        content: Picture,
        styles: Sequence[Picture],
        weights: Sequence[float],
        masks: Sequence[Float[Tensor, "1 1 h w"] | None],
        size: tuple[int, int],
        plan: Plan,
    ) -> None:
        self.runs: list[ScaleRun] = []
        self.stopped = False
        self._network, self._settings = network, known_preprocessing(network.preprocessing, network.name)
        self._content, self._size, self._plan = content, size, plan
        self._styles = list(zip(styles, weights, masks, strict=True))
        self._rules = QuickConvolutions().rules()

    def made(self, start: Picture | str, preview: Preview | None = None) -> Float[Tensor, "1 3 h w"]:
        """Make the picture, 0..1.

        Args:
            start: "content", "noise", or a picture to go on from.
            preview: called after each step.
        """
        sizes = self._plan.sizes(self._size)
        images = self._started(start, sizes[0])
        done = 0
        for k, (size, steps) in enumerate(zip(sizes, self._plan.steps_at(len(sizes)), strict=True)):
            images = _resized(images, size)
            if self.stopped or not steps:
                continue

            def shown(step: int, now: Tensor, before: int = done) -> bool | None:
                return preview(before + step, now) if preview is not None else None

            losses: list[Losses] = []
            try:
                objective, tiles = self._objective(size, losses)
                made = ascend(
                    self._network,
                    objective,
                    Fourier.matching(images),
                    steps=steps,
                    optimizer=OPTIMIZERS[self._plan.optimizer],
                    preview=shown,
                    what=f"size {k + 1} of {len(sizes)}, {size[1]} × {size[0]}",
                    tiles=tiles,
                    rules=self._rules,
                )
            except KeyboardInterrupt:  # before its first step
                self.stopped = True
                continue
            images, self.stopped = made.images, made.stopped
            content, style = (
                np.array([float(getattr(one, name)[0]) for one in losses]) for name in ("content", "style")
            )
            if len(made.history):
                best = (
                    int(made.history[:, 0].argmax()) if self._plan.optimizer == "lbfgs" else len(content) - 1
                )
                self.runs.append(ScaleRun(size, content[: made.steps], style[: made.steps], best))
            done += steps
        return images

    def _started(self, start: Picture | str, size: tuple[int, int]) -> Tensor:
        if start == "noise":
            return seeded(1, self._plan.seed, lambda source: torch.rand(3, *size, generator=source))
        given = self._content if isinstance(start, str) else start
        pixels = given.resized(size).pixels.copy()
        return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255.0

    def _images(self, picture: Picture) -> Tensor:
        """A picture as the network takes it, at its own size."""
        network = self._network
        return self._settings.normalized(picture.pixels[None]).to(network.device, network.dtype)

    def _objective(self, size: tuple[int, int], losses: list[Losses]) -> tuple[Objective, SummedTiles | None]:
        plan, network = self._plan, self._network
        content = self._images(self._content.resized(size))
        tiles = self._tiles(size)
        reads = list(plan.content_layers)
        seen = capture(network, content, reads) if tiles is None else tiles.captured(network, content, reads)
        styles = [
            Style(self._grams(picture, min(size)), weight, None if mask is None else mask.to(network.device))
            for picture, weight, mask in self._styles
        ]
        objective = style_loss(
            seen,
            styles,
            content_weight=plan.content_weight,
            style_weight=plan.style_weight,
            variation_weight=plan.total_variation,
            usual=usual_difference(self._settings),
            told=losses.append,
        )
        return objective, tiles

    def _grams(self, picture: Picture, side: int) -> dict[str, Tensor]:
        """A painting's Gram matrices, at its size beside a photo of this shortest side."""
        layers = self._plan.style_layers
        size = picture.shortest(max(1, round(side * self._plan.style_scale)))
        images, tiles = self._images(picture.resized(size)), self._tiles(size)
        if tiles is None:
            return grams(gram_sums(capture(self._network, images, list(layers)), layers))
        return grams(tiles.sums(self._network, images, layers, lambda a, at: gram_sums(a, layers, None, at)))

    def _tiles(self, size: tuple[int, int]) -> SummedTiles | None:
        side = self._plan.tiles
        if side is not None:
            return SummedTiles(side) if max(size) > side else None
        reads = dict.fromkeys((*self._plan.content_layers, *self._plan.style_layers))
        return SummedTiles.needed(
            self._network, Objective("all", tuple(reads), lambda a: next(iter(a.values()))), size
        )


def _resized(images: Float[Tensor, "n 3 h w"], size: tuple[int, int]) -> Float[Tensor, "n 3 h2 w2"]:
    if tuple(images.shape[2:]) == size:
        return images
    return F.interpolate(images, size, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
