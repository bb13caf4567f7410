"""Units of whole networks: no pixel outside the told box moves them, and some pixel on each of its edges does.

In double precision, by changing the pixels themselves: all outside the box at once, and each edge's row or column
alone. All channels at a place see the same box: none may move by what lies outside, and one has to by each edge.
"""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor, nn

import cutaway as cw
from cutaway.network.layer import Layer
from cutaway.network.network import Network
from cutaway.network.zoo.alexnet import AlexNet
from cutaway.network.zoo.registry import entry

UNITS, TRIALS = 20, 6
Box = tuple[int, int, int, int]
# Those without weights in the package get random ones: what a unit sees does not depend on them.
NETWORKS = {
    "squeezenet1_1": lambda: cw.load("squeezenet1_1").module,
    "alexnet": lambda: AlexNet().features,
    "resnet18": lambda: entry("resnet18").build(),
    "googlenet": lambda: entry("googlenet").build(),
}


@pytest.fixture(scope="module", params=NETWORKS)
def case(request) -> tuple[Network, Tensor, list[tuple[Layer, int, int]], list[tuple[Layer, int, int]]]:
    """A network, an image that is not square, units of random layers, many on the borders, and some far from them."""
    torch.manual_seed(0)
    source = random.Random(request.param)
    module: nn.Module = NETWORKS[request.param]().double().eval()
    network, image = Network(module), torch.randn(1, 3, 131, 158, dtype=torch.double)
    layers = [
        layer
        for layer in network.layers_for(image)
        if len(layer.shape) == 4 and layer.field is not None and layer.kind != "adaptive_avg_pool2d"
    ]
    chosen = []
    for _ in range(UNITS):
        layer = source.choice(layers)
        y, x = (source.choice((0, side - 1, source.randrange(side))) for side in layer.shape[2:])
        chosen.append((layer, y, x))
    inner = [
        (layer, layer.shape[2] // 2, layer.shape[3] // 2) for layer in source.sample(layers, len(layers))
    ]
    return network, image, chosen, [unit for unit in inner if is_inside(unit, image)]


def is_inside(unit: tuple[Layer, int, int], image: Tensor) -> bool:
    """Whether a box can grow and shrink by one pixel on every side."""
    layer, y, x = unit
    top, left, bottom, right = layer.field.box(y, x)
    h, w = image.shape[2:]
    return top > 0 and left > 0 and bottom < h and right < w and min(bottom - top, right - left) > 2


def values(network: Network, images: Tensor, layer: Layer, y: int, x: int) -> Tensor:
    return cw.capture(network, images, layer.name)[layer.name][:, :, y, x]


def untouched(network: Network, image: Tensor, box: Box, layer: Layer, y: int, x: int) -> bool:
    """Whether everything outside a box may change without moving the units at a place."""
    top, left, bottom, right = box
    other = 30 * torch.randn_like(image)
    other[:, :, top:bottom, left:right] = image[:, :, top:bottom, left:right]
    still, moved = (values(network, one, layer, y, x) for one in (image, other))
    return torch.equal(still, moved)


def dead_edges(network: Network, image: Tensor, box: Box, layer: Layer, y: int, x: int) -> set[str]:
    """The edges of a box whose pixels never move a unit at a place, however they are changed."""
    top, left, bottom, right = box
    edges = {
        "top": (slice(top, top + 1), slice(left, right)),
        "bottom": (slice(bottom - 1, bottom), slice(left, right)),
        "left": (slice(top, bottom), slice(left, left + 1)),
        "right": (slice(top, bottom), slice(right - 1, right)),
    }
    dead = set(edges)
    for trial in range(TRIALS):
        # Another image each time: a maximum or a ReLU may close the way in one.
        ground = image if trial == 0 else torch.randn_like(image)
        order = sorted(dead)
        batch = ground.repeat(len(order) + 1, 1, 1, 1)
        for changed, name in zip(batch, order, strict=False):
            rows, columns = edges[name]
            changed[:, rows, columns] = 10.0**trial * torch.randn_like(changed[:, rows, columns])
        found = values(network, batch, layer, y, x)
        dead -= {name for name, one in zip(order, found, strict=False) if not torch.equal(one, found[-1])}
        if not dead:
            break
    return dead


def test_the_box_is_exact(case):
    network, image, chosen, _ = case
    for layer, y, x in chosen:
        box = layer.field.box(y, x)
        assert untouched(network, image, box, layer, y, x), (layer.name, y, x)
        assert dead_edges(network, image, box, layer, y, x) == set(), (layer.name, y, x)


def test_a_box_larger_or_smaller_by_one_pixel_would_be_noticed(case):
    network, image, _, inner = case
    for layer, y, x in inner[:2]:
        top, left, bottom, right = layer.field.box(y, x)
        larger = (top - 1, left - 1, bottom + 1, right + 1)
        assert dead_edges(network, image, larger, layer, y, x) == {"top", "bottom", "left", "right"}
        for smaller in (
            (top + 1, left, bottom, right),
            (top, left + 1, bottom, right),
            (top, left, bottom - 1, right),
            (top, left, bottom, right - 1),
        ):
            assert not untouched(network, image, smaller, layer, y, x)
    assert len(inner) > 1
