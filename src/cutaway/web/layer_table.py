"""A network's layers for the page: what `cutaway layers` tells, and which reads which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.network import Network
from cutaway.network.token_grid import token_grid
from cutaway.network.trace import Call, Trace
from cutaway.recipes.layers import layers
from cutaway.recipes.origin import network_spelled, spelled
from cutaway.web.layer_names import layer_id

__all__ = ["fitting", "layer_table"]


def layer_table(network: Network, indexes: Mapping[str, ActivationIndex], weights: str) -> dict[str, Any]:
    """Tell every layer in the order of execution, with the layers that it reads.

    Args:
        network: whose.
        indexes: those that are open.
        weights: of the network; an index of others knows nothing of it.

    >>> from torch import nn
    >>> told = layer_table(Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), {}, "")
    >>> [(one["id"], one["parents"], one["channels"]) for one in told["layers"]]
    [('0', [-1], 4), ('1', [0], 4)]
    """
    table = layers(network)
    trace = network.trace(network.example_inputs())
    network.layer(network.layers[0].name)  # fills the trace's names
    known = fitting(indexes, weights)
    rows = [
        {
            "id": layer_id(one.name, one.index),
            "name": one.name,
            "kind": one.kind,
            "shape": list(one.shape[1:]),
            "channels": channels_of(trace.calls[one.index], trace),
            "plain": is_plain(trace.calls[one.index], trace),
            "parameters": one.parameters,
            "macs": one.macs,
            "kernel": one.kernel,
            "stride": one.stride,
            "field": None if one.field is None else one.receptive_field,
            "whole": one.field is None or one.field.whole_image,
            "jump": one.jump,
            "parents": list(trace.calls[one.index].parents),
            "indexes": [name for name, index in known.items() if one.name in index.layers],
        }
        for one in network.layers
    ]
    ids = [row["id"] for row in rows]
    return {
        "title": table.title,
        "notes": list(table.notes),
        "layers": rows,
        # Whatever else a layer goes by.
        "names": {name: ids[at] for name, at in trace.names.items() if name != ids[at]},
        "code": f"import cutaway\n\n{spelled(layers, network_spelled(network))}.show()",
    }


def channels_of(call: Call, trace: Trace) -> int:
    """How many channels a layer shows: those of tokens and of channels-last maps stand last; 0 where it has none."""
    if token_grid(trace, call) is not None:
        return call.shape[-1]
    return call.shape[1] if len(call.shape) in (2, 4) else 0


def is_plain(call: Call, trace: Trace) -> bool:
    """Whether a layer's second axis is its channels, as what ascends or projects single units takes it."""
    return len(call.shape) in (2, 4) and token_grid(trace, call) is None


def fitting(indexes: Mapping[str, ActivationIndex], weights: str) -> dict[str, ActivationIndex]:
    """Give those indexes that were made with these weights."""
    return {name: index for name, index in indexes.items() if index.weights == weights}
