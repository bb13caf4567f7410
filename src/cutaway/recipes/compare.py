"""Several methods' answers to one question, side by side as equal cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, SupportsIndex

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.attribution.methods import method_named
from cutaway.attribution.trust import Trust
from cutaway.attribution.trust import trust as measured
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import Source, read
from cutaway.network.memory import check_fits
from cutaway.network.network import INPUT, Network
from cutaway.network.place import Images
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective
from cutaway.objectives.target import Target, as_objective
from cutaway.recipes.answer import Answer
from cutaway.recipes.on_photo import drawn_on, titled
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.projection import symmetric
from cutaway.view.scale import Range
from cutaway.view.viewable import Viewable

__all__ = ["USUAL", "card_range", "compare"]

READING = (
    "Methods measure in different units, so each map is drawn from zero to its own largest value (maps of pixels to "
    "their 99th percentile), from its least value where all of it is far above zero, blue below zero where it has "
    "signs. What can be compared is where they look."
)
USUAL = (
    "cam",
    "grad-cam",
    "layer-cam",
    "eigen-cam",
    "saliency",
    "smooth-grad",
    "integrated-gradients",
    "guided-backprop",
    "deconvnet",
    "guided-grad-cam",
    "occlusion",
)


def compare(
    network: Network | str | nn.Module,
    photo: Source,
    *,
    methods: Sequence[str | Attribution | type[Attribution]] = USUAL,
    target: SupportsIndex | str | None = None,
    objective: Target | None = None,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    look: str = "overlay",
    columns: int = 4,
    trust: str = "cheap",
) -> Grid:
    """Ask several methods the same question about one photo, and draw their maps as equal cards.

    Args:
        network: the network to ask, or its name.
        photo: whatever `cutaway.read` takes.
        methods: by name, class, or with settings; those that the network does not allow are left out, and said.
        target: the class asked about; None takes the most probable one.
        objective: another question than a class.
        size: another input size.
        look: as of a Heatmap.
        columns: of the sheet.
        trust: "cheap" numbers below each map, or "full" ones (deletion, insertion, shuffled weights, saturation),
            at about 140 passes and four more maps for each.

    Returns:
        A Grid; `provenance["methods"]` lists what was drawn, and what was left out and why.

    Raises:
        BadImage, BadSetting, UnknownClass, UnsupportedMethod: with what to do instead.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> net = Network(nn.Sequential(*layers), Preprocessing(size=16), classes=["cat", "dog"])
    >>> sheet = compare(net, Picture(np.zeros((20, 30, 3), np.uint8)), methods=["cam", "saliency"])
    >>> [one["method"] for one in sheet.provenance["methods"]]
    ['CAM', 'Saliency']
    """
    if not methods or isinstance(methods, str):
        raise BadSetting(f"methods takes a list of at least one method, got {methods!r}")
    if columns < 1:
        raise BadSetting(f"columns must be at least 1, got {columns}")
    if trust not in ("cheap", "full"):
        raise BadSetting(f"trust must be cheap or full, got {trust!r}")
    if target is not None and objective is not None:
        raise BadSetting("give target or objective, not both")
    network = opened(network).at(size)
    chosen = [method_named(method) for method in methods]
    picture = read(photo)
    images = network.prepare(picture)
    check_fits(network, images)
    question, asked = _question(network, images, target, objective)
    cells: list[Viewable] = [titled(picture)]
    told: list[dict[str, Any]] = []
    for method in chosen:
        try:
            cell, numbers = _card(network, picture, images, method, question, look, trust == "full")
        except UnsupportedMethod as refusal:
            told.append({"method": type(method).__name__, "refused": str(refusal)})
            continue
        cells.append(cell)
        told.append({"method": type(method).__name__, "settings": repr(method), "trust": numbers.told()})
    if len(cells) == 1:
        raise UnsupportedMethod("; ".join(one["refused"] for one in told))
    refused = [f"{one['method']}: {one['refused']}" for one in told if "refused" in one]
    left_out = f" Left out: {'; '.join(refused)}." if refused else ""
    code = spelled(
        compare,
        network_spelled(network),
        repr(picture.path or "photo"),
        methods=tuple(methods) if all(isinstance(m, str) for m in methods) else USUAL,
        target=target if target is None or isinstance(target, str) else int(target),
        size=size,
        look=look,
        columns=columns,
        trust=trust,
    )
    return Grid(
        rows=tuple(tuple(cells[i : i + columns]) for i in range(0, len(cells), columns)),
        title=f"{network.name} · {asked}",
        caption=f"{READING}{left_out}",
        provenance=origin(network, code, look=look) | {"methods": told, "path": picture.path or ""},
    )


def card_range(values: Float[np.ndarray, "d rows columns"], image_size: tuple[int, int]) -> Range:
    """Choose the scale of one method's card, by the rule that all cards share.

    Args:
        values: the raw map.
        image_size: (h, w) of the image that the network saw; a map of that size is one of pixels.

    >>> card_range(np.array([[[0.0, 4.0]]]), (8, 8)), card_range(np.array([[[-1.0, 4.0]]]), (8, 8)).low
    (Range(low=0.0, high=4.0, rule='cell'), -4.0)
    """
    scale = symmetric(values)
    if values.shape[0] != 1:
        return scale
    # Single pixels reach far beyond the rest, places of a coarse map do not.
    fine = values.shape[1:] == image_size
    most = scale.high if fine else float(np.abs(values).max(initial=0))
    least = float(values.min(initial=0))
    if 2 * (low := float(values.min())) > most:
        return Range(low, most, "least … 99 %" if fine else "cell")  # RISE: all of it is far above zero
    return Range(-most if least < 0 else 0.0, most, "0 … 99 %" if fine else "cell")


def _question(
    network: Network, images: Tensor, target: SupportsIndex | str | None, objective: Target | None
) -> tuple[Objective, str]:
    if objective is not None:
        objective = as_objective(network, images, objective)
        return objective, objective.name
    answer = Answer.asked(network, images)
    k = answer.order[0] if target is None else network.class_index(target)
    return class_logit(k), answer.text(k)


def _card(
    network: Network,
    photo: Picture,
    images: Images,
    method: Attribution,
    objective: Objective,
    look: str,
    full: bool,
) -> tuple[Viewable, Trust]:
    maps = method(network, images, objective)
    values = maps[0].float().cpu().numpy()
    layer, lattice = lattice_of(method, network, images)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the photo")
    signed = values.shape[0] == 1 and float(values.min(initial=0)) < 0
    scale = card_range(values, (int(images.shape[2]), int(images.shape[3])))
    where = "pixels" if layer == INPUT else layer
    (numbers,) = measured(network, images.as_subclass(Tensor), objective, method, maps, full=full)
    card = drawn_on(
        network,
        photo,
        images.places[0].placement(lattice),
        values,
        f"{type(method).__name__}\n{numbers}\n{where}",
        scale,
        look,
        "diverging" if signed and look == "overlay" else "inferno",
    )
    return card, numbers
