"""The names by which addresses know a network's layers."""

from __future__ import annotations

import re

from cutaway.errors import UnknownLayer
from cutaway.network.layer import Layer
from cutaway.network.network import Network

__all__ = ["layer_id", "layer_of"]

_PLAIN = re.compile(r"[A-Za-z0-9_.-][A-Za-z0-9_.:-]{0,159}")


def layer_id(name: str, index: int) -> str:
    """Name a layer for an address: as it is called, or, where that holds other characters, by its place in the table.

    A module may be registered under any text; no operation's name begins with a colon.

    >>> layer_id("fire2.cat", 9), layer_id("branch a/b", 9), layer_id("..", 9)
    ('fire2.cat', ':9', ':9')
    """
    return name if _PLAIN.fullmatch(name) and name.strip(".") else f":{index}"


def layer_of(network: Network, wanted: str) -> Layer:
    """Give the layer that an address means, as it is for an image of the network's own size.

    Args:
        network: whose.
        wanted: any of its names, or ":9" for the tenth of the table.

    Raises:
        UnknownLayer: with the closest names.

    >>> from torch import nn
    >>> layer_of(Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), ":1").name
    '1'
    """
    place = wanted.removeprefix(":")
    if not (wanted.startswith(":") and place.isascii() and place.isdecimal()):
        return network.layer(wanted)
    layers = network.layers
    if len(place) > 6 or int(place) >= len(layers):
        raise UnknownLayer(f"{network.name} has layers :0 to :{len(layers) - 1}, got {wanted}")
    return layers[int(place)]
