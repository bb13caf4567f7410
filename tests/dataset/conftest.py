"""A folder of small photos, and a network that is done with them in a moment."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cutaway as cw


@pytest.fixture(scope="session")
def album(tmp_path_factory):
    """Seventy photos of two labels, of many shapes, one of them broken: two shards."""
    folder = tmp_path_factory.mktemp("album")
    source = np.random.default_rng(7)
    for label in ("dark", "light"):
        (folder / label).mkdir()
    for k in range(70):
        h, w = source.integers(20, 60, 2)
        light = k % 2
        pixels = source.integers(100 * light, 120 + 130 * light, (h, w, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / ("light" if light else "dark") / f"{k}.png")
    (folder / "dark" / "broken.png").write_bytes(b"not a picture")
    return folder


def tiny() -> cw.Network:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()
    module = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    with torch.no_grad():
        module[0].bias[0] = -99.0  # a dead channel: everywhere 0
    return cw.Network(module, cw.Preprocessing(size=24), classes=["dark", "light"])


@pytest.fixture(scope="session")
def net():
    return tiny()


@pytest.fixture(scope="session")
def index(net, album, tmp_path_factory):
    return cw.scan(net, album, tmp_path_factory.mktemp("scanned") / "index", engine="serial", top=5)
