"""The packages that we compare with are here, import without a warning, and compute."""

from __future__ import annotations

import importlib

import pytest
import torch


@pytest.mark.parametrize(
    "name",
    ["captum.attr", "torchcam.methods", "pytorch_grad_cam", "torchvision.models", "timm", "skimage.data"],
)
def test_peer_imports(name: str) -> None:
    assert importlib.import_module(name)


def test_torchvision_networks_run() -> None:
    models = importlib.import_module("torchvision.models")
    with torch.no_grad():
        scores = models.squeezenet1_1(weights=None).eval()(torch.zeros(1, 3, 64, 64))
    assert scores.shape == (1, 1000)
