"""The bundled SqueezeNet beside Caffe's own file, computed from scratch, and what it sees in the example photos."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import cutaway
from cutaway.images.read import read
from cutaway.network.capture import capture
from cutaway.network.load import load
from cutaway.network.network import Network
from cutaway.network.zoo.unpickle import arrays_of
from cutaway.view.picture import Picture

PHOTOS = ("chelsea", "coffee", "camera")


@pytest.fixture(scope="session")
def net() -> Network:
    return load("squeezenet1_1")


@pytest.fixture(scope="session")
def script(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_squeezenet", root / "scripts/make_squeezenet.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def caffe_file(script: ModuleType, once_fetched: Any) -> bytes:
    """The pickle of Caffe's weights that the bundled file is made from."""
    data = once_fetched(script.SOURCE)
    assert isinstance(data, bytes)
    return data


def caffe_squeezenet(parts: dict[str, Any], pixels: np.ndarray) -> Tensor:
    """SqueezeNet 1.1 as Caffe's deploy.prototxt has it, in float64: photo bytes to class scores before softmax."""
    bgr = pixels[:, :, ::-1].astype(np.float64) - np.array([104.006, 116.669, 122.679])
    x = torch.from_numpy(bgr.transpose(2, 0, 1).copy())[None]

    def convolved(x: Tensor, name: str, **settings: int) -> Tensor:
        kernel, bias = (torch.from_numpy(np.array(part, dtype=np.float64)) for part in parts[name])
        return F.relu(F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, **settings))

    def pooled(x: Tensor) -> Tensor:
        return F.max_pool2d(x, 3, 2, ceil_mode=True)

    def fire(x: Tensor, number: int) -> Tensor:
        x = convolved(x, f"fire{number}/squeeze1x1")
        return torch.cat(
            [convolved(x, f"fire{number}/expand1x1"), convolved(x, f"fire{number}/expand3x3", padding=1)], 1
        )

    x = pooled(convolved(x, "conv1", stride=2))
    x = pooled(fire(fire(x, 2), 3))
    x = pooled(fire(fire(x, 4), 5))
    for number in (6, 7, 8, 9):
        x = fire(x, number)
    return convolved(x, "conv10").mean((2, 3))


@pytest.mark.network_access
@pytest.mark.parametrize("size", [227, 224])
@pytest.mark.parametrize("photo", PHOTOS)
def test_logits_are_caffes(photo: str, size: int, net: Network, caffe_file: bytes, root: Path) -> None:
    whole = read(root / f"examples/photos/{photo}.png").pixels
    top, left = (whole.shape[0] - size) // 2, (whole.shape[1] - size) // 2
    pixels = np.ascontiguousarray(whole[top : top + size, left : left + size])  # so that nothing is resized
    wanted = caffe_squeezenet(arrays_of(caffe_file), pixels)
    square = net.at((size, size))
    found = capture(square, square.prepare(Picture(pixels)), "@output")["@output"]
    assert float(wanted.max()) > 10  # a photo, not gray: the logits say something
    torch.testing.assert_close(found.double(), wanted, atol=1e-4, rtol=0)


@pytest.mark.network_access
def test_the_bundled_file_can_be_made_again_byte_for_byte(
    script: ModuleType, caffe_file: bytes, root: Path
) -> None:
    bundled = root / "src/cutaway/network/zoo/weights/squeezenet1_1.safetensors"
    assert script.made(caffe_file) == bundled.read_bytes()


@pytest.mark.parametrize(
    ("photo", "index", "least"), [("chelsea", 285, 0.5), ("coffee", 967, 0.95), ("camera", 872, 0.9)]
)
def test_it_names_what_is_in_the_photo(
    photo: str, index: int, least: float, net: Network, root: Path
) -> None:
    images = net.prepare(read(root / f"examples/photos/{photo}.png"))
    probabilities = capture(net, images, "@logits")["@logits"].softmax(1)[0]
    assert int(probabilities.argmax()) == index
    assert float(probabilities[index]) >= least


@pytest.mark.parametrize(
    ("photo", "name"), [("chelsea", "Egyptian cat"), ("coffee", "espresso"), ("camera", "tripod")]
)
def test_explain_draws_that_class_first(photo: str, name: str, net: Network, root: Path) -> None:
    grid = cutaway.explain(net, root / f"examples/photos/{photo}.png", top=1)
    captions = [cell.caption for row in grid.rows for cell in row if cell is not None]
    assert any(name in caption for caption in captions), captions
