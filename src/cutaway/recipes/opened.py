"""The network that a recipe is given: as it is, or loaded by its name."""

from __future__ import annotations

from torch import nn

from cutaway.errors import BadSetting
from cutaway.network.load import load
from cutaway.network.network import Network

__all__ = ["opened"]


def opened(network: Network | str | nn.Module) -> Network:
    """Give a Network: what is one already, or what `cutaway.load` finds under a name.

    Raises:
        BadSetting: for a bare module, whose photos nobody could prepare.
        UnknownModel: for a name that there is not.

    >>> opened(nn.ReLU())
    Traceback (most recent call last):
    cutaway.errors.BadSetting: ReLU is a bare module, and how its photos are prepared is not known...
    """
    if isinstance(network, Network):
        return network
    if isinstance(network, str):
        return load(network)
    if isinstance(network, nn.Module):
        raise BadSetting(
            f"{type(network).__name__} is a bare module, and how its photos are prepared is not known. Say it: "
            "cutaway.Network(module, preprocessing=cutaway.Preprocessing(size=224, mean=…, std=…), classes=[…])"
        )
    raise BadSetting(
        f"a network is a cutaway.Network or a name such as 'squeezenet1_1', got {type(network).__name__}"
    )
