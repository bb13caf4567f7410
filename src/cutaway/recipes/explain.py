"""What the network sees in a photo, and where: the main job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from cutaway.attribution import CAM, Attribution, GradCAM, Saliency
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import read
from cutaway.network.capture import capture
from cutaway.network.head import LOGITS, feature_map, find_head
from cutaway.network.network import INPUT, OUTPUT, Network
from cutaway.network.place import Images
from cutaway.network.receptive_field import Lattice
from cutaway.objectives.class_logit import class_logit
from cutaway.recipes.origin import origin
from cutaway.view.grid import Grid
from cutaway.view.heatmap import Heatmap
from cutaway.view.picture import Picture
from cutaway.view.scale import Scale

__all__ = ["best_method", "explain"]

HELP = "Bright: where the network found the evidence for this class. One scale for the row, so tiles can be compared."


def explain(
    network: Network,
    photos: Picture | str | Path | Sequence[Picture | str | Path],
    *,
    classes: Sequence[int | str] | None = None,
    true: int | str | None = None,
    top: int = 3,
    method: Attribution | None = None,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    scale: str = "layer",
    look: str = "overlay",
    output: int | str | None = None,
) -> Grid:
    """Draw a photo beside maps of where the network found its most probable classes.

    Args:
        network: the network to ask.
        photos: one or several, as Pictures or paths; one row each.
        classes: the classes to draw, by index or name, instead of the most probable ones.
        true: the class that the photo really shows: drawn beside the predicted one.
        top: how many of the most probable classes to draw.
        method: how to find the evidence; None takes CAM where the network allows it, else GradCAM, else Saliency.
        size: another input size: an int for the shortest side, (h, w) exactly, "photo" for its own.
        scale: "layer" puts each photo's maps on one scale, "shared" all photos', "cell" each map on its own.
        look: "overlay", or "camshow" for jet over a half-dark gray photo.
        output: which output holds the classes, for a network with several.

    Returns:
        A Grid whose `values` are the raw maps and whose `provenance["photos"]` lists the most probable classes.

    Raises:
        BadImage, BadSetting, UnknownClass, UnsupportedMethod: with what to do instead.

    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> net = Network(nn.Sequential(*layers), Preprocessing(size=16), classes=["cat", "dog"])
    >>> explain(net, Picture(np.zeros((20, 30, 3), np.uint8)), top=2).values.shape
    (2, 14, 22)
    """
    network = network.at(size)
    several = [photos] if isinstance(photos, Picture | str | Path) else list(photos)
    if not several:
        raise BadSetting("explain needs at least one photo, got none")
    rows, told = [], []
    for given in several:
        photo = read(given)
        cells, summary = _row(network, photo, classes, true, top, method, output)
        rows.append((photo, cells))
        told.append(summary)
    maps = [[cell.values for cell in cells] for _, cells in rows]
    together = Scale("layer").fit(np.concatenate([m.ravel() for row in maps for m in row]))
    drawn = []
    for (photo, cells), row in zip(rows, maps, strict=True):
        if scale == "cell":
            ranges = [Scale("cell").fit(m) for m in row]
        elif scale in ("layer", "shared"):
            one = (
                together
                if scale == "shared"
                else Scale("layer").fit(np.concatenate([m.ravel() for m in row]))
            )
            ranges = [one] * len(row)
        else:
            raise BadSetting(f"scale must be layer, shared or cell, got {scale!r}")
        drawn.append(
            (
                _titled(photo),
                *(replace(cell, scale=r, look=look) for cell, r in zip(cells, ranges, strict=True)),
            )
        )
    used = told[0]["method"]
    return Grid(
        rows=tuple(drawn),
        title=f"{network.name}: what it sees, and where",
        caption=f"{used}. {HELP}",
        provenance=origin(
            network,
            f"cutaway.explain(cutaway.load({network.name!r}), {[str(s['path']) for s in told]!r})",
            method=used,
            scale=scale,
            size=str(network.preprocessing.size if network.preprocessing else None),
        )
        | {"photos": told},
    )


def best_method(network: Network, images: Tensor) -> Attribution:
    """Choose CAM where the network ends so that it can be read, else GradCAM, else Saliency."""
    trace = network.trace(images)
    try:
        find_head(network, trace)
    except UnsupportedMethod:
        pass
    else:
        return CAM()
    try:
        feature_map(network, trace)
    except UnsupportedMethod:
        return Saliency()
    return GradCAM()


def _row(
    network: Network,
    photo: Picture,
    classes: Sequence[int | str] | None,
    true: int | str | None,
    top: int,
    method: Attribution | None,
    output: int | str | None,
) -> tuple[list[Heatmap], dict[str, Any]]:
    images = network.prepare(photo)
    source = LOGITS if output is None else f"{OUTPUT}[{output!r}]"
    logits = capture(network, images, [source])[source]
    if logits.dim() != 2:
        raise UnsupportedMethod(
            f"{network.name} gives {tuple(logits.shape)}, not one number per class: it has no classes to explain. "
            "Look at its activations, or use an attribution with an Objective of your own"
        )
    probabilities = torch.softmax(logits[0].double(), 0)
    order = torch.argsort(probabilities, descending=True, stable=True).tolist()
    wanted = _wanted(network, order, classes, true, max(1, min(top, len(order))))
    method = method or (best_method(network, images) if output is None else GradCAM())
    layer = method.grid(network, images)
    placement = images.places[0].placement(_lattice(network, layer, images))
    where = "pixels" if layer == INPUT else layer
    cells = []
    for role, k in wanted:
        values = method(network, images, class_logit(k, output))[0]
        if len(values) != 1:
            raise UnsupportedMethod(
                f"{type(method).__name__} gives {len(values)} maps; explain draws one per class"
            )
        label = f"{role}{network.class_name(k)} {100 * float(probabilities[k]):.1f} %"
        cells.append(
            Heatmap(
                values[0].float().cpu().numpy(),
                photo=photo,
                placement=placement,
                caption=f"{label}\n{type(method).__name__} · {where}",
            )
        )
    summary = {
        "path": photo.path or "",
        "top": [_told(network, k, probabilities) for k in order[:5]],
        "drawn": [_told(network, k, probabilities) for _, k in wanted],
        "method": f"{type(method).__name__} at {where}",
        "notes": list(photo.notes),
    }
    return cells, summary


def _wanted(
    network: Network, order: list[int], classes: Sequence[int | str] | None, true: int | str | None, top: int
) -> list[tuple[str, int]]:
    if true is not None:
        real = network.class_index(true)
        if real == order[0]:
            return [("predicted and true: ", real), *(("then ", k) for k in order[1:2])]
        return [("predicted: ", order[0]), ("true: ", real)]
    if classes is not None:
        return [("", network.class_index(wanted)) for wanted in classes]
    return [("", k) for k in order[:top]]


def _lattice(network: Network, layer: str, images: Images) -> Lattice:
    if layer == INPUT:
        return Lattice((0.5, 0.5), (1.0, 1.0))
    field = network.layer(layer, images).field
    if field is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the photo: choose an earlier layer")
    return field.lattice


def _told(network: Network, k: int, probabilities: Tensor) -> dict[str, object]:
    return {"index": k, "label": network.class_name(k), "probability": float(probabilities[k])}


def _titled(photo: Picture) -> Picture:
    name = Path(photo.path).name if photo.path else "photo"
    h, w = photo.size
    notes = "".join(f" · {note}" for note in photo.notes)
    return replace(photo, caption=f"{name}\n{w} × {h} pixels{notes}")
