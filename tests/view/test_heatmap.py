"""Heatmaps: raw numbers inside, drawn at the photo's own size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cutaway.errors import BadSetting
from cutaway.view.colormap import COLORMAPS, apply, table
from cutaway.view.hatch import GROUND, LINE
from cutaway.view.heatmap import LOOKS, Heatmap
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.scale import SCALES, Range
from tests.view.samples import noise, photo

MAPS = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.floats(width=32)
)


@given(MAPS, st.sampled_from(COLORMAPS), st.sampled_from(SCALES), st.sampled_from(LOOKS), st.booleans())
def test_any_map_is_drawn_and_kept_bit_for_bit(raw, colormap, scale, look, beside):
    before = raw.tobytes()
    heat = Heatmap(raw, photo(9, 13) if beside else None, colormap=colormap, scale=scale, look=look)
    assert heat.tile().size == ((13, 9) if beside else raw.shape[::-1])
    assert heat.to_image().mode == "RGB"
    assert heat.values is raw
    assert raw.tobytes() == before


@given(st.integers(1, 60), st.integers(1, 60))
def test_drawn_at_the_photos_own_size(h, w):
    assert Heatmap(noise(3, 4), photo(h, w)).tile().size == (w, h)


def test_alone_every_cell_is_a_block_of_its_colour():
    heat = Heatmap(noise(13, 13))
    drawn = np.asarray(heat.tile(least=390))
    assert drawn.shape == (390, 390, 3)
    np.testing.assert_array_equal(drawn[::30, ::30], apply(heat.range.unit(heat.raw), "inferno"))
    np.testing.assert_array_equal(drawn[::30, ::30], drawn[29::30, 29::30])


def test_plain_on_a_photo_is_the_map_where_its_units_look():
    raw = noise(4, 4)
    placement = Placement((4, 10), (8, 8), (0, 6, 32, 38))
    heat = Heatmap(raw, photo(32, 44), placement, look="plain", colormap="gray")
    drawn = np.asarray(heat.tile())
    np.testing.assert_array_equal(
        drawn[:, 6:38], apply(heat.range.unit(placement.resample(raw, (32, 44))), "gray")[:, 6:38]
    )
    assert (np.ptp(drawn[:, :6].astype(int), axis=2) == 0).all()


def test_a_smaller_drawing_shows_the_same_places():
    raw = np.zeros((4, 4), np.float32)
    raw[1, 2] = 1
    heat = Heatmap(raw, Picture(np.zeros((400, 800, 3), np.uint8)))
    whole, small = (np.asarray(heat.tile(most=most)).sum(2) for most in (None, 200))
    assert small.shape == (100, 200)
    peak = np.argwhere(whole == whole.max()).mean(0)
    assert np.abs(np.argwhere(small == small.max()).mean(0) - peak / 4).max() <= 1


def test_the_network_saw_only_its_window():
    raw = np.ones((2, 2), np.float32)
    colourful = Picture(np.tile(np.array([[[250, 10, 90]]], np.uint8), (20, 30, 1)))
    for look in LOOKS:
        drawn = np.asarray(
            Heatmap(raw, colourful, Placement((5, 10), (10, 10), (0, 5, 20, 25)), look=look).tile()
        )
        outside = drawn[:, [*range(5), *range(25, 30)]].astype(int)
        assert (np.ptp(outside, axis=2) == 0).all(), look
        assert outside.max() <= 130, look


def test_signed_maps_have_zero_at_the_neutral_colour():
    for scale in ("cell", "symmetric", Range(-2.0, 8.0, "layer")):
        heat = Heatmap(np.array([[-1.0, 0.0, 4.0]]), colormap="diverging", scale=scale)
        assert heat.range.low == -heat.range.high
        drawn = np.asarray(heat.tile())[0]
        assert drawn[1].tolist() == table("diverging")[128].tolist()
        assert drawn[0, 2] > drawn[0, 0]
        assert drawn[2, 0] > drawn[2, 2]


def test_no_number_is_hatched_and_no_colour():
    raw = noise(3, 3)
    raw[1, 1] = np.nan
    block = np.asarray(Heatmap(raw).tile(least=60))[20:40, 20:40].reshape(-1, 3)
    assert {tuple(c) for c in block.tolist()} == {GROUND, LINE}


def test_the_scale_is_told_below():
    assert Heatmap(np.array([[0.0, 2.0]]), caption="cat").told == ("cat", "cell scale 0 … 2")
    assert Heatmap(np.array([[0.0, 2.0]])).told == ("cell scale 0 … 2",)
    camshow = Heatmap(np.array([[0.0, 2.0]]), photo(), look="camshow", caption="cat\nCAM")
    assert camshow.told == ("cat", "CAM")
    assert camshow.bar(200) is None


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"look": "rainbow"}, "overlay, plain, camshow"),
        ({"opacity": 1.5}, r"0\.\.1"),
        ({"colormap": "hot"}, "viridis"),
        ({"scale": "loud"}, "percentile"),
    ],
)
def test_what_there_is_not_is_refused(settings, why):
    with pytest.raises(BadSetting, match=why):
        Heatmap(noise(2, 2), **settings)


def test_an_empty_map_is_refused():
    with pytest.raises(BadSetting, match="one map"):
        Heatmap(np.zeros((0, 3), np.float32))
