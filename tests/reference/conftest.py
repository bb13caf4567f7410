"""Reference tests: our results beside another package's. Each is marked `reference`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.reference)


def _make_torchvision_importable() -> None:
    """Declare the two operators whose absence stops `import torchvision` beside a torch it was not built for.

    torchvision from the package index is built for a torch with CUDA. On a CPU build its compiled part does
    not load; its networks, in plain Python, work once these names exist. Nothing here calls the operators.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT_ALIVE.append(library)


_KEPT_ALIVE: list[torch.library.Library] = []
_make_torchvision_importable()  # now, not in a fixture: test files import torchvision and timm at their top
