"""Style transfer: a photo in the hand of a painting, by moving its pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting
from cutaway.images.kept_colours import lit_like, recoloured, with_colours
from cutaway.images.read import Source, read
from cutaway.network.network import Network
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.style_given import COLOURS, given_masks, given_plan, given_size, given_weights
from cutaway.recipes.style_maker import ScaleRun, StyleMaker
from cutaway.synthesis.ascend import Preview
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["Styled", "style"]


@dataclass(frozen=True)
class Styled(Viewable):
    """A photo in another style; drawn, it is the picture itself, and as a page what it was made of beside it.

    Args:
        picture: as a file holds it.
        content: the photo, at the same size.
        styles: the paintings.
        runs: what happened at each size: the losses at each evaluation, and the one that was kept.
        stopped: whether it was ended before its last step.
    """

    picture: Picture
    content: Picture = field(repr=False)
    styles: tuple[Picture, ...] = field(repr=False)
    runs: tuple[ScaleRun, ...] = field(repr=False)
    stopped: bool
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The picture before it was rounded, (h,w,3), 0..1."""
        return self.picture.values

    @property
    def losses(self) -> tuple[float, float]:
        """Of content and of style, of the last size, without their weights; NaN where nothing was done."""
        if not self.runs:
            return float("nan"), float("nan")
        last = self.runs[-1]
        return float(last.content[last.best]), float(last.style[last.best])

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the picture; and of all sizes one after the other the losses, and how many steps each had."""
        told = {
            name: np.concatenate([getattr(run, name) for run in self.runs]) if self.runs else np.zeros(0)
            for name in ("content", "style")
        }
        return {"values": self.values, "steps": np.array([len(run.style) for run in self.runs]), **told}

    def to_image(self) -> Image.Image:
        """Give the picture, every pixel."""
        return self.picture.to_image()

    def beside(self) -> Grid:
        """Give a sheet of the photo, the paintings, and the picture."""
        h = self.picture.size[0]
        shown = [Picture(self.content.pixels, f"{_name(self.content, 'photo')}\nthe photo")]
        for one in self.styles:
            fitted = one.resized((h, max(1, round(one.size[1] * h / one.size[0]))))
            shown.append(Picture(fitted.pixels, f"{_name(one, 'painting')}\nits style"))
        content, style = self.losses
        shown.append(
            Picture(self.picture.pixels, f"both\ncontent {content:.2f} · style {style:.4f}", raw=self.values)
        )
        return Grid((tuple(shown),), caption=self.caption, provenance=self.provenance)

    def _html(self, level: int) -> str:
        return self.beside()._html(level)


def style(
    content: Source,
    styles: Source | Sequence[Source],
    *,
    network: Network | str | nn.Module = "vgg16",
    weights: Sequence[float] | None = None,
    masks: Sequence[Source | None] | None = None,
    content_weight: float = 1.0,
    style_weight: float = 10.0,
    style_scale: float = 1.0,
    colours: str = "style",
    size: int | tuple[int, int] | None = 256,
    steps: int = 150,
    scales: int | None = None,
    init: Source = "content",
    optimizer: str = "lbfgs",
    total_variation: float = 0.0,
    content_layers: str | Sequence[str] | None = None,
    style_layers: str | Sequence[str] | None = None,
    tiles: int | None = None,
    seed: int = 0,
    preview: Preview | None = None,
) -> Styled:
    """Give a photo the style of paintings: its pixels move until a network tells its content and their style in it.

    Ctrl-C, or a preview that returns True, ends it with the picture as it is then.

    Args:
        content: the photo, whatever `cutaway.read` takes.
        styles: a painting, or several.
        network: whose layers tell content and style, or its name; VGG-16 is the best (`cutaway models fetch vgg16`).
        weights: of each painting, above 0; only what they are to each other counts.
        masks: where in the photo each painting is wanted: a picture, white there, or numbers (h,w), 0..1, shaped like
            the photo; None everywhere.
        content_weight: of the squared distance of activations, over the photo's own square.
        style_weight: of that of Gram matrices, over the painting's own.
        style_scale: the painting's shortest side over the photo's: larger makes larger strokes.
        colours: "style" are the painting's; "luminance" keeps the photo's, and only light and dark are painted;
            "histogram" moves the painting's to the photo's before.
        size: of the picture: its shortest side, or (h, w); None is the photo's own.
        steps: evaluations of the network, at all sizes together.
        scales: sizes that it is made at, each twice the one before; None begins at 240 pixels or more.
        init: "content", "noise", or a picture to go on from, which is then moved at the last size only.
        optimizer: "lbfgs" or "adam".
        total_variation: weight of the total variation (β = 2), over that of a usual photo: larger is smoother.
        content_layers: in any of their names; None takes relu4_2 of VGG-16, its like of others.
        style_layers: None takes relu1_1 to relu5_1, their like of others.
        tiles: the side of tiles that large pictures are cut into; None cuts only what does not fit the memory budget.
        seed: of the noise.
        preview: called after each step with its number and the images, (1,3,h,w), 0..1, at the size they have then.

    Raises:
        BadImage, BadSetting, UnknownLayer: with what to do instead.
        WeightsUnavailable: where VGG-16 has not been fetched.

    Source: Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks" (CVPR 2016); colours
    and masks from Gatys et al., "Controlling perceptual factors in neural style transfer" (CVPR 2017).

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), Preprocessing(size=32))
    >>> noise = np.random.default_rng(0).integers(0, 255, (2, 40, 60, 3)).astype(np.uint8)
    >>> made = style(noise[0], noise[1], network=net, size=32, steps=6)
    >>> made.picture.size, made.runs[0].style[-1] < made.runs[0].style[0]
    ((32, 48), np.True_)
    """
    several: list[Any] = list(styles) if isinstance(styles, list | tuple) else [styles]
    if not several:
        raise BadSetting("style needs at least one painting, got none")
    if colours not in COLOURS:
        raise BadSetting(f"colours takes {', '.join(COLOURS)}, got {colours!r}")
    photo, paintings = read(content), [read(one) for one in several]
    model = opened(network)
    going_on = not (isinstance(init, str) and init in ("content", "noise"))
    plan = given_plan(
        model,
        content_layers,
        style_layers,
        content_weight=content_weight,
        style_weight=style_weight,
        total_variation=total_variation,
        style_scale=style_scale,
        scales=1 if scales is None and going_on else scales,
        steps=steps,
        optimizer=optimizer,
        seed=seed,
        tiles=tiles,
    )
    target = given_size(photo, size)
    shares, places = given_weights(weights, len(several)), given_masks(masks, len(several), photo)
    small = photo.resized(target)
    matched = small
    if colours == "luminance":
        matched, used = lit_like(small, small), [lit_like(one, small) for one in paintings]
    else:
        used = [recoloured(one, small) if colours == "histogram" else one for one in paintings]

    def finished(images: Tensor) -> np.ndarray:
        values = np.ascontiguousarray(images[0].permute(1, 2, 0).float().cpu().numpy())
        if colours != "luminance":
            return values
        return with_colours(values, small.resized((values.shape[0], values.shape[1])).pixels / 255.0)

    def shown(step: int, images: Tensor) -> bool | None:
        if preview is None or colours != "luminance":
            return preview(step, images) if preview is not None else None
        return preview(step, images.new_tensor(finished(images)).permute(2, 0, 1)[None])

    maker = StyleMaker(model, matched, used, shares, places, target, plan)
    made = finished(maker.made(read(init) if going_on else str(init), shown))
    code = spelled(
        style,
        repr(photo.path or "photo"),
        repr([one.path or "painting" for one in paintings]),
        network=network if isinstance(network, str) else _Word(network_spelled(model)),
        weights=None if weights is None else list(weights),
        masks=None
        if masks is None
        else [one if isinstance(one, str) or one is None else "mask" for one in masks],
        content_weight=content_weight,
        style_weight=style_weight,
        style_scale=style_scale,
        colours=colours,
        size=size,
        steps=steps,
        scales=scales,
        init=init if isinstance(init, str) else "picture",
        optimizer=optimizer,
        total_variation=total_variation,
        content_layers=content_layers,
        style_layers=style_layers,
        tiles=tiles,
        seed=seed,
    )
    runs = tuple(maker.runs)
    provenance = origin(model, code, seed=seed, steps=steps) | {
        "path": photo.path or "",
        "styles": [one.path or "" for one in paintings],
        "losses": [
            {"size": run.size, "content": run.content.tolist(), "style": run.style.tolist()} for run in runs
        ],
    }
    picture = Picture.of_values(made).with_provenance(**provenance)
    names = ", ".join(_name(one, "painting") for one in paintings)
    caption = f"{_name(photo, 'photo')} in the style of {names}: " + _told(
        model, runs, plan.style_weight, content_weight
    )
    if maker.stopped:
        caption += " Stopped early."
    return Styled(picture, small, tuple(paintings), runs, maker.stopped, caption, provenance)


class _Word(str):
    """Python that is written as it is."""

    def __repr__(self) -> str:
        return str(self)


def _name(picture: Picture, otherwise: str) -> str:
    return Path(picture.path).name if picture.path else otherwise


def _told(network: Network, runs: Sequence[ScaleRun], style_weight: float, content_weight: float) -> str:
    if not runs:
        return "nothing was done."
    last = runs[-1]
    sizes = ", ".join(f"{len(run.style)} at {run.size[1]} × {run.size[0]}" for run in runs)
    return (
        f"content loss {last.content[last.best]:.2f}, style loss {last.style[last.best]:.4f}, of the targets' own "
        f"squares (weights {content_weight:g} and {style_weight:g}). {network.name}, steps: {sizes}."
    )
