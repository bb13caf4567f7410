"""What the atlas shows of an index: its photos, their labels and colours, small copies, and who is near whom."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.reduce import METHODS
from cutaway.errors import BadImage, BadIndex, BadSetting
from cutaway.images.read import read
from cutaway.network.head import LOGITS
from cutaway.network.network import Network
from cutaway.recipes.embed import NAMES
from cutaway.recipes.neighbors import Neighbor, nearest_photos, neighbors
from cutaway.recipes.origin import spelled
from cutaway.view.picture import Picture
from cutaway.view.scatter import COLOURS, label_colours
from cutaway.web.jpeg import jpeg
from cutaway.web.maps import packed

__all__ = ["about", "colouring", "identity", "near", "sheet", "small", "tell", "thumb"]

_NEEDS = {"tsne": "openTSNE", "umap": "umap"}
COLUMNS = 8
"""Tiles in a row of a sheet."""


def identity(index: ActivationIndex) -> str:
    """Give a hash of what an index says, so that results of another under its name are not taken for its own."""
    told = hashlib.sha256()
    for name in ("manifest.json", "labels.json"):
        try:
            told.update((index.folder / name).read_bytes())
        except OSError as error:
            raise BadIndex(f"{index.folder / name} cannot be read: {error.strerror}. Scan again") from error
    return told.hexdigest()[:16]


def about(index: ActivationIndex, network: Network | None) -> dict[str, Any]:
    """Tell what there is to see of an index."""
    present = np.flatnonzero(index.present)
    labels = [index.labels[photo] for photo in present]
    ranked = list(dict.fromkeys([*label_colours(labels), *sorted({x for x in labels if x is not None})]))
    code = {label: k for k, label in enumerate(ranked)}
    return {
        "network": index.network,
        "photos": [int(photo) for photo in present],
        "codes": [code[label] if label is not None else -1 for label in labels],
        "labels": ranked,
        "skipped": len(index) - len(present),
        "layers": [{"id": name, "channels": index.channels(name)} for name in index.layers],
        "layer": index.manifest["features"],
        "answers": LOGITS in index.layers,
        "classes": network.classes is not None if network is not None else False,
        "methods": [
            {
                "id": method,
                "name": NAMES[method],
                "there": method not in _NEEDS or find_spec(_NEEDS[method]) is not None,
                "least": 3 if method == "pca" else 10,
            }
            for method in METHODS
        ],
        "palette": [list(colour) for colour in COLOURS],
    }


def colouring(index: ActivationIndex, network: Network | None, by: str, layer: str) -> bytes:
    """Give a number for each photo to colour it by: a channel's largest value, or the class that the network answers.

    Args:
        index: of the photos.
        network: of the index, which knows the classes' names; None where it is not open.
        by: "answer", or a channel's number.
        layer: of the channel.
    """
    if by != "answer":
        values = index.channel(layer, int(by))[index.present]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        return packed({"shape": [len(values)], "low": low, "high": high}, values)
    if LOGITS not in index.layers:
        raise BadSetting(
            f"the index did not keep {LOGITS}, the network's answers: cutaway scan … --layers …,{LOGITS}"
        )
    best = index.means(LOGITS)[index.present].argmax(1)
    names = {str(k): _class(network, int(k)) for k in np.unique(best)}
    return packed({"shape": [len(best)], "names": names}, best.astype(np.float32))


def tell(index: ActivationIndex, network: Network | None, photo: int) -> dict[str, Any]:
    """Tell of one photo: its name, its label, which class the label is, what the network answers, if it can be read."""
    number = index.photo(photo)
    label = index.labels[number]
    names = (network.classes or ()) if network is not None else ()
    truth = next(
        (k for k, name in enumerate(names) if label is not None and name.lower() == label.lower()), None
    )
    told: dict[str, Any] = {"photo": number, "name": index.names[number], "label": label, "truth": truth}
    told["refused"] = _reason(index, number)
    told["answer"] = None
    if LOGITS in index.layers and bool(index.present[number]):
        best = int(index.means(LOGITS)[number].argmax())
        told["answer"] = {"index": best, "label": _class(network, best)}
    return told


def near(
    index: ActivationIndex, photo: int | Picture, layer: str, k: int, network: Network | None = None
) -> dict[str, Any]:
    """Find a photo's neighbours by a layer's features and by pixels, and the Python that finds them."""
    name = index.layer(layer)
    if isinstance(photo, int):
        index.place(index.photo(photo))  # refuses one that was skipped
    most = int(index.present.sum()) - isinstance(photo, int)
    by_features, by_pixels = nearest_photos(index, photo, min(k, max(most, 1)), name, network)
    asked = repr(photo) if isinstance(photo, int) else repr("photo.jpg")
    code = spelled(neighbors, repr(str(index.folder)), asked, k=k, layer=name)
    return {
        "features": [_neighbor(one) for one in by_features],
        "pixels": [_neighbor(one) for one in by_pixels],
        "code": f"import cutaway\n\n{code}.show()",
    }


def sheet(index: ActivationIndex, photos: list[int], side: int) -> bytes:
    """Give square cuts of photos as one JPEG, row by row; what cannot be read comes from the index's 16 × 16 pixels."""
    rows = -(-len(photos) // COLUMNS)
    canvas = np.zeros((rows * side, COLUMNS * side, 3), np.uint8)
    for k, photo in enumerate(photos):
        top, left = k // COLUMNS * side, k % COLUMNS * side
        canvas[top : top + side, left : left + side] = _square(index, index.photo(photo), side)
    return jpeg(Picture(canvas))


def small(index: ActivationIndex, page: int, count: int = 1024) -> bytes:
    """Give a page of the index's own 16 × 16 pixels as one JPEG of 32 columns: no photo is read."""
    pixels = index.pixels()[page * count : (page + 1) * count]
    if not len(pixels):
        raise BadSetting(f"the index has pages 0 to {(len(index) - 1) // count}, got {page}")
    columns = 32
    whole = np.zeros((-(-len(pixels) // columns) * columns, 16, 16, 3), np.uint8)
    whole[: len(pixels)] = pixels
    rows = len(whole) // columns
    return jpeg(
        Picture(whole.reshape(rows, columns, 16, 16, 3).swapaxes(1, 2).reshape(rows * 16, columns * 16, 3))
    )


def thumb(index: ActivationIndex, photo: int, side: int) -> bytes:
    """Give one photo, its longer side so long, as a JPEG."""
    number = index.photo(photo)
    try:
        return jpeg(read(index.path(number), largest_side=side))
    except BadImage:
        return jpeg(Picture(_own_pixels(index, number)).resized((side, side)))


def _reason(index: ActivationIndex, photo: int) -> str | None:
    """Say why a photo cannot be read, None where it can."""
    if not index.path(photo).is_file():
        return "there is no such file"
    try:
        _tile(index, photo, 64)
    except BadImage as error:
        return error.reason
    return None


def _square(index: ActivationIndex, photo: int, side: int) -> UInt8[np.ndarray, "s s 3"]:
    try:
        return _tile(index, photo, side)
    except BadImage:
        return Picture(_own_pixels(index, photo)).resized((side, side)).pixels


# What could not be read is not kept: it may be there again.
@lru_cache(maxsize=1024)
def _tile(index: ActivationIndex, photo: int, side: int) -> UInt8[np.ndarray, "s s 3"]:
    """Cut the middle square of a photo."""
    found = read(index.path(photo), largest_side=4 * side)
    h, w = found.shortest(side)
    top, left = (h - side) // 2, (w - side) // 2
    return found.resized((h, w)).cropped((top, left, top + side, left + side)).pixels


def _own_pixels(index: ActivationIndex, photo: int) -> UInt8[np.ndarray, "16 16 3"]:
    return np.ascontiguousarray(index.pixels()[photo])


def _class(network: Network | None, k: int) -> str:
    return network.class_name(k) if network is not None else str(k)


def _neighbor(one: Neighbor) -> dict[str, Any]:
    return {
        "photo": one.photo,
        "label": one.label,
        "similarity": round(one.similarity, 4),
        "name": one.path.name,
    }
