"""All photos of a scan in one plane: near each other where the network finds them alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.layout import on_grid
from cutaway.dataset.quality import silhouette, trustworthiness
from cutaway.dataset.reduce import Reduced, reduced
from cutaway.errors import BadSetting
from cutaway.images.read import Source, read_all
from cutaway.network.network import Network
from cutaway.network.progress import report
from cutaway.recipes.neighbors import photo_features
from cutaway.recipes.origin import origin, spelled
from cutaway.recipes.patches import indexed, photo_of
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.grid import Grid
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture
from cutaway.view.scatter import scatter
from cutaway.view.viewable import Viewable

__all__ = ["Embedding", "embed"]

NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
# The assignment of photos to cells takes the cube of their number.
MOST_ON_MAP = 2_500
TILE = 48


@dataclass(frozen=True)
class Embedding(Viewable):
    """Photos in a plane; draws itself as points coloured by label.

    Args:
        points: (n,2) of the photos that the scan read, in `photos`' order.
        photos: their numbers in the index.
        silhouette: −1..1, how much labels stay together; None where there are none.
        trustworthiness: 0..1, how far a photo's nearest here are near in the features too.
        silhouette_of_features: the same figure before the reduction.
        index: of the photos.
        layer: whose features were brought to the plane.
        reduced: how.
    """

    points: Float[np.ndarray, "n 2"]
    photos: tuple[int, ...]
    silhouette: float | None
    trustworthiness: float
    silhouette_of_features: float | None
    index: ActivationIndex = field(repr=False)
    layer: str
    reduced: Reduced = field(repr=False)
    title: str = ""
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The points."""
        return self.points

    @property
    def labels(self) -> list[str | None]:
        """Of each point."""
        return [self.index.labels[photo] for photo in self.photos]

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the points, the photos' names and labels."""
        return {
            "values": self.points,
            "names": np.array([self.index.names[photo] for photo in self.photos]),
            "labels": np.array([label or "" for label in self.labels]),
        }

    def to_image(self) -> Image.Image:
        """Draw the points."""
        plane = scatter(self.points, self.labels)
        return Grid(
            rows=((plane,),), title=self.title, caption=self.caption, provenance=self.provenance
        ).to_image()

    def photo_map(self, tile: int = TILE, columns: int | None = None) -> Picture:
        """Lay the photos themselves out on a grid, each as near to its point as all can be together, none over another.

        Args:
            tile: side of a photo, in pixels; large ones make one big picture to zoom into.
            columns: of the grid; about as many as rows by default.

        Raises:
            BadSetting: where scipy is not installed, or the photos are too many to be laid out.
        """
        if tile < 4:
            raise BadSetting(f"tile must be at least 4 pixels, got {tile}")
        if len(self.photos) > MOST_ON_MAP:
            raise BadSetting(
                f"{len(self.photos):,} photos are too many to lay out ({MOST_ON_MAP:,} at most): embed fewer of them"
            )
        cells = on_grid(self.points, columns)
        across, down = int(cells[:, 1].max()) + 1, int(cells[:, 0].max()) + 1
        blank = Picture(np.full((tile, tile, 3), 255, np.uint8))
        tiles = [blank] * (across * down)
        for done, (photo, (row, column)) in enumerate(zip(self.photos, cells, strict=True)):
            tiles[int(row) * across + int(column)] = photo_of(self.index.path(photo)).fitted(tile)
            report("photos", done + 1, len(self.photos))
        drawn = mosaic(tiles, across, tile, gap=1, caption=f"{self.title}\n{self.caption}")
        return replace(drawn, provenance=self.provenance)

    def place(
        self, photos: Source | Iterable[Source], network: Network | str | nn.Module | None = None
    ) -> Float[np.ndarray, "m 2"]:
        """Bring new photos into the same plane; the points that are there stay.

        Args:
            photos: one or several that are not in the scan.
            network: of the scan, where its name does not open it.
        """
        model = scanned_network(self.index, network)
        rows = [photo_features(model, picture, self.layer)[0] for picture in read_all(photos)]
        return self.reduced.place(np.stack(rows))


def embed(
    index: ActivationIndex | str | os.PathLike[str],
    method: str = "tsne",
    *,
    layer: str | None = None,
    seed: int = 0,
    neighbors: int = 30,
) -> Embedding:
    """Bring all photos of a scan to one plane, by a layer's features.

    Args:
        index: that `scan` made, or its folder.
        method: "pca", "tsne" or "umap".
        layer: whose means over space are the features; by default of the layer that the classifier reads.
        seed: the same seed gives the same picture.
        neighbors: to how many each photo is kept near: t-SNE's perplexity, UMAP's n_neighbors.

    Raises:
        BadIndex, BadSetting, UnknownLayer: with what to do instead.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.recipes.scan import scan
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> index = scan(net, "examples/photos", tempfile.mkdtemp() + "/index", engine="serial")
    >>> embed(index, "pca").points.shape
    (3, 2)
    """
    opened = indexed(index)
    name = opened.layer(layer if layer is not None else opened.manifest["features"])
    chosen = np.flatnonzero(opened.present)
    features = opened.means(name)[chosen]
    found = reduced(features, method, seed=seed, neighbors=neighbors)
    labels = [opened.labels[int(photo)] for photo in chosen]
    here, there = silhouette(found.points, labels), silhouette(features, labels)
    trust = trustworthiness(features, found.points)
    words = [f"{NAMES[method]} of the mean of {name}. Trustworthiness {trust:.3f} of 1"]
    if here is not None and there is not None:
        figures = (f"{figure:.2f}".replace("-", "−") for figure in (here, there))
        words.append("silhouette of the labels {} here, {} in the features".format(*figures))
    code = spelled(
        embed, repr(str(opened.folder)), method=method, layer=layer, seed=seed, neighbors=neighbors
    )
    return Embedding(
        found.points,
        tuple(int(photo) for photo in chosen),
        here,
        trust,
        there,
        opened,
        name,
        found,
        title=f"{opened.network} · {len(chosen):,} photos by {name}",
        caption="; ".join(words) + ".",
        provenance=origin(None, code, seed=seed)
        | {"network": opened.network, "weights": opened.weights, "index": str(opened.folder)},
    )
