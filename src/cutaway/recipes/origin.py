"""Where a picture comes from: what it takes to make it again."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Callable
from typing import Any

import numpy
import PIL
import torch

from cutaway import __version__
from cutaway.network.fingerprint import fingerprint
from cutaway.network.network import Network
from cutaway.network.zoo.registry import ENTRIES

__all__ = ["network_spelled", "origin", "spelled"]


def origin(network: Network | None, code: str, **settings: Any) -> dict[str, object]:
    """Collect a picture's provenance: network and weights, settings, versions, and the Python that makes it.

    >>> origin(None, "cutaway.models()")["code"]
    'cutaway.models()'
    """
    told: dict[str, object] = {"code": code, "settings": settings}
    if network is not None:
        told["network"] = network.name
        told["weights"] = fingerprint(network.module)
    told["versions"] = {
        "cutaway": __version__,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "python": platform.python_version(),
    }
    return told


def network_spelled(network: Network) -> str:
    """Write the Python that gives a network: loading it by name, or just `network` where it is a person's own.

    >>> from torch import nn
    >>> network_spelled(Network(nn.ReLU()))
    'network'
    """
    known = network.name in ENTRIES or network.name.startswith(("timm:", "torchvision:"))
    return f"cutaway.load({network.name!r})" if known or ".py:" in network.name else "network"


def spelled(function: Callable[..., Any], *words: str, **settings: Any) -> str:
    """Write the Python that calls a public function, with those settings that are not its defaults.

    >>> def draw(photo, *, top=3): ...
    >>> spelled(draw, "'cat.jpg'", top=3), spelled(draw, "'cat.jpg'", top=2)
    ("cutaway.draw('cat.jpg')", "cutaway.draw('cat.jpg', top=2)")
    """
    usual = inspect.signature(function).parameters
    given = [f"{name}={value!r}" for name, value in settings.items() if value != usual[name].default]
    return f"cutaway.{function.__name__}({', '.join([*words, *given])})"
