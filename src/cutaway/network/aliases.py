"""All names that people know a layer by, so that a folder of results finds them without the network."""

from __future__ import annotations

from cutaway.network.network import Network

__all__ = ["layer_aliases"]


def layer_aliases(network: Network) -> dict[str, list[str]]:
    """List for each layer its further names, in order.

    Args:
        network: whose layers.

    >>> from torch import nn
    >>> layer_aliases(Network(nn.Sequential(nn.Conv2d(3, 4, 3)), aliases={"first": "0", "conv1": "0"}))["0"]
    ['conv1', 'first']
    """
    trace = network.trace(network.example_inputs())
    found: dict[str, set[str]] = {}
    for alias, index in trace.names.items():
        found.setdefault(trace.calls[index].name, set()).add(alias)
    for alias, name in network.aliases.items():
        found.setdefault(name, set()).add(alias)
    return {name: sorted(several - {name}) for name, several in found.items()}
