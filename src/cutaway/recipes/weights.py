"""What was learned: the filters themselves, as colour images in the first layer, as gray groups deeper down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.network import Network
from cutaway.network.trace import Call
from cutaway.recipes.colours import in_rgb
from cutaway.recipes.origin import origin
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.scale import Scale
from cutaway.view.viewable import Viewable

__all__ = ["weights"]

READING = (
    "First layer: each filter as the colours that it answers to. Smooth stripes and colour blobs are healthy; "
    "noise tells of too little training, copies and flat tiles of a waste of filters."
)
GROUPS = (
    "A row per output channel, a tile per input channel: white excites, black inhibits, mid-gray is zero."
)


def weights(
    networks: Network | Sequence[Network],
    layer: str | None = None,
    *,
    channels: Sequence[int] | None = None,
    inputs: Sequence[int] | None = None,
    scale: str | None = None,
) -> Grid:
    """Draw the filters of a convolution; the first layers of several networks side by side.

    Args:
        networks: one network, or several to compare.
        layer: a convolution's name; None takes the first one.
        channels: which filters (output channels), 0-based; None draws the first layer whole, else the first 16.
        inputs: which input channels of deeper filters; None takes the first 16.
        scale: "cell" stretches each filter on its own (the default of colour filters), "layer" all together,
            "symmetric" all together with zero at mid-gray (the default of deeper filters).

    Returns:
        A Grid whose `values` are the raw weights, (k,h,w,3) for colour filters, (k,h,w) for deeper ones.

    Raises:
        UnknownLayer, UnsupportedMethod, BadSetting: with what is there.

    >>> from torch import nn
    >>> weights(
    ...     Network(nn.Sequential(nn.Conv2d(3, 8, 5), nn.Conv2d(8, 4, 3))), "1", channels=[0]
    ... ).values.shape
    (8, 3, 3)
    """
    several = [networks] if isinstance(networks, Network) else list(networks)
    if not several:
        raise BadSetting("weights needs at least one network, got none")
    found = [(network, *_filters(network, layer)) for network in several]
    code = f"cutaway.weights(cutaway.load({several[0].name!r}), {layer!r})"
    provenance = origin(several[0], code, layer=layer, networks=[n.name for n in several])
    if len(found) == 1 and found[0][2].shape[1] not in (1, 3):
        network, call, filters = found[0]
        return _groups(network, call, filters, channels, inputs, scale or "symmetric", provenance)
    sheets = [
        _colours(network, call, filters, channels, scale or "cell", provenance)
        for network, call, filters in found
    ]
    if len(sheets) == 1:
        return sheets[0]
    return Grid(rows=(tuple(sheets),), title="First-layer filters", caption=READING, provenance=provenance)


def _filters(network: Network, layer: str | None) -> tuple[Call, np.ndarray]:
    trace = network.trace(network.example_inputs())
    if layer is None:
        convolutions = [call for call in trace.calls if call.kind.startswith("conv")]
        if not convolutions:
            raise UnsupportedMethod(f"{network.name} has no convolution")
        call = convolutions[0]
    else:
        call = network.find(layer, trace)
    for name in call.weights:
        value: Tensor = network.module.get_parameter(name)
        if value.dim() == 4:
            return call, value.detach().float().cpu().numpy()
    raise UnsupportedMethod(
        f"{call.name} of {network.name} is {call.kind}: it has no filters (out, in, h, w). See which do: cutaway layers"
    )


def _colours(
    network: Network,
    call: Call,
    filters: np.ndarray,
    channels: Sequence[int] | None,
    scale: str,
    provenance: dict[str, object],
) -> Grid:
    if filters.shape[1] not in (1, 3):
        raise UnsupportedMethod(
            f"{call.name} of {network.name} reads {filters.shape[1]} channels; side by side only colour filters compare"
        )
    filters = in_rgb(network, filters, 1)
    wanted = _checked(channels, len(filters), call.name) or list(range(len(filters)))
    shown = np.broadcast_to(filters, (len(filters), 3, *filters.shape[2:]))[wanted].transpose(0, 2, 3, 1)
    together = Scale("layer").fit(shown)
    cells: list[Viewable] = []
    for k, one in zip(wanted, shown, strict=True):
        unit = (Scale("cell").fit(one) if scale == "cell" else together).unit(one)
        cells.append(Picture.of_values(unit, caption=f"{k}", raw=one))
    columns = max(1, round(len(cells) ** 0.5))
    rows = tuple(tuple(cells[at : at + columns]) for at in range(0, len(cells), columns))
    shape = " × ".join(map(str, filters.shape))
    return Grid(
        rows=rows,
        title=f"{network.name} · {call.name} ({shape})",
        caption=f"{READING} {scale} scale.",
        provenance=provenance,
    )


def _groups(
    network: Network,
    call: Call,
    filters: np.ndarray,
    channels: Sequence[int] | None,
    inputs: Sequence[int] | None,
    scale: str,
    provenance: dict[str, object],
) -> Grid:
    outs = _checked(channels, filters.shape[0], call.name) or list(range(min(16, filters.shape[0])))
    ins = _checked(inputs, filters.shape[1], call.name) or list(range(min(16, filters.shape[1])))
    maps = filters[np.ix_(outs, ins)].reshape(-1, *filters.shape[2:])
    shape = " × ".join(map(str, filters.shape))
    return Grid.of_maps(
        maps,
        names=tuple(f"{o} ← {i}" for o in outs for i in ins),
        columns=len(ins),
        scale=scale,
        colormap="gray",
        title=f"{network.name} · {call.name} ({shape}), filters {_span(outs)} of inputs {_span(ins)}",
        caption=GROUPS,
        provenance=provenance,
    )


def _checked(wanted: Sequence[int] | None, count: int, name: str) -> list[int] | None:
    for k in wanted or ():
        if not 0 <= k < count:
            raise BadSetting(f"{name} has channels 0 to {count - 1}, got {k}")
    return None if wanted is None else list(wanted)


def _span(values: Sequence[int]) -> str:
    if len(values) > 1 and list(values) == list(range(values[0], values[0] + len(values))):
        return f"{values[0]}–{values[-1]}"
    return ", ".join(map(str, values))
