"""A generator in a file, with which network and layer it is for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutaway.errors import WeightsUnavailable
from cutaway.network.fingerprint import fingerprint
from cutaway.network.network import Network
from cutaway.network.tensor_file import read_tensors, write_tensors
from cutaway.synthesis.parametrization.generator import Generator

__all__ = ["read_generator", "write_generator"]

_KIND = "generator"


def write_generator(path: Path, generator: Generator, about: Mapping[str, Any]) -> None:
    """Write a generator, whole or not at all.

    Args:
        path: of the file, .safetensors.
        generator: trained.
        about: "network", "weights" (its fingerprint) and "layer" that it is for, and what else is to be told.

    Raises:
        OutOfSpace: where the disk is full, or nothing may be written.
    """
    shape = {"code": generator.code, "size": generator.size, "width": generator.width}
    write_tensors(path, generator.state_dict(), {"kind": _KIND, "shape": shape, "about": dict(about)})


def read_generator(
    path: str | os.PathLike[str], network: Network | None = None
) -> tuple[Generator, dict[str, Any]]:
    """Read a generator, and what is told of it.

    Args:
        path: of the file.
        network: that it must be for; None takes any.

    Raises:
        WeightsUnavailable: where there is no such file, it is damaged or no generator, or for other weights.

    >>> import tempfile
    >>> from torch import nn
    >>> net, other = Network(nn.Conv2d(3, 4, 3)), Network(nn.Conv2d(3, 4, 3), name="other")
    >>> path = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> about = {"network": net.name, "weights": fingerprint(net.module), "layer": "conv2d"}
    >>> write_generator(path, Generator((4, 3, 3), (24, 24), width=8), about)
    >>> read_generator(path, net)[1]["layer"]
    'conv2d'
    >>> read_generator(path, other)
    Traceback (most recent call last):
    cutaway.errors.WeightsUnavailable: ...a.safetensors was trained for Conv2d..., not for other...
    """
    tensors, told = read_tensors(Path(path))
    if told.get("kind") != _KIND:
        raise WeightsUnavailable(
            f"{path} is no generator: train one with cutaway invert-generator LAYER --photos FOLDER --out FILE"
        )
    about: dict[str, Any] = told["about"]
    if network is not None and about["weights"] != fingerprint(network.module):
        raise WeightsUnavailable(
            f"{path} was trained for {about['network']} (weights {about['weights']}), not for {network.name} (weights "
            f"{fingerprint(network.module)}): its features would mean nothing there. Train another: cutaway "
            f"invert-generator {about['layer']} --model … --photos FOLDER --out FILE"
        )
    shape = told["shape"]
    generator = Generator(shape["code"], shape["size"], width=shape["width"])
    generator.load_state_dict(tensors)
    return generator.eval().requires_grad_(False), about
