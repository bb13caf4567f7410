"""Albums: all pages, as one picture and as one page."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.errors import BadSetting
from cutaway.view import Album, Grid, Heatmap, Table
from tests.view.samples import Page, noise


def album() -> Album:
    pages = [Grid.of_maps(noise(k + 1, 3, 3), title=f"conv{k}") for k in range(3)]
    return Album((*pages, Table(("a", "b"), (("x", 1),), "A table")), title="Four pages", caption="Below")


def test_one_below_the_other():
    pages = [page.to_image() for page in album().pages]
    drawn = np.asarray(album().to_image())
    assert drawn.shape[1] == max(page.width for page in pages)
    top = drawn.shape[0] - sum(page.height for page in pages)
    assert top > 40
    for page in pages:
        np.testing.assert_array_equal(drawn[top : top + page.height, : page.width], np.asarray(page))
        top += page.height


def test_headings_are_in_order():
    page = Page(album().to_html())
    assert [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")] == ["h1", "h2", "h2", "h2"]
    for words in ("Four pages", "conv0", "conv2", "A table", "Below"):
        assert words in page.words


def test_every_number_is_kept(tmp_path):
    with np.load(album().save(tmp_path / "a.npz"), allow_pickle=False) as kept:
        for k in range(3):
            np.testing.assert_array_equal(kept[f"page_{k}"], noise(k + 1, 3, 3))
        assert kept["names"].tolist() == ["conv0", "conv1", "conv2", "A table"]


def test_ragged_pages_are_kept_too():
    ragged = Grid(((Heatmap(noise(2, 3)), Heatmap(noise(4, 5))),))
    assert set(Album((ragged,)).arrays()) == {"page_0_0", "page_0_1", "names"}


def test_an_album_without_pages_is_refused():
    with pytest.raises(BadSetting, match="at least one page"):
        Album(())


def test_too_tall_for_a_picture_says_what_to_do(tmp_path):
    page = Heatmap(np.zeros((12_000, 1), np.float32))
    with pytest.raises(BadSetting, match=r"\.html"):
        Album((page,) * 6).save(tmp_path / "a.png")


def test_what_to_know_first_stands_below_the_title(tmp_path):
    pages = (Heatmap(np.ones((30, 40))),)
    plain, led = Album(pages, title="one"), Album(pages, title="one", lead="9 of 9 <cats>")
    assert led.to_image().height > plain.to_image().height
    text = led.save(tmp_path / "led.html").read_text()
    assert text.index("<h1>one</h1>") < text.index("9 of 9 &lt;cats&gt;") < text.index("<figure>")
    assert 'class="lead"' not in plain.to_html()
