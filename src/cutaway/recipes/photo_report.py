"""The sections of a photo's report: the answer, where it came from, how far that may be believed, which units fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from cutaway.attribution.attribution import Attribution
from cutaway.attribution.occlusion import Occlusion
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.network.main_layers import few_layers
from cutaway.network.network import Network
from cutaway.recipes.answer import Answer
from cutaway.recipes.compare import USUAL, compare
from cutaway.recipes.deconv import deconv
from cutaway.recipes.explain import explain
from cutaway.recipes.neighbors import neighbors
from cutaway.recipes.on_photo import titled
from cutaway.recipes.question import Class
from cutaway.recipes.report_parts import Part
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.section import Section
from cutaway.view.shares import Shares
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = ["PhotoReport"]

_CLASSES, _UNITS = 5, 6
# The usual patch of occlusion would hide most of a smaller image.
_SMALL = 96
_FIGURES = (
    ("zeros", "zeros", "", "the share of the map that is nothing"),
    ("top_tenth", "top tenth", "", "the share of its strength in its strongest tenth; 0.1 if spread evenly"),
    (
        "deletion",
        "deletion",
        "deletion_random",
        "mean probability while what it shows most is taken away first: lower",
    ),
    (
        "insertion",
        "insertion",
        "insertion_random",
        "mean probability while what it shows most is put in first: higher",
    ),
    (
        "randomised",
        "randomised",
        "",
        "likeness to the map of shuffled weights: near 1, it tells nothing learnt",
    ),
    (
        "saturation",
        "saturation",
        "",
        "gradient here over its mean on the way from gray: far below 1, gradients tell little",
    ),
)


class PhotoReport:
    """What is told of a photo.

    Args:
        network: that is asked.
        photo: the picture.
        index: of a scan with it; then the photos most like it are shown, too.
        target: the class asked about; None takes the most probable ones.
        layers: whose units are shown; None takes a few, early to late.

    >>> import numpy as np
    >>> from torch import nn
    >>> photo = Picture(np.zeros((8, 8, 3), np.uint8))
    >>> [part.name for part in PhotoReport(Network(nn.ReLU()), photo).parts()]
    ['answer', 'maps', 'methods', 'trust', 'units']
    """

    def __init__(
        self,
        network: Network,
        photo: Picture,
        index: ActivationIndex | None = None,
        target: Class | None = None,
        layers: Sequence[str] | None = None,
    ) -> None:
        self._network, self._photo, self._index = network, photo, index
        self._target, self._layers = target, layers

    def parts(self) -> list[Part]:
        """Name the sections."""
        found = [
            Part("answer", "What the network says", self._told),
            Part("maps", "Where it looked", self._maps),
            Part("methods", "The same question to several methods", self._methods),
            Part("trust", "How far the map may be believed", self._trust),
            Part("units", "What made units fire", self._units),
        ]
        if self._index is not None:
            found.append(Part("neighbors", "Photos that are most like it", self._neighbors))
        return found

    def lead(self) -> str:
        """Say in a sentence what the network answers; nothing where it has no classes."""
        try:
            answer = self._answer
        except BadSetting:
            return ""
        first, *others = [answer.text(k).replace(" %", "\u00a0%") for k in answer.order[:3]]
        return f"{self._network.name} says {first}" + (f"; then {', '.join(others)}." if others else ".")

    @cached_property
    def _answer(self) -> Answer:
        try:
            return Answer.asked(self._network, self._network.prepare(self._photo))
        except BadSetting as error:  # no classes; which objectives there are is of no use here
            raise BadSetting(str(error).partition(". For ")[0]) from error

    @cached_property
    def _compared(self) -> Grid:
        _ = self._answer  # refuses a network without classes, once for all sections
        h, w = self._network.prepare(self._photo).shape[-2:]
        methods: list[str | Attribution] = list(USUAL)
        if min(h, w) < _SMALL:
            methods[USUAL.index("occlusion")] = Occlusion(max(1, min(h, w) // 4), max(1, min(h, w) // 16))
        return compare(self._network, self._photo, methods=methods, target=self._target)

    def _told(self) -> Section:
        answer, images = self._answer, self._network.prepare(self._photo)
        h, w = self._photo.size
        facts = [
            ("photo", self._photo.path or "an array"),
            ("size", f"{w} × {h} pixels" + "".join(f", {note}" for note in self._photo.notes)),
            ("seen by the network", f"{images.shape[-1]} × {images.shape[-2]} pixels"),
        ]
        shown = answer.order[:_CLASSES]
        return Section(
            "answer",
            "What the network says",
            facts=tuple(facts),
            results=(Grid(((replace(titled(self._photo), caption=""),),)), _classes(answer, shown)),
        )

    def _maps(self) -> Section:
        _ = self._answer
        sheet = explain(self._network, self._photo, classes=self._target, top=3)
        return Section("maps", "Where it looked", results=(replace(sheet, title=""),))

    def _methods(self) -> Section:
        asked = self._compared.title.partition(" · ")[2]
        return Section(
            "methods",
            "The same question to several methods",
            f"Asked of all: {asked}.",
            results=(replace(self._compared, title=""),),
        )

    def _trust(self) -> Section:
        _ = self._answer
        asked = explain(self._network, self._photo, classes=self._target, top=1, trust="full")
        told = asked.provenance["photos"][0]
        figures = told["trust"][0]
        rows = tuple(
            (words, round(figures[name], 3), round(figures[by], 3) if by in figures else "", reads)
            for name, words, by, reads in _FIGURES
            if name in figures
        )
        columns = ("figure", "this map", "random order", "how to read it")
        drawn = told["drawn"][0]["label"]
        lead = f"Measured on the network itself, for {told['method']} and {drawn}."
        table = Table(columns, rows, provenance=asked.provenance)
        return Section("trust", "How far the map may be believed", lead, results=(table,))

    def _units(self) -> Section:
        layers = list(self._layers) if self._layers else few_layers(self._network, 3)
        sheets: list[Viewable] = []
        for layer in layers:
            sheet = deconv(self._network, self._photo, layer, top=_UNITS)
            sheets.append(replace(sheet, title=layer, caption=sheet.caption if layer == layers[-1] else ""))
        lead = f"The strongest units of {', '.join(layers)}: the patch that each sees, and what in it made it fire."
        return Section("units", "What made units fire", lead, results=tuple(sheets))

    def _neighbors(self) -> Section:
        assert self._index is not None
        found = neighbors(self._index, self._photo, network=self._network)
        sheet = replace(found.sheet, title="", provenance=found.provenance)
        return Section("neighbors", "Photos that are most like it", results=(sheet,))


def _classes(answer: Answer, shown: Sequence[int]) -> Viewable:
    shares = {answer.network.class_name(k): answer.probability(k) for k in shown}
    if len(shares) == len(shown) and all(share is not None for share in shares.values()):
        held = {name: float(share or 0.0) for name, share in shares.items()}
        return Shares(held, tuple(f"{100 * share:.1f} %" for share in held.values()), most=1.0)
    rows = tuple((answer.network.class_name(k), float(answer.logits[k])) for k in shown)
    return Table(("output", "score"), rows)
