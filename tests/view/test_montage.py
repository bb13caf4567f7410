"""Sheets of channels: all of them, in their places, in the right gray."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.errors import BadSetting
from cutaway.view.colormap import apply
from cutaway.view.montage import Montage
from cutaway.view.scale import Range, Scale
from tests.view.samples import noise


def tiles(sheet: Montage) -> list[np.ndarray]:
    """Cut the drawn sheet at the places where its tiles must be, by its settings alone."""
    h, w = sheet.size
    step_y, step_x = h + sheet.gap + (15 if w >= 20 else 0), w + sheet.gap
    edge = int(sheet.gap > 2)
    drawn, columns = np.asarray(sheet.tile()), sheet.grid[1]
    side = drawn.shape[1] - columns * step_x + sheet.gap - 2 * edge
    assert (side == 0) == (w >= 20)
    places = [
        (k // columns * step_y + edge, side + k % columns * step_x + edge) for k in range(len(sheet.raw))
    ]
    return [drawn[y : y + h, x : x + w] for y, x in places]


@given(
    st.integers(1, 40), st.integers(1, 6), st.integers(1, 6), st.integers(1, 9), st.sampled_from([0, 1, 2, 8]),
    st.integers(1, 5), st.integers(0, 99),
)  # fmt: skip
def test_every_channel_is_drawn_in_its_place(count, h, w, columns, gap, factor, seed):
    """Maps that are not square, and a last row that is short, included."""
    raw = noise(count, h, w, seed=seed)
    sheet = Montage(raw, columns=columns, size=(h * factor, w * factor), gap=gap)
    expected = apply(Scale("layer").fit(raw).unit(raw), "gray")
    for one, tile in zip(expected, tiles(sheet), strict=True):
        np.testing.assert_array_equal(tile, one.repeat(factor, 0).repeat(factor, 1))


@pytest.mark.parametrize(
    ("count", "grid"),
    [(64, (8, 8)), (48, (6, 8)), (96, (8, 12)), (512, (16, 32)), (1000, (25, 40)), (2048, (32, 64)), (7, (3, 3)),
     (1, (1, 1)), (2, (1, 2)), (13, (4, 4))],
)  # fmt: skip
def test_about_square_with_full_rows_where_it_can(count, grid):
    assert Montage(np.zeros((count, 2, 2), np.float32)).grid == grid


@given(st.integers(1, 3000))
def test_no_channel_is_dropped(count):
    rows, columns = Montage(np.zeros((count, 1, 1), np.float32)).grid
    assert (rows - 1) * columns < count <= rows * columns
    assert columns < 2 * count**0.5 + 2


@pytest.mark.parametrize(
    ("count", "side"), [(8, 224), (48, 14), (64, 27), (64, 56), (64, 112), (512, 13), (2048, 7), (1000, 1)]
)
def test_enlarged_by_a_whole_number_to_a_sheet_that_screens_show(count, side):
    drawn = Montage(np.zeros((count, side, side), np.float32)).tile()
    assert 850 <= drawn.width <= 1440


def test_scaled_over_the_whole_layer():
    """A6: the smallest of all numbers is black, the largest white, whichever channel holds them."""
    raw = np.zeros((2, 1, 2), np.float32)
    raw[0, 0], raw[1, 0] = (-1, 0), (1, 3)
    assert [tile[0, ::4, 0].tolist() for tile in tiles(Montage(raw, size=(4, 8), gap=0))] == [
        [0, 64],
        [128, 255],
    ]


def test_each_channel_standardised():
    """B7: minus mean, over std, × 64 + 128, clipped; a dead channel is mid-gray and divides by nothing."""
    raw = noise(3, 6, 6) * np.array([1, 100, 0], np.float32)[:, None, None]
    sheet = Montage(raw, scale="channel", size=(6, 6), gap=1)
    for one, tile in zip(raw[:2].astype(np.float64), tiles(sheet), strict=False):
        recipe = np.clip((one - one.mean()) / one.std() * 64 + 128, 0, 255)
        assert np.abs(tile[..., 0] - recipe).max() <= 1
    assert (tiles(sheet)[2] == 128).all()
    assert sheet.range is None
    assert sheet.bar(200) is None
    assert "each map its own" in sheet.told_scale()


def test_a_scale_with_settings_of_its_own():
    raw = noise(4, 9, 9)
    sheet = Montage(raw, scale=Scale("percentile", 10, 90))
    assert sheet.range == Range(*np.percentile(raw, [10, 90]).tolist(), "percentile")
    assert Montage(raw, scale=Scale("cell")).told_scale() == "cell scale: each map its own"


def test_signed_maps_keep_zero_white():
    sheet = Montage(np.array([[[-1.0, 0.0, 5.0]]]), colormap="diverging")
    assert sheet.range == Range(-5.0, 5.0, "symmetric")


def test_numbers_are_written_where_there_is_room():
    large, small = (Montage(np.zeros((4, 2, 2), np.float32), size=(side, side), gap=2) for side in (40, 10))
    assert large.tile().height == 2 * (40 + 2 + 15)
    assert small.tile().height == 2 * (10 + 2) - 2
    below = np.asarray(large.tile())[41:55, :40]
    assert (below < 200).any()
    before = np.asarray(small.tile())[:, :6]
    assert (before < 200).any()


@pytest.mark.parametrize("count", [1, 512, 1000])
def test_the_numbers_are_the_given_ones(count):
    raw = noise(count, 2, 3)
    sheet = Montage(raw, scale="channel")
    before = raw.tobytes()
    assert sheet.tile().width > 0
    assert sheet.values is raw
    assert raw.tobytes() == before


def test_names_are_told():
    sheet = Montage(noise(2, 2, 2), ("first", "second"))
    assert sheet.names == ("first", "second")
    assert Montage(noise(2, 2, 2)).names == ("channel 0", "channel 1")


def test_nan_and_flat_channels_are_drawn():
    raw = noise(4, 3, 3)
    raw[0] = np.nan
    raw[1] = 7
    raw[2, 0, 0] = np.inf
    for scale in ("layer", "cell", "channel", "symmetric", "percentile"):
        assert Montage(raw, scale=scale).to_image().width > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"columns": 0},
        {"size": (0, 3)},
        {"gap": -1},
        {"labels": ("one",)},
        {"scale": "loud"},
        {"colormap": "hot"},
    ],
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(BadSetting):
        Montage(noise(3, 2, 2), **settings)


def test_no_map_at_all_is_refused():
    with pytest.raises(BadSetting, match="at least one map"):
        Montage(np.zeros((0, 3, 3), np.float32))
