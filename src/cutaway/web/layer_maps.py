"""All maps of a layer for one photo, as numbers that the page draws, and what each place of them sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import UnsupportedMethod
from cutaway.network.layer import Layer
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.network.place import Images, Place
from cutaway.network.receptive_field import Lattice, ReceptiveField
from cutaway.network.token_grid import token_grid
from cutaway.recipes.activations import activations
from cutaway.recipes.columns import maps_of
from cutaway.recipes.origin import network_spelled, spelled
from cutaway.view.picture import Picture
from cutaway.web.layer_names import layer_id
from cutaway.web.maps import framed

__all__ = ["layer_maps", "packed_maps", "seen_by"]

# So many numbers go out as half floats, and more, each rounded to 1/255 of the layer's range, as bytes.
MOST_HALVES = 6_000_000
MOST_NUMBERS = 64_000_000


def layer_maps(network: Network, photo: Picture, layer: Layer) -> bytes:
    """Read all channels of a layer for a photo.

    Args:
        network: asked.
        photo: shown to it.
        layer: of the table; its maps are of the photo's own size.

    Raises:
        UnsupportedMethod: for a layer without channels.
    """
    images = network.prepare(photo)
    check_fits(network, images)
    values = read_maps(network, images, layer.name)
    place = images.places[0]
    call = network.find(layer.name, network.trace(images))
    grid = token_grid(network.trace(images), call)
    field = None if grid is not None else network.layer(layer.name, images).field
    rows, columns = values.shape[1:]
    lattice = grid.lattice if grid is not None else None if field is None else field.lattice
    placement = None if lattice is None else place.placement(lattice)
    code = spelled(activations, network_spelled(network), repr(photo.path or "photo"), repr(layer.name))
    head: dict[str, Any] = {
        "id": layer_id(layer.name, layer.index),
        "layer": layer.name,
        "kind": layer.kind,
        "shape": list(values.shape),
        "photo": list(photo.size),
        "start": None if placement is None else list(placement.start),
        "step": None if placement is None else list(placement.step),
        "window": None if placement is None else list(placement.window),
        "code": f"import cutaway\n\n{code}.show()",
        **seen_by(field, lattice, place, rows, columns),
    }
    return packed_maps(head, values)


def read_maps(network: Network, images: Images, name: str) -> Float[np.ndarray, "c rows columns"]:
    """Read a layer's channels as maps, (c,1,1) where it has no places.

    Raises:
        UnsupportedMethod: where it has no channels.
    """
    maps = maps_of(network, images.as_subclass(Tensor), name)
    shape = tuple(maps.shape)
    if len(shape) != 4 or 0 in shape:
        shown = tuple(shape[:2]) + tuple(shape[4:]) if shape[2:4] == (1, 1) else shape
        raise UnsupportedMethod(
            f"{name} has shape {shown}: no channels with a map. Read it with cutaway.capture"
        )
    if maps.is_complex():
        raise UnsupportedMethod(f"{name} holds complex numbers. Read it with cutaway.capture")
    values: np.ndarray = maps[0].to(torch.float32).cpu().numpy()
    if values.size > MOST_NUMBERS:
        raise UnsupportedMethod(
            f"{name} has {values.size:,} numbers for this photo, and the page takes {MOST_NUMBERS:,}: a smaller photo"
        )
    return values


def seen_by(
    field: ReceptiveField | None, lattice: Lattice | None, place: Place, rows: int, columns: int
) -> dict[str, Any]:
    """Tell what every row and every column of a map sees of the photo, as first pixel and the one after the last.

    Args:
        field: of the layer; None where its units have no window of their own.
        lattice: where its cells lie; None where they have no place.
        place: of the image in the photo.
        rows: of the map.
        columns: of the map.

    >>> from cutaway.network.receptive_field import Axis
    >>> field = ReceptiveField(Axis(), Axis(), (4, 4)).window((2, 2), (2, 2), (0, 0), (1, 1))
    >>> seen_by(field, field.lattice, Place((8, 8), (4, 4), (2.0, 2.0), (0.0, 0.0)), 2, 2)["rows"]
    [(0, 4), (4, 8)]
    """
    if lattice is None:
        return {"sees": "all", "rows": None, "columns": None}
    if field is None:
        # A token reads the whole image; its patch is where it lies.
        (y, x), (high, wide) = lattice.start, lattice.step
        spans = [
            [(round(start + (i - 0.5) * step), round(start + (i + 0.5) * step)) for i in range(count)]
            for start, step, count in ((y, high, rows), (x, wide, columns))
        ]
    else:
        spans = [
            [field.box(i, 0)[0::2] for i in range(rows)],
            [field.box(0, i)[1::2] for i in range(columns)],
        ]
    sees = "place" if field is None else "more" if field.whole_image else "field"
    return {
        "sees": sees,
        "rows": [place.box((top, 0, bottom, 1))[0::2] for top, bottom in spans[0]],
        "columns": [place.box((0, left, 1, right))[1::2] for left, right in spans[1]],
    }


def packed_maps(head: dict[str, Any], values: Float[np.ndarray, "c rows columns"]) -> bytes:
    """Write maps as half floats, each a share of the largest absolute value, or as bytes where they are very many.

    >>> len(packed_maps({}, np.ones((2, 3, 5), np.float32))) % 4
    0
    """
    if not np.isfinite(values).all():
        raise UnsupportedMethod(
            "this layer answers with numbers that are infinite, or none: they have no place on a scale"
        )
    low, high = float(values.min()), float(values.max())
    most = max(abs(low), abs(high))
    # Half floats round: which channel is the stronger, and where, is told by these.
    flat = values.reshape(len(values), -1)
    ends = {"peaks": flat.max(1).tolist(), "lows": flat.min(1).tolist(), "places": flat.argmax(1).tolist()}
    head = head | {"low": low, "high": high} | ends
    if values.size <= MOST_HALVES:
        shares = values / most if most > 0 else values
        return framed(head | {"packing": "half"}, shares.astype("<f2").tobytes())
    spread = (high - low) or 1.0
    return framed(
        head | {"packing": "byte"}, np.round((values - low) / spread * 255).astype(np.uint8).tobytes()
    )
