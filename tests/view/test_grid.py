"""Grids: every cell in its row and column, every raw number kept, one scale told once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutaway.errors import BadSetting
from cutaway.view import Grid, Heatmap, Montage, Picture, Range, Table
from cutaway.view.grid import MOST
from tests.view.samples import noise, photo


def solid(h: int, w: int, *colour: int) -> Picture:
    return Picture(np.broadcast_to(np.array(colour, np.uint8), (h, w, 3)).copy())


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_every_photo_is_there_at_its_own_size(data):
    """Whatever the rows and sizes: each photo pixel for pixel, in order, aligned with its column."""
    sides = st.integers(60, 90)
    rows, colours = [], iter(range(1, 250))
    for _ in range(data.draw(st.integers(1, 3))):
        cells = [
            solid(data.draw(sides), data.draw(sides), 255, next(colours), 0)
            if data.draw(st.booleans())
            else None
            for _ in range(data.draw(st.integers(1, 4)))
        ]
        rows.append(tuple(cells))
    rows.append((solid(60, 60, 0, 0, 0),))
    drawn = np.asarray(Grid(tuple(rows)).to_image()).astype(int)
    lefts: dict[int, int] = {}
    bottom = 0
    for row in rows:
        floors = set()
        for c, cell in enumerate(row):
            if cell is None:
                continue
            ys, xs = np.nonzero((drawn == cell.pixels[0, 0]).all(2))
            assert (np.ptp(ys) + 1, np.ptp(xs) + 1) == cell.size
            assert len(ys) == cell.size[0] * cell.size[1]
            assert xs[0] == lefts.setdefault(c, xs[0])
            assert ys[0] >= bottom
            floors.add(int(ys.max()))
        assert len(floors) <= 1
        bottom = max(floors, default=bottom)
    assert [lefts[c] for c in sorted(lefts)] == sorted(lefts.values())


def test_photos_are_never_enlarged_and_giants_are_made_smaller():
    drawn = np.asarray(
        Grid(((solid(100, 2 * MOST, 255, 0, 0), solid(70, 80, 0, 0, 255)),)).to_image()
    ).astype(int)
    red, blue = ((drawn == colour).all(2).sum() for colour in ([255, 0, 0], [0, 0, 255]))
    assert red == MOST * 50
    assert blue == 70 * 80


def test_tiny_pictures_are_enlarged_by_whole_numbers():
    filters = Picture(np.random.default_rng(0).integers(0, 200, (7, 7, 3)).astype(np.uint8))
    drawn = np.asarray(Grid(((filters,),)).to_image())
    y, x = 32, 32
    np.testing.assert_array_equal(drawn[y : y + 56, x : x + 56], filters.pixels.repeat(8, 0).repeat(8, 1))


def test_a_tiny_photo_and_the_map_on_it_are_drawn_alike():
    tiny = photo(20, 30)
    heat = Heatmap(noise(3, 4), tiny, look="plain", colormap="gray", scale=Range(5.0, 6.0, "layer"))
    drawn = np.asarray(Grid(((tiny, heat),)).to_image())
    np.testing.assert_array_equal(drawn[32:72, 32:92], tiny.pixels.repeat(2, 0).repeat(2, 1))
    assert (drawn[32:72, 108:168] == 0).all()


@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 5))
@settings(deadline=None)
def test_a_sheet_keeps_exactly_what_was_given(count, h, w):
    values = noise(count, h, w)
    grid = Grid.of_maps(values, [f"map {k}" for k in range(count)], title="t")
    assert grid.values is values
    assert grid.names == tuple(f"map {k}" for k in range(count))
    assert set(grid.arrays()) == {"values", "names"}


def test_cells_of_one_size_are_stacked():
    maps = noise(3, 4, 5)
    grid = Grid(
        ((photo(), *(Heatmap(m, caption=f"c{k}\nmore") for k, m in enumerate(maps[:2]))), (Heatmap(maps[2]),))
    )
    np.testing.assert_array_equal(grid.values, maps)
    assert grid.names == ("c0", "c1", "")


def test_cells_of_different_sizes_are_kept_apart():
    one, other = noise(2, 3), noise(4, 5)
    grid = Grid(((Heatmap(one), Heatmap(other)),))
    assert grid.values.dtype == object
    assert grid.values[0].tobytes() == one.tobytes()
    arrays = grid.arrays()
    assert set(arrays) == {"values_0", "values_1", "names"}
    assert arrays["values_1"].tobytes() == other.tobytes()


def test_a_sheet_of_photos_has_their_pixels():
    assert Grid(((photo(4, 5), photo(4, 5)),)).values.shape == (2, 4, 5, 3)


def test_one_scale_is_told_once():
    shared = Range(-1.0, 3.0, "layer")
    one = Grid(((Heatmap(noise(3, 3), scale=shared), Heatmap(noise(3, 3), scale=shared)),))
    assert one.to_html().count("Drawn on one layer scale −1 … 3.") == 1
    own = Grid(((Heatmap(noise(3, 3)), Heatmap(2 * noise(3, 3))),))
    assert "Drawn on" not in own.to_html()


def test_a_scale_that_is_told_below_is_not_repeated_below_each_tile():
    shared = Range(-1.0, 3.0, "layer")
    one, own = (
        np.asarray(Grid(((Heatmap(noise(3, 3), scale=s), Heatmap(2 * noise(3, 3), scale=s)),)).to_image())
        for s in (shared, "cell")
    )
    below = slice(32 + 255 + 8, 32 + 255 + 14)  # where the first line below a tile of 255 pixels stands
    assert (one[below] == 255).all()
    assert (own[below] < 128).any()
    assert "each map its own" in Grid.of_maps(noise(4, 3, 3), scale="channel").to_html()


def test_a_row_with_a_scale_of_its_own_has_a_bar_of_its_own():
    def row(high: float) -> tuple[Heatmap, Heatmap]:
        return (Heatmap(noise(3, 3), scale=Range(0.0, high, "layer")),) * 2

    same, different = (Grid((row(1.0), row(high)), caption="Below.") for high in (1.0, 2.0))
    assert different.to_image().height > same.to_image().height


def test_titles_and_words_take_room_and_leave_the_tiles_where_they_are():
    cell = solid(60, 300, 250, 0, 0)
    bare = Grid(((cell, cell),)).to_image()
    titled = Grid(((cell, cell),), title="A title", caption="word " * 200).to_image()
    columns = Grid(((cell, cell),), column_titles=("one", "two")).to_image()
    rows = Grid(((cell, cell),), row_titles=("a row",)).to_image()
    assert titled.height > bare.height + 32 + 24
    assert titled.width == bare.width
    assert columns.height > bare.height
    assert rows.width > bare.width


def test_on_a_wide_sheet_words_are_larger():
    """It is seen shrunk to a screen's width, so that its words would be too small."""

    def words(count: int) -> int:
        cell = Picture(np.full((60, 600, 3), 255, np.uint8), caption="H")
        drawn = np.asarray(Grid(((cell,) * count,)).to_image())[:, : 32 + 300]
        rows = np.nonzero((drawn < 128).any((1, 2)))[0]
        return int(np.ptp(rows)) + 1

    assert words(1) == words(2)
    assert words(4) > 1.4 * words(1)


def test_grids_and_tables_may_be_cells():
    inner = Grid.of_maps(noise(4, 3, 3), title="inner")
    outer = Grid(((inner, Montage(noise(4, 3, 3))), (Table(("a",), ((1,),)), None)), title="outer")
    assert outer.values.shape == (8, 3, 3)
    assert outer.to_image().width > inner.tile().width


def test_hostile_words_are_drawn_and_escaped():
    words = '<script>alert(1)</script> & "quoted" \x00 \u202e 猫 🐈 \U000f0000 e\u0301'
    grid = Grid(((Heatmap(noise(3, 3), caption=words),),), title=words, caption=words)
    assert grid.to_image().width > 0
    assert "<script>" not in grid.to_html()


@pytest.mark.parametrize("rows", [(), ((),), ((None, None),)])
def test_a_grid_of_nothing_is_refused(rows):
    with pytest.raises(BadSetting, match="at least one cell"):
        Grid(rows)


def test_gaps():
    cells = ((photo(), photo()),)
    assert Grid(cells, gap=40).to_image().width == Grid(cells).to_image().width + 24
    with pytest.raises(BadSetting, match="negative"):
        Grid(cells, gap=-1)
