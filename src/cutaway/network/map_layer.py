"""The layer whose channels a class activation method weighs: found, read as a map (n,c,h,w), differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import UnsupportedMethod
from cutaway.network.capture import capture, differentiate
from cutaway.network.finite import check_finite
from cutaway.network.head import feature_map
from cutaway.network.inputs import Inputs, once
from cutaway.network.network import Network
from cutaway.network.resume import resumed
from cutaway.network.token_grid import last_attention, token_grid
from cutaway.network.trace import Call, Trace

__all__ = ["as_map", "differentiate_map", "map_layer", "read_map"]

# How many of the last layers may be the one whose patches reach the output, and what counts as none of a gradient.
_CANDIDATES = 6
_NOTHING = 1e-6


def map_layer(network: Network, images: Inputs, layer: str | None, method: str) -> Call:
    """Find the layer whose channels are weighed.

    Args:
        network: to look in.
        images: (n,c,h,w), or several inputs; for the shapes.
        layer: its name; None takes the last map of features before the classes; of a transformer, the last layer whose
            patches the answer reads.
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
    call = _usual(network, images, trace) if layer is None else network.find(layer, trace)
    if len(call.shape) != 4 and token_grid(trace, call) is None:
        raise UnsupportedMethod(
            f"{method} needs a map (n,c,h,w), or the tokens of patches; {call.name} of {network.name} has shape "
            f"{call.shape}. Leave layer out for the last map, or use Saliency"
        )
    return call


def _usual(network: Network, images: Inputs, trace: Trace) -> Call:
    """The last map; of a network that ends in attention, the last tokens whose patches reach the output."""
    try:
        found: Call | None = feature_map(network, trace)
    except UnsupportedMethod:
        found = None
    attention = last_attention(trace)
    if attention < 0 or (found is not None and found.index > attention):
        return found if found is not None else feature_map(network, trace)
    if "tokens" not in trace.notes:
        trace.notes["tokens"] = _last_tokens(network, images, trace)
    tokens: Call | None = trace.notes["tokens"]
    return tokens or found or feature_map(network, trace)


def _last_tokens(network: Network, images: Inputs, trace: Trace) -> Call | None:
    grids = {
        call.name: (call, grid)
        for call in trace.calls
        if call.kind == "layer_norm" and (grid := token_grid(trace, call)) is not None
    }
    names = list(grids)[-_CANDIDATES:]
    if not names or not trace.outputs:
        return None
    reads = "@output" + trace.outputs[0][0]
    one, _ = once(images)
    found = differentiate(network, one, lambda a: a[reads].flatten(1).square().sum(1), [reads], names)
    for name in reversed(names):
        call, grid = grids[name]
        gradient = found.gradients[name]
        if float(grid.maps(gradient).abs().max()) > _NOTHING * float(gradient.abs().max()):
            return call
    return None


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
    return as_map(network, images, call, capture(network, images, call.name)[call.name])


def as_map(network: Network, images: Inputs, call: Call, values: Tensor) -> Tensor:
    """Lay a layer's values out as a map (n,c,h,w): tokens of patches on their grid, channels first.

    >>> import torch
    >>> from torch import nn
    >>> net, images = Network(nn.Conv2d(3, 4, 3)), torch.zeros(1, 3, 8, 8)
    >>> as_map(net, images, net.trace(images).calls[0], torch.zeros(1, 4, 6, 6)).shape
    torch.Size([1, 4, 6, 6])
    """
    grid = token_grid(network.trace(images), call)
    return values if grid is None else grid.maps(values)


def differentiate_map(
    network: Network,
    images: Inputs,
    score: Callable[[Mapping[str, Tensor]], Tensor],
    reads: Sequence[str],
    layer: str | None,
    method: str,
    columns: frozenset[int] | None = None,
) -> tuple[Float[Tensor, "n channels rows columns"], Float[Tensor, "n channels rows columns"]]:
    """Give a layer's map and a score's gradient there, both (n,c,h,w).

    Args:
        network: left exactly as found.
        images: (n,c,h,w).
        score: from the activations of `reads` to one number per image, (n,).
        reads: names of the layers that the score reads.
        layer: as for `map_layer`.
        method: as for `map_layer`.
        columns: the entries of the one layer that the score reads, where it reads no others: of the steps after the
            layer, only what makes these is then differentiated.

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
    call = map_layer(network, images, layer, method)
    values, gradients = _differentiated(network, images, score, reads, call.name, columns)
    maps, slopes = (as_map(network, images, call, tensor) for tensor in (values, gradients))
    if slopes.numel() < gradients.numel() and not slopes.any() and gradients.any():
        usual = map_layer(network, images, None, method).name
        raise UnsupportedMethod(
            f"{method}: only the tokens before the patches of {call.name} reach the answer, so its patches have no "
            f"gradient. Choose an earlier layer, such as {usual}"
        )
    return maps, slopes


def _differentiated(
    network: Network,
    images: Inputs,
    score: Callable[[Mapping[str, Tensor]], Tensor],
    reads: Sequence[str],
    name: str,
    columns: frozenset[int] | None,
) -> tuple[Tensor, Tensor]:
    if columns is not None and isinstance(images, Tensor) and len(images) == 1 and name not in reads:
        try:
            return _through_the_end(network, images, score, reads, name, columns)
        except UnsupportedMethod:
            pass  # what follows cannot be carried out again: the network itself is differentiated
    found = differentiate(network, images, score, reads, [name])
    return found.activations[name], found.gradients[name]


def _through_the_end(
    network: Network,
    image: Tensor,
    score: Callable[[Mapping[str, Tensor]], Tensor],
    reads: Sequence[str],
    layer: str,
    columns: frozenset[int],
) -> tuple[Tensor, Tensor]:
    """The map and the gradient from one pass, of which only the way to the entries asked for is differentiated."""
    ready, wrapped = resumed(network, image, layer, reads, columns, once=True)
    with torch.inference_mode(False), torch.enable_grad():
        maps = ready.activation.detach().requires_grad_(True)
        scores = wrapped(score)(ready.run(maps))
        check_finite(network, image, {"the score": scores.detach()})
        if not scores.requires_grad:
            raise UnsupportedMethod(f"no gradient of the score reaches {layer}")
        (gradient,) = torch.autograd.grad(scores.sum(), maps)
    return maps.detach(), gradient
