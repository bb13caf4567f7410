"""What the network sees in a photo, and where: the main job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from torch import Tensor, nn

from cutaway.attribution.attribution import Attribution, lattice_of
from cutaway.attribution.best import best_map
from cutaway.attribution.methods import method_named
from cutaway.attribution.trust import Trust
from cutaway.attribution.trust import trust as measured
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import Source, read_all
from cutaway.network.memory import check_fits
from cutaway.network.network import INPUT, Network
from cutaway.objectives.class_logit import class_logit, class_probability
from cutaway.recipes.on_photo import common_range, drawn_on, titled
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.question import Asked, Class, Question
from cutaway.view.grid import Grid
from cutaway.view.heatmap import LOOKS
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.scale import Range

__all__ = ["explain"]

HELP = "Bright: where the network found the evidence for this class. One scale for the row, so tiles can be compared."


def explain(
    network: Network | str | nn.Module,
    photos: Source | Iterable[Source],
    *,
    classes: Class | Sequence[Class] | None = None,
    true: Class | None = None,
    top: int = 3,
    method: Attribution | type[Attribution] | str | None = None,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
    scale: str = "layer",
    look: str = "overlay",
    output: int | str | None = None,
    trust: str = "cheap",
) -> Grid:
    """Draw a photo beside maps of where the network found its most probable classes.

    Args:
        network: the network to ask, or its name.
        photos: one or several, whatever `cutaway.read` takes; one row each.
        classes: the class or classes to draw, by index or name, instead of the most probable ones.
        true: the class that the photo really shows: drawn beside the predicted one.
        top: how many of the most probable classes to draw, at most 25.
        method: how to find the evidence, by its name ("grad-cam"), its class or with its settings; None takes CAM
            where the network allows it, else GradCAM, else Saliency.
        size: another input size: an int for the shortest side, (h, w) exactly, "photo" for its own.
        scale: "layer" puts each photo's maps on one scale, "shared" all photos', "cell" each map on its own.
        look: "overlay", or "camshow" for jet over a half-dark gray photo.
        output: which output holds the classes, for a network with several: "logits", or 0.
        trust: "cheap" numbers below each map, "full" ones (deletion, insertion, shuffled weights, saturation) at about
            140 passes and four more maps for each, or "none".

    Returns:
        A Grid whose `values` are the raw maps and whose `provenance["photos"]` lists the most probable classes.

    Raises:
        BadImage, BadSetting, UnknownClass, UnsupportedMethod: with what to do instead.

    >>> import numpy as np
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> net = Network(nn.Sequential(*layers), Preprocessing(size=16), classes=["cat", "dog"])
    >>> explain(net, Picture(np.zeros((20, 30, 3), np.uint8)), top=2).values.shape
    (2, 14, 22)
    """
    network = opened(network).at(size)
    pictures = read_all(photos)
    if scale not in ("layer", "shared", "cell"):
        raise BadSetting(f"scale must be layer, shared or cell, got {scale!r}")
    if look not in LOOKS:
        raise BadSetting(f"look must be one of {', '.join(LOOKS)}, got {look!r}")
    if trust not in ("cheap", "full", "none"):
        raise BadSetting(f"trust must be cheap, full or none, got {trust!r}")
    question = Question(network, classes, true, top)
    chosen = None if method is None else method_named(method)
    rows = [_Row(network, photo, question, chosen, output, trust) for photo in pictures]
    together = common_range([one for row in rows for one in row.maps])
    cells = []
    for row in rows:
        one = together if scale == "shared" else common_range(row.maps)
        ranges = [common_range([m], "cell") if scale == "cell" else one for m in row.maps]
        cells.append((titled(row.photo), *row.drawn(ranges, look)))
    used = rows[0].told["method"]
    paths = [photo.path or "photo" for photo in pictures]
    code = spelled(
        explain,
        network_spelled(network),
        repr(paths if len(paths) > 1 else paths[0]),
        classes=question.given,
        true=true,
        top=top,
        size=size,
        scale=scale,
        look=look,
        output=output,
        trust=trust,
    )
    if chosen is not None:
        code = f"{code[:-1]}, method=cutaway.attribution.{chosen!r})"
    return Grid(
        rows=tuple(cells),
        title=f"{network.name}: what it sees, and where",
        caption=f"{used}. {HELP}",
        provenance=origin(
            network,
            code,
            method=used,
            scale=scale,
            size=str(network.preprocessing.size if network.preprocessing else None),
        )
        | {"photos": [row.told for row in rows]},
    )


class _Row:
    """One photo, the network's answer, and a raw map for each class asked for."""

    def __init__(
        self,
        network: Network,
        photo: Picture,
        question: Question,
        method: Attribution | None,
        output: int | str | None,
        trust: str,
    ) -> None:
        self._network, self.photo = network, photo
        images = network.prepare(photo)
        check_fits(network, images)
        plain = images.as_subclass(Tensor)
        asked = Asked(network, images, question, output)
        if method is not None:
            asked.answer_first()
        # One pass answers all: the image is repeated, and each copy asked for another class.
        copies = plain.expand(question.count, -1, -1, -1)
        if method is None:
            self._method, maps = best_map(network, copies, asked.objective)
        else:
            self._method, maps = method, method(network, copies, asked.objective)
        layer, lattice = lattice_of(self._method, network, images)
        if lattice is None:
            raise UnsupportedMethod(
                f"the units of {layer} have no place in the photo: choose an earlier layer"
            )
        self._placement: Placement = images.places[0].placement(lattice)
        self.maps = [one.float().cpu().numpy() for one in maps]
        self._where = "pixels" if layer == INPUT else layer
        self._answer, self._drawn = asked.answer, asked.drawn
        answer = asked.answer
        self._trust = _trusted(network, plain, self._method, maps, asked, output, trust)
        self.told: dict[str, Any] = {
            "path": photo.path or "",
            "top": [answer.told(k) for k in answer.order[: max(5, question.top)]],
            "drawn": [answer.told(k) for _, k in asked.drawn],
            "method": f"{type(self._method).__name__} at {self._where}",
            "trust": [one.told() for one in self._trust],
            "notes": list(photo.notes),
        }

    def drawn(self, ranges: Sequence[Range], look: str) -> list[Any]:
        """Draw the maps, each by its range."""
        return [
            drawn_on(
                self._network,
                self.photo,
                self._placement,
                values,
                "\n".join(
                    [
                        f"{role}{self._answer.text(k)}",
                        *(str(one) for one in trusted),
                        f"{type(self._method).__name__} · {self._where}",
                    ]
                ),
                scale,
                look,
            )
            for (role, k), values, scale, trusted in zip(
                self._drawn, self.maps, ranges, self._trust_lines(), strict=True
            )
        ]

    def _trust_lines(self) -> list[list[Trust]]:
        return [[one] for one in self._trust] or [[] for _ in self.maps]


def _trusted(
    network: Network,
    image: Tensor,
    method: Attribution,
    maps: Tensor,
    asked: Asked,
    output: int | str | None,
    level: str,
) -> list[Trust]:
    """Measure each class's map; deletion and insertion ask for its probability."""
    if level == "none":
        return []
    if level == "cheap":
        return measured(network, image.expand(len(maps), -1, -1, -1), asked.objective, method, maps)
    kind = class_probability if asked.answer.squash else class_logit
    found = []
    for (_, k), one in zip(asked.drawn, maps, strict=True):
        found += measured(network, image, kind(k, output), method, one[None], full=True)
    return found
