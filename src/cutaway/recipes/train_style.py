"""A network that paints in a painting's style, learnt from a folder of photos."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from jaxtyping import Float
from torch import Tensor, nn

from cutaway.dataset.listing import Listing
from cutaway.errors import BadSetting
from cutaway.faststyle.start import starting_at
from cutaway.images.read import Source, read_all
from cutaway.network.network import Network
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.painter_sheet import painter_sheet
from cutaway.recipes.painter_training import PainterTraining, chosen_preset, style_goal
from cutaway.view.grid import Grid

__all__ = ["train_style"]


def train_style(
    painting: Source | Sequence[Source],
    photos: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str],
    network: Network | str | nn.Module = "vgg16",
    preset: str = "small",
    weights: Sequence[float] | None = None,
    content: str | None = None,
    style: Sequence[str] | None = None,
    content_weight: float = 1.0,
    style_weight: float = 2.0,
    total_variation: float = 0.02,
    style_size: int | None = None,
    size: int | None = None,
    batch: int | None = None,
    steps: int | None = None,
    rate: float | None = None,
    width: int | None = None,
    blocks: int | None = None,
    start: str | os.PathLike[str] = "usual",
    held: float = 0.05,
    shown: int = 4,
    seed: int = 0,
    every: int = 100,
    preview: Callable[[int, Float[Tensor, "n 3 h w"]], bool | None] | None = None,
) -> Grid:
    """Train a network that paints any photo in a painting's style in one forward pass.

    It learns from random cuts of the photos to keep their content and to have the painting's style, by the losses of
    `cutaway.style`. Stopped at any moment, the same call goes on where it was; Ctrl-C also writes what is there.

    Args:
        painting: whatever `cutaway.read` takes; or several, whose styles are then mixed.
        photos: their folder; those that cannot be read are left out and told.
        out: the file to write, .safetensors, for `cutaway.stylize`. One that is there of the same settings is shown.
        network: that tells content and style; or its name. It is not changed.
        preset: "small" (for a CPU: some twelve minutes on two cores), "medium" or "large" (for a graphics card); says
            all that is not given: size, batch, steps, rate, width and blocks.
        weights: of several paintings.
        content: the layer where content is told; relu4_2 of VGG-16, and what is like it elsewhere.
        style: the layers where style is told; relu1_1 to relu5_1.
        content_weight: of the content's loss.
        style_weight: of the style's loss.
        total_variation: weight of the differences between neighbours.
        style_size: shortest side of the painting, in pixels: larger has finer strokes. 4/3 of `size` by default, at
            which photos are seen too.
        size: side of the photos' cuts, in pixels.
        batch: cuts in a step.
        steps: of Adam.
        rate: of Adam at the beginning.
        width: channels of the painter's first convolution.
        blocks: its residual blocks.
        start: the painter to begin at: a style's file; "usual" for the one that comes with the program, where it has
            that width and those blocks, as for "small"; "nothing" for drawn weights.
        held: the part of the photos that is held out and only used to judge; 64 at most.
        shown: so many of these on the sheet.
        seed: of the painter, of which photos are held out, and of the cuts.
        every: so many steps what is there is kept in NAME.checkpoint.safetensors, and shown.
        preview: called with the steps done and photos held out as they are painted now; True stops.

    Returns:
        A Grid: photos held out, painted; the painting; the losses. `provenance["style"]` tells the training,
        `provenance["held_out"]` the losses over photos held out.

    Raises:
        BadImage, BadSetting, NonFinite, OutOfSpace, UnknownLayer, WeightsUnavailable: with what to do instead.

    Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution" (ECCV
    2016).

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> file = tempfile.mkdtemp() + "/a.safetensors"
    >>> made = train_style(
    ...     "examples/photos/coffee.png",
    ...     "examples/photos",
    ...     out=file,
    ...     network=net,
    ...     size=16,
    ...     batch=2,
    ...     steps=3,
    ...     width=4,
    ...     blocks=1,
    ...     shown=1,
    ... )
    >>> made.provenance["style"]["photos"], Path(file).is_file()
    (2, True)
    """
    model = opened(network)
    target = Path(out)
    if shown < 1 or seed < 0 or every < 1:
        raise BadSetting(
            f"shown and every must be at least 1, seed at least 0, got {shown}, {every} and {seed}"
        )
    chosen = chosen_preset(preset, size=size, batch=batch, steps=steps, rate=rate, width=width, blocks=blocks)
    pictures = read_all(painting)
    goal = style_goal(
        model,
        pictures,
        weights,
        chosen.seen if style_size is None else style_size,
        content,
        style,
        content_weight=content_weight,
        style_weight=style_weight,
        total_variation=total_variation,
    )
    begin = starting_at(start, chosen.width, chosen.blocks)
    job = PainterTraining(goal, chosen, Listing.of(photos, None), held, seed, every, begin)
    unseen = job.unseen(shown)

    def watch(step: int, module: nn.Module) -> bool | None:
        return None if preview is None else preview(step, unseen.painted(module, shown))

    painter, about, skipped = job.made(target, watch)
    code = spelled(
        train_style,
        repr(
            [one.path or "painting" for one in pictures]
            if len(pictures) > 1
            else pictures[0].path or "painting"
        ),
        repr(os.fspath(photos)),
        f"out={os.fspath(out)!r}",
        *([] if model.name == "vgg16" else [f"network={network_spelled(model)}"]),
        preset=preset,
        weights=weights if weights is None else list(weights),
        content=content,
        style=style if style is None else list(style),
        content_weight=content_weight,
        style_weight=style_weight,
        total_variation=total_variation,
        style_size=style_size,
        size=size,
        batch=batch,
        steps=steps,
        rate=rate,
        width=width,
        blocks=blocks,
        start=os.fspath(start),
        held=held,
        shown=shown,
        seed=seed,
    )
    return painter_sheet(
        job,
        painter,
        unseen,
        about,
        [*skipped, *unseen.skipped],
        shown,
        origin(model, code, steps=chosen.steps, size=chosen.size, seed=seed) | {"file": str(target)},
    )
