"""One of each thing that can be viewed, and a reader of pages."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np

from cutaway.view import Album, Grid, Heatmap, Montage, Picture, Table, Viewable

ORIGIN = {"network": "tiny", "layer": "conv1", "seed": 7, "settings": {"scale": "layer", "colour": "é 猫"}}


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def photo(h: int = 24, w: int = 36, **settings: object) -> Picture:
    return Picture(np.random.default_rng(h * w).integers(0, 256, (h, w, 3)).astype(np.uint8), **settings)


def each() -> dict[str, Viewable]:
    heat = Heatmap(noise(5, 7), photo=photo(), caption="cat 62.8 %\nCAM · fire9", provenance=ORIGIN)
    grid = Grid(
        ((photo(caption="photo"), heat), (None, Heatmap(noise(5, 7)))), title="A grid", provenance=ORIGIN
    )
    return {
        "picture": photo(caption="a photo", provenance=ORIGIN),
        "heatmap": heat,
        "montage": Montage(noise(6, 4, 5), caption="channels", provenance=ORIGIN),
        "grid": grid,
        "sheet": Grid.of_maps(noise(9, 4, 5), title="conv1", provenance=ORIGIN),
        "ragged": Grid(((Heatmap(noise(2, 3)), Heatmap(noise(4, 5))),), provenance=ORIGIN),
        "album": Album((grid, Grid.of_maps(noise(4, 3, 3), title="conv2")), title="Two", provenance=ORIGIN),
        "table": Table(("layer", "parameters"), (("conv1", 1792), ("relu1", 0)), "Layers", provenance=ORIGIN),
    }


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, its text; every tag is closed."""

    EMPTY = frozenset({"meta", "img", "link", "br", "hr", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words += data
