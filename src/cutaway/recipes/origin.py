"""Where a picture comes from: what it takes to make it again."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy
import PIL
import torch

from cutaway.network.fingerprint import fingerprint
from cutaway.network.network import Network

__all__ = ["origin"]


def origin(network: Network | None, code: str, **settings: Any) -> dict[str, object]:
    """Collect a picture's provenance: network and weights, settings, versions, and the Python that makes it.

    >>> origin(None, "cutaway.models()")["code"]
    'cutaway.models()'
    """
    try:
        own = version("cutaway")
    except PackageNotFoundError:
        own = "source"
    told: dict[str, object] = {"code": code, "settings": settings}
    if network is not None:
        told["network"] = network.name
        told["weights"] = fingerprint(network.module)
    told["versions"] = {
        "cutaway": own,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "python": platform.python_version(),
    }
    return told
