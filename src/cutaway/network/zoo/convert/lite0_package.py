"""EfficientNet-Lite0 as the package efficientnet-lite-pytorch keeps it."""

from __future__ import annotations

import re

from torch import Tensor

from cutaway.network.zoo.convert.state_dict_of import state_dict_of

__all__ = ["lite0_package"]

_BLOCKS_OF_STAGES = (1, 2, 2, 3, 3, 4, 1)
_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_INSIDE = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
# The first block does not expand, so timm counts from its depthwise convolution.
_INSIDE_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def lite0_package(data: bytes) -> dict[str, Tensor]:
    """Convert efficientnet-lite-pytorch's state dict to timm's names; a pure renaming."""
    homes = [(stage, number) for stage, count in enumerate(_BLOCKS_OF_STAGES) for number in range(count)]
    state: dict[str, Tensor] = {}
    for name, value in state_dict_of(data).items():
        block = re.match(r"_blocks\.(\d+)\.(.+)", name)
        if block is None:
            part, _, leaf = name.partition(".")
            state[f"{_OUTSIDE[part]}.{leaf}"] = value
        else:
            stage, number = homes[int(block[1])]
            part, _, leaf = block[2].partition(".")
            ours = (_INSIDE if stage else _INSIDE_FIRST)[part]
            state[f"blocks.{stage}.{number}.{ours}.{leaf}"] = value
    return state
