"""The photos that are most like one, to the network and in their pixels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.neighbors import directions, nearest, precision_at
from cutaway.dataset.plan import small
from cutaway.errors import BadSetting
from cutaway.images.read import Source, read
from cutaway.network.capture import capture
from cutaway.network.map_layer import as_map
from cutaway.network.network import Network
from cutaway.recipes.on_photo import titled
from cutaway.recipes.origin import origin, spelled
from cutaway.recipes.patches import indexed
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["Neighbor", "Neighbors", "nearest_photos", "neighbors", "photo_features"]

TILE = 160


@dataclass(frozen=True)
class Neighbor:
    """A photo that is like another.

    Args:
        path: of the photo.
        label: of it, where it has one.
        similarity: the cosine of the angle between the two photos' features, −1..1, each less the mean photo's.
        photo: its number in the index.
    """

    path: Path
    label: str | None
    similarity: float
    photo: int


@dataclass(frozen=True)
class Neighbors(Viewable):
    """A photo's neighbours: a sequence of `Neighbor`, nearest first, that draws itself.

    Args:
        rows: nearest by features.
        by_pixels: nearest by 16 × 16 pixels, for contrast.
        sheet: the drawing.
    """

    rows: tuple[Neighbor, ...]
    by_pixels: tuple[Neighbor, ...]
    sheet: Grid = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Neighbor]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Neighbor:
        return self.rows[place]

    @property
    def values(self) -> np.ndarray:
        """The similarities, (2,k): by features, and by pixels."""
        return np.array(
            [[one.similarity for one in rows] for rows in (self.rows, self.by_pixels)], np.float32
        )

    def to_image(self) -> Image.Image:
        """Draw it."""
        return replace(self.sheet, provenance=self.provenance).to_image()


def neighbors(
    index: ActivationIndex | str | os.PathLike[str],
    photo: int | Source,
    k: int = 5,
    *,
    layer: str | None = None,
    network: Network | str | nn.Module | None = None,
    engine: str = "exact",
) -> Neighbors:
    """Find the photos of an index that are most like one, by a layer's features, beside those nearest in pixels.

    Args:
        index: that `scan` made, or its folder.
        photo: one of the index, by number, name or path; or any other photo.
        k: how many.
        layer: whose means over space are compared; by default of the layer that the classifier reads.
        network: for a photo that is not in the index: the network of the scan, where its name does not open it.
        engine: "exact", or "faiss" for very large indexes.

    Returns:
        The neighbours, nearest first; `by_pixels` has those in pixels.

    Raises:
        BadImage, BadIndex, BadSetting, UnknownLayer: with what to do instead.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", NIPS 2012, figure 4.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.recipes.scan import scan
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial")
    >>> [len(found) for found in (neighbors(index, 0, k=1), neighbors(index, "chelsea.png", k=2))]
    [1, 2]
    """
    opened = indexed(index)
    name = opened.layer(layer if layer is not None else opened.manifest["features"])
    own = _own(opened, photo)
    picture = read(opened.path(own) if own is not None else photo)  # type: ignore[arg-type]
    found = nearest_photos(opened, picture if own is None else own, k, name, network, engine=engine)
    features, pixels = _bases(opened, name)
    scores = {}
    if sum(label is not None for label in opened.labels) > k:
        both = (("features", features), ("pixels", pixels))
        scores = {
            what: precision_at(directions(base), opened.labels, k, engine=engine) for what, base in both
        }
    return _drawn(opened, picture, name, found, k, scores)


def nearest_photos(
    index: ActivationIndex,
    photo: int | Picture,
    k: int,
    layer: str,
    network: Network | str | nn.Module | None = None,
    *,
    engine: str = "exact",
) -> tuple[tuple[Neighbor, ...], tuple[Neighbor, ...]]:
    """Find the photos that are most like one, by a layer's features and by pixels; no photo of the index is read.

    Args:
        index: to search in.
        photo: the number of one in it, or any other.
        k: how many.
        layer: as the index names it.
        network: as for `neighbors`.
        engine: as for `neighbors`.
    """
    features, pixels = _bases(index, layer)
    own = photo if isinstance(photo, int) else None
    if isinstance(photo, int):
        ask, look = features[photo], pixels[photo]
    else:
        ask, look = photo_features(scanned_network(index, network), photo, layer)
    found = []
    for base, one in ((features, ask), (pixels, look)):
        mean = np.nanmean(base, 0)
        places, cosines = nearest(
            directions(one[None], mean),
            directions(base, mean),
            k,
            without=None if own is None else [own],
            engine=engine,
        )
        found.append(
            tuple(
                Neighbor(index.path(int(p)), index.labels[int(p)], float(c), int(p))
                for p, c in zip(places[0], cosines[0], strict=True)
            )
        )
    return found[0], found[1]


def _bases(index: ActivationIndex, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Give every photo's features, and its pixels; NaN where it was skipped."""
    pixels = index.pixels().reshape(len(index), -1).astype(np.float32)
    pixels[~index.present] = np.nan
    return index.means(layer), pixels


def _own(index: ActivationIndex, photo: int | Source) -> int | None:
    """Find a photo in the index; None for one from elsewhere."""
    if isinstance(photo, int | np.integer):
        index.place(index.photo(photo))  # refuses one that was skipped
        return index.photo(photo)
    if isinstance(photo, str | os.PathLike):
        try:
            found = index.photo(photo)
        except BadSetting:
            return None
        return found if index.present[found] else None
    return None


def photo_features(network: Network, picture: Picture, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Give a photo's features as a scan would: the means of a layer, and its 16 × 16 pixels."""
    images = network.prepare(picture)
    call = None if layer.startswith("@") else network.find(layer, network.trace(images))
    values = capture(network, images, layer)[layer]
    maps = values if call is None else as_map(network, images, call, values)
    means = maps.mean((2, 3)) if maps.dim() == 4 else maps
    return means[0].float().cpu().numpy(), small(network, images).reshape(-1).astype(np.float32)


def _drawn(
    index: ActivationIndex,
    picture: Picture,
    layer: str,
    found: tuple[tuple[Neighbor, ...], ...],
    k: int,
    scores: Mapping[str, float],
) -> Neighbors:
    rows: list[tuple[Viewable | None, ...]] = []
    for rank, several in enumerate(found):
        first = _tile(titled(picture)) if rank == 0 else None
        cells = [_tile(replace(read(one.path), caption=_told(one))) for one in several]
        rows.append((first, *cells))
    lines = [
        f"Above: nearest by the mean of {layer}; below: nearest by 16 × 16 pixels. Cosine, less the mean photo's."
    ]
    if scores:
        lines.append(
            f"Of all photos with labels, {100 * scores['features']:.0f} % of a photo's {k} nearest have its label; "
            f"in pixels {100 * scores['pixels']:.0f} %."
        )
    code = spelled(neighbors, repr(str(index.folder)), repr(picture.path or "photo"), k=k, layer=layer)
    provenance = origin(None, code) | {
        "network": index.network,
        "weights": index.weights,
        "index": str(index.folder),
        "precision": dict(scores),
    }
    title = f"{index.network} · {layer}: most like {Path(picture.path).name if picture.path else 'the photo'}"
    sheet = Grid(rows=tuple(rows), row_titles=("features", "pixels"), title=title, caption=" ".join(lines))
    return Neighbors(found[0], found[1], sheet, sheet.caption, provenance)


def _tile(picture: Picture) -> Picture:
    zoom = TILE / max(picture.size)
    h, w = picture.size
    return picture.resized((max(1, round(h * zoom)), max(1, round(w * zoom))))


def _told(one: Neighbor) -> str:
    name = one.label if one.label is not None else one.path.name
    return f"{name}\n{one.similarity:.2f}"
