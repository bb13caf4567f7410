"""What would be most a class to a network: an image made by ascending the class's score."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import SupportsIndex

import torch
from torch import Tensor, nn

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.head import find_head
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.made_by import before_activation
from cutaway.network.many import in_chunks
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.progress import portion
from cutaway.objectives.channel import channel
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective
from cutaway.recipes.answer import Answer
from cutaway.recipes.making import CLASS_MAKINGS, Making, making_of
from cutaway.recipes.named_regularizers import REGULARIZERS, Restraint, restraint
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.prior import prior_making
from cutaway.synthesis.ascend import Preview, ascend
from cutaway.synthesis.regularizers import Clip
from cutaway.view.grid import Grid
from cutaway.view.scale import number
from cutaway.view.viewable import Viewable

__all__ = ["class_image", "score_of"]

ALL = "all"
PER_ROW = 4


def class_image(
    network: Network | str | nn.Module,
    target: SupportsIndex | str | Sequence[SupportsIndex | str],
    *,
    regularizer: str | Sequence[str] | None = None,
    recipe: str | None = None,
    prior: str | os.PathLike[str] | None = None,
    size: int | tuple[int, int] | None = None,
    steps: int | None = None,
    seed: int = 0,
    preview: Preview | None = None,
) -> Grid:
    """Make the image that is most a class to a network, by ascending the class's score.

    The score is the class's logit; where a ReLU makes the logits, what the ReLU reads, since a class that is silent has
    no gradient behind it. Ctrl-C keeps what is there.

    Args:
        network: the network, or its name.
        target: a class, its number or name; or several.
        regularizer: "l2", "blur", "small-pixels", "small-gradient", "small-benefit", "centre" or "tv", or several at
            once; "all" makes an image with none and with each of them, side by side. They need pixels, so that the
            recipe is then "classic".
        recipe: "fourier" (spectra of decorrelated colours, shifted, zoomed and turned between steps; the default) or
            "classic" (pixels from the mean colour, the gradient over its root mean square, L2 decay).
        prior: the file of a generator that `invert_generator` trained for this network: its features are moved instead
            of pixels, so that only what it can make is found.
        size: of an image, in pixels: its side, or (h, w); None takes the network's own, or the prior's.
        steps: of the ascent; None takes the recipe's own.
        seed: of the noise and of the changes between steps.
        preview: called after each step with its number and the images now; True stops.

    Returns:
        A Grid; with "all", a row for each of several classes. `provenance["images"]` has the numbers of every image.

    Raises:
        BadSetting, NonFinite, UnknownClass, WeightsUnavailable: with what to do instead.

    Source: Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks" (2013), section 2; Yosinski et al.,
    "Understanding neural networks through deep visualization" (2015), section 3.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> parts = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> net = Network(nn.Sequential(*parts), Preprocessing(size=16), classes=["cat", "dog"])
    >>> made = class_image(net, "dog", steps=4, regularizer=["l2", "blur"])
    >>> made.provenance["images"][0]["regularizer"]
    'l2 + blur'
    """
    model = opened(network)
    several = [target] if isinstance(target, str) or not isinstance(target, Sequence) else list(target)
    classes = [model.class_index(one) for one in several]
    if not classes:
        raise BadSetting("class_image needs at least one class, got none")
    if regularizer is not None and recipe == "fourier":
        raise BadSetting('regularizers edit pixels, and recipe="fourier" has none: leave the recipe out')
    settings = known_preprocessing(model.preprocessing, model.name)
    side: int | tuple[int, int]
    if prior is not None:
        if recipe is not None or regularizer is not None:
            raise BadSetting("a prior moves features, not pixels: leave recipe and regularizer out")
        making, side = prior_making(model, prior, size)
    else:
        making = making_of(recipe or ("fourier" if regularizer is None else "classic"), CLASS_MAKINGS)
        side = size if size is not None else settings.example_size()
    restraints = _restraints(regularizer, making)
    count = making.steps if steps is None else steps
    code = spelled(
        class_image,
        network_spelled(model),
        repr(classes[0] if len(classes) == 1 else classes),
        regularizer=regularizer,
        recipe=recipe,
        prior=None if prior is None else os.fspath(prior),
        size=size,
        steps=steps,
        seed=seed,
    )
    columns: list[list[Viewable]] = []
    told: list[dict[str, object]] = []
    stopped = False
    for place, held in enumerate(restraints):
        with portion(place, place + 1, len(restraints)):
            cells, numbers, stopped = _made(model, classes, making, held, side, count, seed, preview)
        columns.append(cells)
        told += numbers
        if stopped:
            break
    if len(columns) == 1:
        rows = [tuple(columns[0])]
    else:
        rows = [tuple(column[n] for column in columns if n < len(column)) for n in range(len(columns[0]))]
    if len(rows) == 1:
        rows = [rows[0][at : at + PER_ROW] for at in range(0, len(rows[0]), PER_ROW)]
    names = ", ".join(model.class_name(k) for k in classes[:4]) + (" …" if len(classes) > 4 else "")
    caption = f"{making.words}; {count} steps. Below: what the network answers to the image."
    return Grid(
        tuple(rows),
        title=f"{model.name}: made to be {names}",
        caption=caption + (" Stopped before its end." if stopped else ""),
        provenance=origin(model, code, recipe=making.name, size=side, steps=count, seed=seed)
        | {"images": told, "stopped": stopped},
    )


def _restraints(regularizer: str | Sequence[str] | None, making: Making) -> list[Restraint]:
    if regularizer == ALL:
        return [restraint([]), *(restraint([name]) for name in REGULARIZERS)]
    if regularizer is None:
        return [restraint(["l2"] if making.name == "classic" else [])]
    return [restraint([regularizer] if isinstance(regularizer, str) else list(regularizer))]


def _made(
    network: Network,
    classes: Sequence[int],
    making: Making,
    held: Restraint,
    size: int | tuple[int, int],
    steps: int,
    seed: int,
    preview: Preview | None,
) -> tuple[list[Viewable], list[dict[str, object]], bool]:
    """Make an image of each class with the same regularizers."""
    settings = network.preprocessing
    assert settings is not None
    first = settings.normalize(making.begun(network, 1, size, seed=seed).images().detach())
    # Pixels that no picture can show would excite, and then be cut.
    black, white = (
        settings.normalize(torch.full((1, 3, 1, 1), end)).flatten().tolist() for end in (0.0, 1.0)
    )
    shown = (Clip(tuple(black), tuple(white)),) if making.name == "classic" else ()
    stopped = False

    def run(start: int, stop: int) -> list[Tensor]:
        nonlocal stopped
        if stopped:
            return []
        begin = making.begun(network, stop - start, size, seed=[seed] * (stop - start))
        asked = score_of(network, first, classes[start:stop])
        with portion(start, stop, len(classes)):
            found = ascend(
                network,
                held.held(asked, (int(first.shape[2]), int(first.shape[3]))),
                begin,
                steps=steps,
                optimizer=making.optimizer,
                transforms=making.transforms,
                regularizers=(*held.edits, *shown),
                seed=seed,
                preview=preview,
                what="steps",
            )
        stopped = found.stopped
        return list(found.images)

    parts = in_chunks(len(classes), chunk(network, first, gradient=True), run, "")
    alone = making.name != "classic"
    cells: list[Viewable] = []
    told: list[dict[str, object]] = []
    for k, image in zip(classes, [one for part in parts for one in part], strict=False):
        given = settings.normalize(image[None].clamp(0, 1)).to(network.device, network.dtype)
        answer = Answer.asked(network, given)
        words = [answer.text(k)] if alone else [held.name, answer.text(k)]
        words.append(f"logit {number(float(answer.logits[k]))}")
        if answer.order[0] != k:
            words.append(f"first: {answer.text(answer.order[0])}")
        cells.append(making.drawn(image, "\n".join(words)))
        numbers = {"regularizer": held.name, "logit": float(answer.logits[k])}
        told.append(answer.told(k) | numbers | {"first": answer.told(answer.order[0])})
    return cells, told, stopped


def score_of(network: Network, images: Tensor, classes: Sequence[int]) -> Objective:
    """Score images by their classes' logits, or by what the ReLU reads that makes these.

    Args:
        network: that is asked.
        images: of the size that it will be asked for.
        classes: one for each image.
    """
    trace = network.trace(images)
    try:
        head = find_head(network, trace)
    except UnsupportedMethod:
        return class_logit(classes)
    if head.linear is not None:
        return class_logit(classes)
    found = [before_activation(trace, head.map, k) for k in classes]
    calls = {one[0].name for one in found if one is not None}
    if len(calls) != 1 or None in found:
        return class_logit(classes)
    return channel(calls.pop(), [one[1] for one in found if one is not None])
