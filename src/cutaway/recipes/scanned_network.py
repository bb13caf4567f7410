"""The network that an index was made with."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadIndex, CutawayError
from cutaway.network.fingerprint import fingerprint
from cutaway.network.network import Network
from cutaway.recipes.opened import opened

__all__ = ["scanned_network"]


def scanned_network(index: ActivationIndex, network: Network | str | nn.Module | None = None) -> Network:
    """Open the network of an index, with the preprocessing of the scan.

    Args:
        index: made with it.
        network: it, or its name; by default the name in the index.

    Raises:
        BadIndex: where it cannot be opened, or has other weights.
    """
    try:
        found = opened(index.network if network is None else network)
    except CutawayError as error:
        if network is not None:
            raise
        raise BadIndex(
            f"the index is of {index.network}, which does not open by its name: {error} Give the network"
        ) from error
    if fingerprint(found.module) != index.weights:
        raise BadIndex(
            f"{index.folder} was made with {index.network}, weights {index.weights}; this one is {found.name}, "
            f"weights {fingerprint(found.module)}"
        )
    return replace(found, preprocessing=index.preprocessing)
