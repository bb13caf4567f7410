"""Several layers by one expression: a range, or all maps."""

from __future__ import annotations

from collections.abc import Sequence

from cutaway.errors import BadSetting
from cutaway.network.network import Network

__all__ = ["select_layers"]


def select_layers(network: Network, wanted: str | Sequence[str]) -> list[str]:
    """Give the names of the layers that a person asked for: one, several, a range "conv1..fire4", or "all" maps.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)))
    >>> select_layers(net, "0..1"), select_layers(net, "1.."), select_layers(net, "all")
    (['0', '1'], ['1', '2'], ['0', '1', '2'])
    """
    trace = network.trace(network.example_inputs())
    maps = [call for call in trace.calls if len(call.shape) == 4]
    found: list[str] = []
    for part in [wanted] if isinstance(wanted, str) else wanted:
        if part == "all":
            found += [call.name for call in maps]
        elif ".." in part:
            first, _, last = part.partition("..")
            low = network.find(first, trace).index if first else 0
            high = network.find(last, trace).index if last else len(trace.calls)
            found += [call.name for call in maps if low <= call.index <= high]
        else:
            found.append(network.find(part, trace).name)
    if not found:
        raise BadSetting(f"no layer lies in {wanted!r}. See all: cutaway layers")
    return list(dict.fromkeys(found))
