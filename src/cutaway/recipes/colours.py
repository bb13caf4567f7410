"""The order of a network's colours, undone for drawing."""

from __future__ import annotations

import numpy as np

from cutaway.network.network import Network

__all__ = ["in_rgb"]


def in_rgb(network: Network, values: np.ndarray, axis: int) -> np.ndarray:
    """Put an array's colours in the order red, green, blue; most networks have it, those from Caffe do not.

    Args:
        network: whose preprocessing tells the order.
        values: raw.
        axis: along which the colours lie.

    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> in_rgb(Network(nn.ReLU(), Preprocessing(channels="BGR")), np.array([1, 2, 3]), 0).tolist()
    [3, 2, 1]
    """
    settings = network.preprocessing
    return np.flip(values, axis) if settings is not None and settings.channels == "BGR" else values
