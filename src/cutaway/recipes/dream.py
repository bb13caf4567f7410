"""DeepDream: a photo in which a layer sees more and more of what it already sees."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, SupportsIndex

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting
from cutaway.images.read import Source, read
from cutaway.network.capture import capture
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.objectives.best_match import best_match
from cutaway.objectives.mean_square import mean_square
from cutaway.objectives.objective import Objective
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.synthesis.ascend import Preview
from cutaway.synthesis.octaves import octaves as over_octaves
from cutaway.synthesis.optimizers import Normalised
from cutaway.synthesis.regularizers import Clip
from cutaway.synthesis.tiles import Tiles
from cutaway.synthesis.transforms import Jitter
from cutaway.view.film import Film
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["Dream", "dream"]


@dataclass(frozen=True)
class Dream(Viewable):
    """A dreamt picture; drawn, it is the picture itself, and as a page the photo beside it.

    Args:
        picture: as a file holds it.
        photo: what it began from, at the same size.
        frames: one dream after another, the last is `picture`.
        history: the score at each step, (steps,).
        stopped: whether it was ended before its last step.
    """

    picture: Picture
    photo: Picture = field(repr=False)
    frames: tuple[Picture, ...] = field(repr=False)
    history: Float[np.ndarray, " steps"] = field(repr=False)
    stopped: bool
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The picture before it was rounded, (h,w,3), 0..1."""
        return self.picture.values

    @property
    def film(self) -> Film:
        """The frames, to be saved as .gif, .webp or .mp4."""
        return Film(self.frames, caption=self.caption, provenance=self.provenance)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the picture and the score at each step."""
        return {"values": self.values, "history": self.history}

    def to_image(self) -> Image.Image:
        """Give the picture, every pixel."""
        return self.picture.to_image()

    def _html(self, level: int) -> str:
        sheet = Grid(((self.photo, self.picture),), title="Dream", caption=self.caption)
        return sheet.with_provenance(**self.provenance)._html(level)


def dream(
    network: Network | str | nn.Module,
    photo: Source,
    layer: str | Objective,
    *,
    channels: SupportsIndex | Sequence[SupportsIndex] | None = None,
    guide: Source | None = None,
    octaves: int = 4,
    factor: float = 1.4,
    steps: int = 10,
    rate: float = 1.5,
    jitter: int = 16,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    tiles: int | None = None,
    frames: int = 1,
    zoom: float = 1.05,
    seed: int = 0,
    preview: Preview | None = None,
) -> Dream:
    """Change a photo so that a layer answers more strongly to whatever it already answers to in it.

    Ctrl-C, or a preview that returns True, ends it with the picture as it is then.

    Args:
        network: or its name.
        photo: whatever `cutaway.read` takes.
        layer: whose mean square grows; or an objective of your own, a mean over places.
        channels: only these of the layer, 0-based.
        guide: a second photo: every place of the layer becomes more like the place of the guide that fits it best.
        octaves: sizes, from small to large.
        factor: from one size to the next.
        steps: at each size.
        rate: what a pixel moves in a step on average, in levels of 255.
        jitter: the image is rolled by up to so many pixels before each step.
        size: of the picture: its shortest side, or (h, w); the photo's own by default.
        tiles: the side of tiles to compute gradients by; None cuts only what does not fit the memory budget.
        frames: how many dreams, each begun in the middle of the one before.
        zoom: how much closer each frame is than the one before.
        seed: of jitter and tiles.
        preview: called after each step, with its number (counted anew in each frame) and the images, (1,3,h,w), 0..1.

    Raises:
        BadImage, BadSetting, UnknownLayer: with what to do instead.

    Source: Mordvintsev, Olah and Tyka, "Inceptionism" (2015), and google/deepdream, dream.ipynb.

    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> found = dream(net, Picture(np.full((40, 60, 3), 99, np.uint8)), "1", octaves=2, steps=3)
    >>> found.picture.size, found.history.shape
    ((40, 60), (6,))
    """
    model = opened(network)
    if frames < 1 or not zoom > 0 or steps < 1 or rate <= 0:
        raise BadSetting(
            f"frames and steps must be at least 1, zoom and rate above 0, got {frames}, {steps}, {zoom} and {rate}"
        )
    settings = known_preprocessing(model.preprocessing, model.name)
    given = read(photo)
    start = _at_size(given, size)
    objective = _objective(model, layer, channels, guide)
    images = torch.from_numpy(start.pixels.copy()).permute(2, 0, 1)[None].to(model.device).float() / 255.0
    pictures: list[Picture] = []
    history: list[Tensor] = []
    stopped = False
    for frame in range(frames):
        if frame:
            images = _closer(images, zoom)
        made = over_octaves(
            model,
            objective,
            images,
            count=octaves,
            factor=factor,
            steps=steps,
            optimizer=Normalised(rate, by="mean", least=1e-30),
            transforms=[Jitter(jitter)],
            regularizers=[_displayable(settings, images.device)],
            seed=seed + frame * octaves,
            preview=preview,
            what=f"frame {frame + 1} of {frames}, " if frames > 1 else "",
            tiles=True if tiles is None else Tiles(tiles),
        )
        stopped = made.stopped
        images = made.images.clamp(0, 1)
        history.append(made.history[:, 0])
        pictures.append(Picture.of_values(images[0].permute(1, 2, 0).cpu().numpy()))
        if stopped:
            break
    scores = torch.cat(history).double().numpy()
    caption = _told(model, objective, scores, octaves, factor, len(pictures), stopped)
    code = spelled(
        dream,
        network_spelled(model),
        repr(given.path or "photo"),
        repr(layer) if isinstance(layer, str) else "objective",
        channels=channels if channels is None or isinstance(channels, Sequence) else operator.index(channels),
        guide=None if guide is None else (read(guide).path or "guide"),
        octaves=octaves,
        factor=factor,
        steps=steps,
        rate=rate,
        jitter=jitter,
        size=size,
        tiles=tiles,
        frames=frames,
        zoom=zoom,
        seed=seed,
    )
    named = layer if isinstance(layer, str) else ", ".join(layer.layers)
    provenance = origin(model, code, objective=objective.name)
    provenance |= {"layer": named, "path": given.path or "", "seed": seed}
    last = pictures[-1].with_provenance(**provenance)
    return Dream(last, start, (*pictures[:-1], last), scores, stopped, caption, provenance)


def _at_size(photo: Picture, size: int | tuple[int, int] | str | None) -> Picture:
    if size is None or size == "photo":
        return photo
    if isinstance(size, str):
        raise BadSetting(f"size must be an int, (h, w) or 'photo', got {size!r}")
    if isinstance(size, int) and size < 1:
        raise BadSetting(f"size must be at least 1 pixel, got {size}")
    return photo.resized(size if isinstance(size, tuple) else photo.shortest(size))


def _objective(
    network: Network,
    layer: str | Objective,
    channels: SupportsIndex | Sequence[SupportsIndex] | None,
    guide: Source | None,
) -> Objective:
    if isinstance(layer, Objective):
        if channels is not None or guide is not None:
            raise BadSetting("channels and guide belong to a layer's name, and an objective was given")
        return layer
    if guide is None:
        return mean_square(layer, channels)
    if channels is not None:
        raise BadSetting("channels choose what to dream of, and so does a guide: give one of them")
    return best_match(layer, capture(network, network.prepare(guide).as_subclass(Tensor), layer)[layer])


def _displayable(settings: Preprocessing, device: torch.device) -> Clip:
    """Keep pixels within black and white, as the network takes them."""
    ends = (settings.normalize(torch.full((1, 3, 1, 1), end)).flatten().tolist() for end in (0.0, 1.0))
    low, high = (tuple(end) for end in ends)
    return Clip(low, high)


def _closer(images: Float[Tensor, "1 3 h w"], zoom: float) -> Float[Tensor, "1 3 h w"]:
    """Enlarge the middle of an image to the whole of it."""
    way = images.new_tensor([[[1 / zoom, 0.0, 0.0], [0.0, 1 / zoom, 0.0]]])
    grid = F.affine_grid(way, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp(0, 1)


def _told(
    network: Network,
    objective: Objective,
    scores: Float[np.ndarray, " steps"],
    octaves: int,
    factor: float,
    frames: int,
    stopped: bool,
) -> str:
    if not scores.size or not scores.any():
        rise = "nothing in it answers to this photo, which is unchanged"
    else:
        rise = f"{scores[0]:.3g} at the first step, {scores[-1]:.3g} at the last"
    several = f", frame {frames}" if frames > 1 else ""
    end = ", stopped early" if stopped else ""
    return (
        f"{network.name} · {objective.name}: {rise} ({len(scores)} steps, {octaves} octaves × {factor:g}"
        f"{several}{end})."
    )
