"""The photos of an index in a plane, and where further ones lie in it, as bytes for the page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.network.network import Network
from cutaway.recipes.embed import Embedding, embed
from cutaway.view.picture import Picture
from cutaway.web.desk import Desk
from cutaway.web.maps import packed
from cutaway.web.scanned import network_of

__all__ = ["place_of_a_photo", "placed", "plane", "plane_of_an_index"]


def plane(index: ActivationIndex, layer: str, method: str) -> bytes:
    """Bring an index's photos to a plane, in the order of their numbers."""
    found = _embedded(index, layer, method)
    head = {
        "shape": list(found.points.shape),
        "method": method,
        "layer": found.layer,
        "trustworthiness": found.trustworthiness,
        "silhouette": found.silhouette,
        "before": found.silhouette_of_features,
        "code": f"import cutaway\n\n{found.provenance['code']}.show()",
    }
    return packed(head, found.points)


def placed(index: ActivationIndex, layer: str, method: str, photo: Picture, network: Network | None) -> bytes:
    """Bring one more photo to a plane that is there."""
    found = _embedded(index, layer, method)
    point = np.asarray(found.place(photo, network), np.float32)
    if not np.isfinite(point).all():
        raise BadSetting(f"this photo has no place in {method}: its features are not finite")
    return packed({"shape": [2]}, point[0])


def plane_of_an_index(desk: Desk, settings: Mapping[str, Any]) -> bytes:
    """Do the job: index, layer, method."""
    return plane(desk.index(str(settings["index"])), str(settings["layer"]), str(settings["method"]))


def place_of_a_photo(desk: Desk, settings: Mapping[str, Any]) -> bytes:
    """Do the job: index, layer, method, photo."""
    index = desk.index(str(settings["index"]))
    photo = desk.photos.read(str(settings["photo"]))
    layer, method = str(settings["layer"]), str(settings["method"])
    return placed(index, layer, method, photo, network_of(desk, index))


# A plane and the way into it are made once: what a second process made has the same numbers.
@lru_cache(maxsize=6)
def _embedded(index: ActivationIndex, layer: str, method: str) -> Embedding:
    return embed(index, method, layer=layer)
