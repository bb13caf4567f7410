"""The layer whose channels a class activation method weighs: found, read as a map (n,c,h,w), differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from cutaway.errors import UnsupportedMethod
from cutaway.network.capture import capture, differentiate
from cutaway.network.head import feature_map
from cutaway.network.inputs import Inputs
from cutaway.network.network import Network
from cutaway.network.trace import Call

__all__ = ["differentiate_map", "map_layer", "read_map"]


def map_layer(network: Network, images: Inputs, layer: str | None, method: str) -> Call:
    """Find the layer whose channels are weighed.

    Args:
        network: to look in.
        images: (n,c,h,w), or several inputs; for the shapes.
        layer: its name; None takes the last map of features before the classes.
        method: named in the refusal.

    Raises:
        UnsupportedMethod: where the layer has no map.
        UnknownLayer: for a layer that is not there.

    >>> import torch
    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> map_layer(net, torch.zeros(1, 3, 8, 8), None, "GradCAM").name
    '1'
    """
    trace = network.trace(images)
    call = feature_map(network, trace) if layer is None else network.find(layer, trace)
    if len(call.shape) != 4:
        raise UnsupportedMethod(
            f"{method} needs a map (n,c,h,w); {call.name} of {network.name} has shape {call.shape}. "
            "Leave layer out for the last map, or use Saliency"
        )
    return call


def read_map(
    network: Network, images: Inputs, layer: str | None, method: str
) -> Float[Tensor, "n channels rows columns"]:
    """Read a layer as a map, (n,c,h,w); nothing after it runs.

    >>> import torch
    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> read_map(net, torch.zeros(2, 3, 8, 8), None, "EigenCAM").shape
    torch.Size([2, 4, 6, 6])
    """
    call = map_layer(network, images, layer, method)
    return capture(network, images, call.name)[call.name]


def differentiate_map(
    network: Network,
    images: Inputs,
    score: Callable[[Mapping[str, Tensor]], Tensor],
    reads: Sequence[str],
    layer: str | None,
    method: str,
) -> tuple[Float[Tensor, "n channels rows columns"], Float[Tensor, "n channels rows columns"]]:
    """Give a layer's map and a score's gradient there, both (n,c,h,w).

    Args:
        network: left exactly as found.
        images: (n,c,h,w).
        score: from the activations of `reads` to one number per image, (n,).
        reads: names of the layers that the score reads.
        layer: as for `map_layer`.
        method: as for `map_layer`.

    Raises:
        UnsupportedMethod: where the layer has no map.
        UnknownLayer: for a layer that is not there or that the score does not depend on.

    >>> import torch
    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> images, score = torch.randn(2, 3, 8, 8), lambda a: a["@output"][:, 1]
    >>> [part.shape for part in differentiate_map(net, images, score, ["@output"], None, "GradCAM")]
    [torch.Size([2, 4, 6, 6]), torch.Size([2, 4, 6, 6])]
    """
    name = map_layer(network, images, layer, method).name
    found = differentiate(network, images, score, reads, [name])
    return found.activations[name], found.gradients[name]
