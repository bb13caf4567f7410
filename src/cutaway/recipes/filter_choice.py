"""Which channels of which layers images are made for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutaway.errors import BadSetting
from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.main_layers import main_layers
from cutaway.network.network import Network
from cutaway.network.selection import select_layers

__all__ = ["USUAL", "chosen_channels", "chosen_layers"]

# Of a layer, where nothing is said: eight rows of eight.
USUAL = 64


def chosen_layers(
    network: Network, wanted: str | Sequence[str], among: Sequence[str] | None = None
) -> list[str]:
    """Give the layers asked for; of a range those that all goes through, before their ReLU where a filter made it.

    Args:
        network: whose layers.
        wanted: names and ranges.
        among: of a range these are taken, instead.

    Raises:
        BadSetting, UnknownLayer: for none, or one that is not there.
    """
    main = _filtered(network) if among is None else among
    found: list[str] = []
    for part in [wanted] if isinstance(wanted, str) else wanted:
        inside = select_layers(network, part)
        several = part == "all" or ".." in part
        found += [name for name in main if name in inside] or inside if several else inside
    if not found:
        raise BadSetting('layers needs at least one layer, such as "fire5" or "conv1..fire4"')
    return list(dict.fromkeys(found))


def _filtered(network: Network) -> list[str]:
    """The layers that everything goes through, before their ReLU where a filter made them."""
    trace = network.trace(network.example_inputs())
    main: list[str] = []
    for name in main_layers(network):
        if name.startswith("@"):
            continue
        call = network.find(name, trace)
        before = trace.calls[call.parents[0]] if len(call.parents) == 1 and call.parents[0] >= 0 else None
        own = before is not None and call.kind in ACTIVATIONS and before.kind == "conv2d"
        main.append(before.name if own and before is not None else name)
    return main


def chosen_channels(
    network: Network, layer: str, wanted: Sequence[int] | None, *, alone: bool, usual: int | None = None
) -> list[int]:
    """Give the channels asked for that a layer has.

    Args:
        network: whose layer.
        layer: its name.
        wanted: 0-based; None for the first `usual`.
        alone: whether no other layer could have those that this one has not.
        usual: how many; None for all.

    Raises:
        BadSetting: for a layer without channels, or none that it has.
    """
    shape = network.find(layer, network.trace(network.example_inputs())).shape
    if len(shape) not in (2, 4):
        raise BadSetting(f"{layer} is {' × '.join(map(str, shape[1:]))}: filters needs a layer with channels")
    most = shape[1]
    if wanted is None:
        return list(range(most if usual is None else min(usual, most)))
    asked = [int(np.int64(k)) for k in wanted]
    there = [k for k in asked if 0 <= k < most]
    if not there or (alone and len(there) < len(asked)):
        outside = next((k for k in asked if k not in there), "none")
        raise BadSetting(f"{layer} has channels 0 to {most - 1}, got {outside}")
    return there
