"""The network of an index, where it is open."""

from __future__ import annotations

from dataclasses import replace

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.network import Network
from cutaway.web.desk import Desk

__all__ = ["network_of"]


def network_of(desk: Desk, index: ActivationIndex) -> Network | None:
    """Give the open network that an index was made with, prepared as for the scan; None where it is not open."""
    for one in desk.models.values():
        if one.weights == index.weights:
            return replace(one.network, preprocessing=index.preprocessing)
    return None
