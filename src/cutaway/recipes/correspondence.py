"""Whether a network ties the same part of several photos to the same features."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor, nn

from cutaway.errors import BadSetting
from cutaway.images.folder import photos as expand
from cutaway.images.read import Source, read
from cutaway.network.main_layers import few_layers
from cutaway.network.network import Network
from cutaway.network.place import Images, Place
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.parts import Box, Parts, parts_of
from cutaway.recipes.sign_changes import sign_changes
from cutaway.view.bars import bars
from cutaway.view.grid import Grid
from cutaway.view.outline import outlined
from cutaway.view.picture import Picture
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = ["Correspondence", "correspondence"]

OWN, SHARED = "random places", "one random place for all"
_TILE, _SHOWN, _WIDE = 200, 10, 520


@dataclass(frozen=True)
class Correspondence(Viewable):
    """How consistently each part's hiding changes the features of several photos; lower is more consistent.

    Args:
        parts: their names.
        layers: their names.
        shares: (layers, parts): Δ as the share of the features whose signs differ, the mean over all pairs of photos.
        sums: (layers, parts): Δ itself, the sum of the Hamming distances over the pairs i < j.
        random: (layers, draws): the same as `shares` for random places, each photo's own.
        shared: (layers, draws): the same for one random relative place, that of all photos.
        sheet: the drawing.
    """

    parts: tuple[str, ...]
    layers: tuple[str, ...]
    shares: Float[np.ndarray, "layers parts"]
    sums: Int[np.ndarray, "layers parts"]
    random: Float[np.ndarray, "layers draws"]
    shared: Float[np.ndarray, "layers draws"]
    sheet: Grid = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The shares, (layers, parts)."""
        return self.shares

    @property
    def names(self) -> tuple[str, ...]:
        """The layers."""
        return self.layers

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: `values`, `sums`, `random`, `shared`, and the `names` of layers and `parts`."""
        numbers = {"values": self.values, "sums": self.sums, "random": self.random, "shared": self.shared}
        return numbers | {"names": np.array(self.layers), "parts": np.array(self.parts)}

    def to_image(self) -> Image.Image:
        """Draw the photos with the parts marked, and the figures of each layer."""
        return self.sheet.with_provenance(**self.provenance).to_image()

    def table(self) -> Table:
        """Give the figures as a table: a row for each layer and part."""
        rows = [
            (
                layer,
                part,
                round(float(self.values[y, x]), 4),
                *(_figure(each[y]) for each in (self.random, self.shared)),
            )
            for y, layer in enumerate(self.layers)
            for x, part in enumerate(self.parts)
        ]
        return Table(("layer", "part", "Δ", OWN, SHARED), tuple(rows), provenance=self.provenance)


def correspondence(
    network: Network | str | nn.Module,
    photos: Sequence[Source] | str | os.PathLike[str],
    parts: Parts = None,
    *,
    only: Sequence[str] | None = None,
    layers: Sequence[str] | None = None,
    pooled: bool = False,
    draws: int = 20,
    seed: int = 0,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
) -> Correspondence:
    """Hide the same part in several photos, and tell how alike the features' changes are, layer by layer.

    Args:
        network: the network to ask, or its name.
        photos: two or more, or their folder; all are squeezed to one size.
        parts: where each part lies in each photo: a .csv with the columns photo, part, top, left, bottom, right (or a
            .json with such rows), or a mapping from a part's name to its boxes in the photos' pixels, one for each
            photo. None takes nine places of a grid, the same in every photo: for photos that are aligned.
        only: some of the parts.
        layers: whose features; None takes four from the first to the one that the classifier reads.
        pooled: the means of each channel over space instead of the maps: what a part changes, wherever it lies.
        draws: random sets of places to compare with.
        seed: of the random places.
        size: another input size.

    Raises:
        BadImage, BadSetting, UnknownLayer: with what to do instead.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.4, table 1.

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=24))
    >>> found = correspondence(net, "examples/photos", {"corner": [(0, 0, 99, 99)] * 3}, draws=4)
    >>> found.layers, found.values.shape, found.random.shape
    (('1',), (1, 1), (1, 4))
    """
    if draws < 1:
        raise BadSetting(f"draws must be at least 1, got {draws}")
    model = opened(network)
    assert model.preprocessing is not None
    one_size = size if size is not None else model.preprocessing.example_size()
    model = model.at((one_size, one_size) if isinstance(one_size, int) else one_size)
    given = expand(photos) if isinstance(photos, str | os.PathLike) else list(photos)
    if len(given) < 2:
        raise BadSetting(f"correspondence compares photos: give two or more, got {len(given)}")
    pictures = [read(photo) for photo in given]
    boxes = parts_of(parts, pictures, only)
    made = [model.prepare(picture) for picture in pictures]
    if len({image.shape for image in made}) > 1:
        raise BadSetting(
            "correspondence compares features place by place: give photos of one size, or size=224"
        )
    images = torch.cat([image.as_subclass(Tensor) for image in made])
    inside = [_inside(boxes, k, image, pictures[k]) for k, image in enumerate(made)]
    chosen = list(layers) if layers is not None else few_layers(model)
    hidden = [[one[part] for one in inside] for part in range(len(boxes))]
    hidden += _random(inside, images, draws, seed, own=True) + _random(inside, images, draws, seed, own=False)
    summed = sign_changes(model, images, hidden, chosen, pooled=pooled)
    pairs = len(pictures) * (len(pictures) - 1) // 2
    sums = np.stack([summed[name][0] for name in chosen])
    shares = np.stack([summed[name][0] / (pairs * summed[name][1]) for name in chosen])
    first = len(boxes)
    figures, random, shared = shares[:, :first], shares[:, first : first + draws], shares[:, first + draws :]
    code = spelled(
        correspondence,
        network_spelled(model),
        repr([picture.path or "photo" for picture in pictures]),
        parts=None if parts is None else dict(boxes),
        layers=None if layers is None else list(layers),
        pooled=pooled,
        draws=draws,
        seed=seed,
        size=size,
    )
    what = "mean of each channel" if pooled else "map, place by place"
    caption = (
        f"Δ: share of a layer's features ({what}) that one photo's hidden part changes with another sign than the "
        f"other photo's, over all {pairs} pairs of {len(pictures)} photos. Lower is more consistent. Bands: as "
        f"large boxes hidden elsewhere, mean ± standard deviation of {draws} draws; gray: at each photo's own random "
        "place, orange: at one random place, the same in all."
    )
    sheet = Grid(
        rows=((_marked(pictures, boxes),), (_drawn(chosen, list(boxes), figures, random, shared),)),
        title=f"{model.name} · the same part hidden in {len(pictures)} photos",
        caption=caption,
    )
    provenance = origin(model, code, layers=chosen, seed=seed)
    return Correspondence(
        tuple(boxes), tuple(chosen), figures, sums[:, :first], random, shared, sheet, caption, provenance
    )


def _inside(boxes: Mapping[str, Sequence[Box]], photo: int, image: Images, picture: Picture) -> list[Box]:
    """The boxes of one photo in its image's pixels."""
    place: Place = image.places[0]
    found = []
    for name, each in boxes.items():
        box = place.within(each[photo])
        if box is None:
            raise BadSetting(
                f"the network does not see {name!r} of {picture.path or 'a photo'}: of its {picture.size[0]} × "
                f"{picture.size[1]} pixels it takes (top, left, bottom, right) = {place.window}"
            )
        found.append(box)
    return found


def _random(inside: list[list[Box]], images: Tensor, draws: int, seed: int, *, own: bool) -> list[list[Box]]:
    """Boxes as large as the parts, each part's in turn.

    What is drawn for a photo depends on its pixels and not on its number, so that their order does not matter.
    """
    height, width = images.shape[2:]
    marks = [zlib.crc32(image.contiguous().cpu().numpy().tobytes()) if own else 0 for image in images]
    found = []
    for draw in range(draws):
        row = []
        for mark, boxes in zip(marks, inside, strict=True):
            top, left, bottom, right = boxes[draw % len(boxes)]
            y, x = np.random.default_rng([seed, int(own), draw, mark]).random(2)
            h, w = bottom - top, right - left
            top, left = round(y * (height - h)), round(x * (width - w))
            row.append((top, left, top + h, left + w))
        found.append(row)
    return found


def _marked(pictures: Sequence[Picture], boxes: Mapping[str, Sequence[Box]]) -> Grid:
    tiles = []
    for k, picture in enumerate(pictures[:_SHOWN]):
        h, w = picture.size
        zoom = _TILE / h
        small = picture.resized((_TILE, max(1, round(w * zoom))))
        scaled = {
            tuple(
                min(round(side * zoom), most) for side, most in zip(each[k], small.size * 2, strict=True)
            ): str(n)
            for n, each in enumerate(boxes.values(), 1)
        }
        tiles.append(outlined(small, scaled, Path(picture.path).name if picture.path else ""))  # type: ignore[arg-type]
    row = next(k for k in (5, 4, 3, 5) if len(tiles) % k == 0 or k == 5) if len(tiles) > 6 else 6
    return Grid(rows=tuple(tuple(tiles[i : i + row]) for i in range(0, len(tiles), row)))


def _drawn(
    layers: Sequence[str], parts: Sequence[str], figures: np.ndarray, random: np.ndarray, shared: np.ndarray
) -> Grid:
    cells = [
        bars(
            {f"{n} {part}": float(value) for n, (part, value) in enumerate(zip(parts, row, strict=True), 1)},
            {OWN: (float(own.mean()), float(own.std())), SHARED: (float(same.mean()), float(same.std()))},
            width=_WIDE,
            caption=f"{layer}\nlowest: {parts[int(row.argmin())]} {row.min():.4f}\n"
            f"random places {_figure(own)} · one for all {_figure(same)}",
        )
        for layer, row, own, same in zip(layers, figures, random, shared, strict=True)
    ]
    return Grid(rows=tuple(tuple(cells[i : i + 2]) for i in range(0, len(cells), 2)))


def _figure(draws: np.ndarray) -> str:
    return f"{draws.mean():.4f} ± {draws.std():.4f}"
