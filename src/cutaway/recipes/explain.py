"""What the network sees in a photo, and where: the main job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from cutaway.attribution import CAM, Attribution, GradCAM, Saliency
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import read
from cutaway.network.head import feature_map, find_head
from cutaway.network.network import INPUT, Network
from cutaway.network.place import Images
from cutaway.network.receptive_field import Lattice
from cutaway.objectives.class_logit import class_logit
from cutaway.objectives.objective import Objective
from cutaway.recipes.origin import origin, spelled
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
    if classes is not None and true is not None:
        raise BadSetting("give classes or true, not both: true draws the predicted class beside the true one")
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
    paths = [photo.path or "photo" for photo, _ in rows]
    code = spelled(
        explain,
        f"cutaway.load({network.name!r})",
        repr(paths if len(paths) > 1 else paths[0]),
        classes=None if classes is None else list(classes),
        true=true,
        top=top,
        size=size,
        scale=scale,
        look=look,
        output=output,
    )
    if method is not None:
        code = f"{code[:-1]}, method=cutaway.attribution.{method!r})"
    return Grid(
        rows=tuple(drawn),
        title=f"{network.name}: what it sees, and where",
        caption=f"{used}. {HELP}",
        provenance=origin(
            network,
            code,
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
    method = method or (best_method(network, images) if output is None else GradCAM())
    layer = method.grid(network, images)
    placement = images.places[0].placement(_lattice(network, layer, images))
    where = "pixels" if layer == INPUT else layer
    question = _Question(network, classes, true, top)
    # One pass answers all: the image is repeated, and each copy asked for another class.
    copies = images.as_subclass(Tensor).expand(question.count, -1, -1, -1)
    maps = method(network, copies, question.objective(output))
    if maps.shape[1] != 1:
        raise UnsupportedMethod(
            f"{type(method).__name__} gives {maps.shape[1]} maps; explain draws one per class"
        )
    probabilities = question.probabilities
    cells = [
        Heatmap(
            one[0].float().cpu().numpy(),
            photo=photo,
            placement=placement,
            caption=f"{role}{network.class_name(k)} {100 * float(probabilities[k]):.1f} %"
            f"\n{type(method).__name__} · {where}",
        )
        for (role, k), one in zip(question.chosen, maps, strict=False)
    ]
    summary = {
        "path": photo.path or "",
        "top": [_told(network, k, probabilities) for k in question.order[:5]],
        "drawn": [_told(network, k, probabilities) for _, k in question.chosen],
        "method": f"{type(method).__name__} at {where}",
        "notes": list(photo.notes),
    }
    return cells, summary


class _Question:
    """Which classes to explain, where that is known only once the network has answered."""

    def __init__(
        self, network: Network, classes: Sequence[int | str] | None, true: int | str | None, top: int
    ) -> None:
        if top < 1:
            raise BadSetting(f"top must be at least 1, got {top}")
        if classes is not None and not classes:
            raise BadSetting("classes needs at least one class, got none")
        self._named = None if classes is None else [network.class_index(wanted) for wanted in classes]
        self._true = None if true is None else network.class_index(true)
        most = network.class_count or top
        self.count = 2 if true is not None else len(self._named) if self._named else min(top, most)
        self.chosen: list[tuple[str, int]] = []
        self.order: list[int] = []
        self.probabilities = torch.empty(0)

    def objective(self, output: int | str | None) -> Objective:
        """Ask copy i of the image for class i of those chosen."""
        probe = class_logit(0, output)

        def score(activations: Mapping[str, Tensor]) -> Tensor:
            logits = activations[probe.layers[0]]
            probe.score(activations)  # refuses an output that holds no classes
            self._answered(logits[0].detach())
            return class_logit([k for _, k in self.chosen], output).score(activations)

        return Objective("the classes drawn", probe.layers, score)

    def _answered(self, logits: Tensor) -> None:
        self.probabilities = torch.softmax(logits.double(), 0)
        self.order = torch.argsort(logits, descending=True, stable=True).tolist()
        first, second = self.order[0], self.order[min(1, len(self.order) - 1)]
        if self._true == first:
            self.chosen = [("predicted and true: ", first), ("then: ", second)]
        elif self._true is not None:
            self.chosen = [("predicted: ", first), ("true: ", self._true)]
        else:
            self.chosen = [("", k) for k in (self._named or self.order[: self.count])]


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
