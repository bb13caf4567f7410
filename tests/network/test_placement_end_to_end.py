"""A map drawn on its photo lights up where the photo does: through every fit, stride and missing padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cutaway.network.capture import capture
from cutaway.network.network import Network
from cutaway.network.preprocessing import Preprocessing
from cutaway.view.heatmap import Heatmap
from cutaway.view.picture import Picture


def brightness(windows: list[tuple[int, int, int]]) -> nn.Sequential:
    """Means over windows of (kernel, stride, padding): the map is bright where the photo is."""
    layers = []
    for place, (kernel, stride, padding) in enumerate(windows):
        conv = nn.Conv2d(1 if place else 3, 1, kernel, stride, padding, bias=False)
        conv.weight.data.fill_(1 / conv.weight[0].numel())
        layers.append(conv)
    return nn.Sequential(*layers)


NETS = [
    [(3, 1, 0)],
    [(3, 2, 0), (3, 1, 0)],
    [(3, 2, 0), (3, 2, 0)],
    [(7, 2, 3), (3, 2, 1)],
    [(5, 4, 0), (3, 1, 0)],
    [(11, 4, 0)],
    [(3, 2, 0), (3, 2, 0), (3, 1, 1)],
]
SETTINGS: list[dict[str, Any]] = [
    {"size": 64},
    {"size": 100},
    {"size": 64, "fit": "crop"},
    {"size": (60, 90), "fit": "crop", "crop_share": 1.0},
    {"size": (64, 96), "fit": "exact"},
    {"size": None},
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NETS), st.sampled_from(SETTINGS), st.integers(70, 160), st.integers(70, 160), st.data()
)
def test_the_peak_lies_on_the_bright_square(windows, spec, h, w, data):
    preprocessing = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1), **spec)
    network = Network(brightness(windows), preprocessing)
    seen = preprocessing.prepare(Picture(np.zeros((h, w, 3), np.uint8))).places[0].window
    side = data.draw(st.integers(14, 24))
    low_y, low_x = int(np.ceil(seen[0])), int(np.ceil(seen[1]))
    top = data.draw(st.integers(low_y, max(low_y, int(seen[2]) - side)))
    left = data.draw(st.integers(low_x, max(low_x, int(seen[3]) - side)))
    pixels = np.zeros((h, w, 3), np.uint8)
    pixels[top : top + side, left : left + side] = 255
    photo = Picture(pixels)

    images = network.prepare(photo)
    layer = network.layers_for(images)[-1]
    assert layer.field is not None
    values = capture(network, images, layer.name)[layer.name][0, 0]
    placement = images.places[0].placement(layer.field.lattice)
    drawn = placement.resample(values.numpy(), (h, w))

    peak = np.nanmax(drawn)
    rows, columns = np.nonzero(drawn >= peak - 1e-4 * abs(peak))
    # The square may be wider than a window: then the peak is a plateau, all of it on the square, or within half
    # a step of it. Outside the outermost cells' middles nothing is known, and the map is level.
    for axis, (found, first) in enumerate(((rows, top), (columns, left))):
        start, step = placement.start[axis], placement.step[axis]
        end = start + step * (values.shape[axis] - 1)
        middles = np.clip(found + 0.5, start, end)
        assert middles.min() >= first - step / 2 - 1
        assert middles.max() <= first + side + step / 2 + 1


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(NETS), st.integers(70, 140), st.integers(70, 140), st.data())
def test_the_drawn_heatmap_is_brightest_there_too(windows, h, w, data):
    network = Network(brightness(windows), Preprocessing(size=64, mean=(0, 0, 0), std=(1, 1, 1)))
    side = 20
    top, left = data.draw(st.integers(0, h - side)), data.draw(st.integers(0, w - side))
    pixels = np.zeros((h, w, 3), np.uint8)
    pixels[top : top + side, left : left + side] = 255
    images = network.prepare(Picture(pixels))
    layer = network.layers_for(images)[-1]
    assert layer.field is not None
    values = capture(network, images, layer.name)[layer.name][0, 0].numpy()
    placement = images.places[0].placement(layer.field.lattice)
    tile = Heatmap(values, Picture(pixels), placement, colormap="gray", look="plain").tile()
    assert tile.size == (w, h)
    shown = np.asarray(tile)[..., 0].astype(int)
    y, x = np.nonzero(shown == shown.max())
    assert top - placement.step[0] / 2 - 1 <= y.mean() <= top + side + placement.step[0] / 2 + 1
    assert left - placement.step[1] / 2 - 1 <= x.mean() <= left + side + placement.step[1] / 2 + 1


def test_what_the_crop_cuts_off_is_not_drawn():
    network = Network(brightness([(3, 1, 0)]), Preprocessing(size=32, fit="crop", crop_share=1.0))
    images = network.prepare(Picture(np.zeros((64, 128, 3), np.uint8)))
    layer = network.layers_for(images)[-1]
    assert layer.field is not None
    drawn = images.places[0].placement(layer.field.lattice).resample(np.ones((30, 30)), (64, 128))
    assert np.isnan(drawn[:, :32]).all()
    assert np.isnan(drawn[:, 96:]).all()
    assert (drawn[:, 32:96] == 1).all()


def test_every_image_of_a_batch_has_its_own_place():
    network = Network(brightness([(3, 1, 0)]), Preprocessing(size=32, fit="crop"))
    images = network.prepare([Picture(np.zeros(shape, np.uint8)) for shape in ((64, 128, 3), (90, 50, 3))])
    assert [place.photo_size for place in images.places] == [(64, 128), (90, 50)]
    assert torch.is_tensor(images)
