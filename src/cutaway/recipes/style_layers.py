"""Which layers tell style and content, where nobody names any."""

from __future__ import annotations

from cutaway.errors import UnsupportedMethod
from cutaway.network.layer import Layer
from cutaway.network.main_layers import main_layers
from cutaway.network.network import Network

__all__ = ["content_layer", "style_layers"]

_MOST, _JUMP = 5, 8


def style_layers(network: Network) -> list[str]:
    """List the first layer at each resolution, no narrower than the one before: VGG's relu1_1 to relu5_1.

    Raises:
        UnsupportedMethod: for a network without maps.

    >>> from torch import nn
    >>> style_layers(Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 8, 3, 2))))
    ['0', '2']
    """
    found: list[Layer] = []
    for layer in _maps(network):
        if not found or (layer.jump != found[-1].jump and layer.shape[1] >= found[-1].shape[1]):
            found.append(layer)
    return [layer.name for layer in found[:_MOST]]


def content_layer(network: Network) -> str:
    """Name the second layer whose units lie 8 pixels apart, or the last one before: VGG's relu4_2.

    >>> from torch import nn
    >>> content_layer(Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))))
    '1'
    """
    near = [layer for layer in _maps(network) if layer.jump is not None and max(layer.jump) <= _JUMP]
    if not near:
        return _maps(network)[0].name
    same = [layer for layer in near if layer.jump == near[-1].jump]
    same = [layer for layer in same if layer.shape[1] >= max(one.shape[1] for one in same)]
    return same[min(1, len(same) - 1)].name


def _maps(network: Network) -> list[Layer]:
    layers = [network.layer(name) for name in main_layers(network) if not name.startswith("@")]
    found = [layer for layer in layers if layer.is_map]
    if not found:
        raise UnsupportedMethod(f"{network.name} has no maps, and style and content are told from maps")
    return found
