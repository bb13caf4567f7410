"""Pictures: their pixels, and the numbers behind them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.picture import Picture
from tests.view.samples import noise, photo


def test_pixels_are_drawn_as_they_are():
    picture = photo(5, 8, caption="not drawn on it")
    np.testing.assert_array_equal(np.asarray(picture.to_image()), picture.pixels)
    assert picture.size == (5, 8)
    assert picture.values.dtype == np.float32
    np.testing.assert_array_equal(np.round(picture.values * 255), picture.pixels)


def test_of_values_keeps_the_numbers():
    values = noise(4, 5, 3)
    values[0, 0] = np.nan
    picture = Picture.of_values(values)
    assert picture.values is values
    assert picture.pixels[0, 0].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(picture.pixels[1:], np.round(np.clip(values[1:], 0, 1) * 255))
    assert Picture.of_values(values, raw=values * 2).values[1, 1, 1] == values[1, 1, 1] * 2


def test_gray_has_the_brightness_and_no_colour():
    picture = photo(caption="kept", path="a.png")
    gray = picture.gray()
    assert (gray.caption, gray.path) == ("kept", "a.png")
    assert (np.ptp(gray.pixels, axis=2) == 0).all()
    expected = picture.pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(gray.pixels[..., 0] - expected).max() < 1


def test_resized_as_pillow_does():
    picture = photo(24, 36)
    expected = Image.fromarray(picture.pixels).resize((18, 12), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(picture.resized((12, 18)).pixels, np.asarray(expected))
    assert picture.resized((24, 36)) is picture
    assert picture.fitted(36) is picture
    assert picture.fitted(9).size == (6, 9)
    assert photo(1, 300).fitted(10).size == (1, 10)


def test_cropped_to_a_box():
    picture = photo(6, 9)
    np.testing.assert_array_equal(picture.cropped((1, 2, 4, 9)).pixels, picture.pixels[1:4, 2:9])


@pytest.mark.parametrize("box", [(0, 0, 7, 9), (2, 0, 2, 9), (-1, 0, 3, 3), (0, 5, 3, 4)])
def test_a_box_outside_is_refused(box):
    with pytest.raises(BadSetting, match="6 × 9"):
        photo(6, 9).cropped(box)


def test_a_size_of_nothing_is_refused():
    with pytest.raises(BadSetting, match="0 × 5"):
        photo().resized((0, 5))
