"""From a photo to images, and the way back: in numbers, and in places."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.network.place import Images
from cutaway.network.preprocessing import Preprocessing
from cutaway.view.picture import Picture

SIDES = st.integers(1, 60)
SHARES = st.floats(0.3, 1)
BOTH = st.one_of(SIDES, st.tuples(SIDES, SIDES))
FITS = st.one_of(
    st.fixed_dictionaries({"size": SIDES, "fit": st.sampled_from(["shortest", "none"])}),
    st.fixed_dictionaries({"size": BOTH, "fit": st.just("crop"), "crop_share": SHARES}),
    st.fixed_dictionaries({"size": BOTH, "fit": st.just("exact")}),
    st.just({"size": None}),
)


def noise(h: int, w: int) -> Picture:
    return Picture(np.random.default_rng(h * 1000 + w).integers(0, 256, (h, w, 3), np.uint8))


@settings(max_examples=60, deadline=None)
@given(FITS, SIDES, SIDES)
def test_the_image_lies_where_its_place_says(chosen, h, w):
    preprocessing = Preprocessing(**chosen)
    images = preprocessing.prepare(noise(h, w))
    place = images.places[0]
    assert images.dtype == torch.float32
    assert tuple(images.shape) == (1, 3, *place.image_size)
    assert place.photo_size == (h, w)
    for axis, side in enumerate((h, w)):
        first = place.offset[axis]
        last = first + place.image_size[axis] * place.scale[axis]
        assert first >= -1e-9
        assert last <= side + 1e-9
        assert place.window[axis] == pytest.approx(first)
        assert place.window[axis + 2] == pytest.approx(last)
        if preprocessing.fit == "crop":
            # As much is cut off on either side, to within a pixel of the resized photo.
            assert abs(first - (side - last)) <= place.scale[axis] + 1e-9
        else:
            assert first == 0
            assert last == pytest.approx(side)


@settings(max_examples=40, deadline=None)
@given(SIDES, SIDES, SIDES)
def test_shortest_keeps_the_whole_photo_and_its_aspect(size, h, w):
    shape = Preprocessing(size=size).prepare(noise(h, w)).shape[2:]
    assert min(shape) == size
    assert max(shape) == max(1, round(max(h, w) * size / min(h, w)))
    assert (shape[0] >= shape[1]) == (h >= w) or shape[0] == shape[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(24, 60), st.integers(24, 60), FITS, st.data())
def test_a_mark_in_the_image_is_found_again_in_the_photo(h, w, chosen, data):
    """A bright pixel's middle, told by the place, lies on the mark that the photo has."""
    preprocessing = Preprocessing(**chosen)
    y, x = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    pixels = np.zeros((h, w, 3), np.uint8)
    pixels[y, x] = 255
    images = preprocessing.prepare(Picture(pixels))
    bright = images[0].as_subclass(torch.Tensor).sum(0)
    if bright.max() - bright.min() < 0.3:
        return  # cut off, or too little of it left
    place = images.places[0]
    i, j = np.unravel_index(int(bright.argmax()), bright.shape)
    for axis, (cell, mark) in enumerate(((int(i), y), (int(j), x))):
        found = place.offset[axis] + (cell + 0.5) * place.scale[axis]
        assert abs(found - (mark + 0.5)) <= max(place.scale[axis], 1)


def test_normalisation_is_what_it_says():
    photo, settings_ = noise(5, 7), Preprocessing(size=None)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    right = ((photo.pixels / 255 - mean) / std).transpose(2, 0, 1)
    np.testing.assert_allclose(settings_.prepare(photo)[0].numpy(), right, rtol=1e-5, atol=1e-6)


def test_caffe_takes_blue_first_and_white_is_255():
    photo = noise(5, 7)
    caffe = Preprocessing(size=None, mean=(104, 117, 123), std=(1, 1, 1), channels="BGR", value_range=255)
    right = (photo.pixels[..., ::-1].astype(float) - (104, 117, 123)).transpose(2, 0, 1)
    np.testing.assert_allclose(caffe.prepare(photo)[0].numpy(), right, atol=1e-4)


def test_gray_is_one_channel_of_luma():
    photo = noise(5, 7)
    images = Preprocessing(size=None, mean=(0.5,), std=(0.25,), channels="gray").prepare(photo)
    right = (np.asarray(Image.fromarray(photo.pixels).convert("L")) / 255 - 0.5) / 0.25
    assert images.shape == (1, 1, 5, 7)
    np.testing.assert_allclose(images[0, 0].numpy(), right, rtol=1e-5, atol=1e-6)
    shown = Preprocessing(size=None, mean=(0.5,), std=(0.25,), channels="gray").show(images)[0]
    assert np.array_equal(
        shown.pixels, np.repeat(np.asarray(Image.fromarray(photo.pixels).convert("L"))[..., None], 3, 2)
    )


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_resizing_is_pillows(interpolation):
    photo = noise(30, 40)
    settings_ = Preprocessing(
        size=12, mean=(0, 0, 0), std=(1, 1, 1), value_range=255, interpolation=interpolation
    )
    right = Image.fromarray(photo.pixels).resize((16, 12), Image.Resampling[interpolation.upper()])
    assert np.array_equal(settings_.prepare(photo)[0].numpy().transpose(1, 2, 0), np.asarray(right))


def test_crop_is_the_middle_of_the_resized_photo():
    photo = noise(80, 120)
    settings_ = Preprocessing(size=28, fit="crop", mean=(0, 0, 0), std=(1, 1, 1), value_range=255)
    right = np.asarray(Image.fromarray(photo.pixels).resize((48, 32), Image.Resampling.BILINEAR))[2:30, 10:38]
    assert np.array_equal(settings_.prepare(photo)[0].numpy().transpose(1, 2, 0), right)


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
@pytest.mark.parametrize("value_range", [1.0, 255.0])
def test_show_undoes_the_normalisation(channels, value_range):
    photo = noise(9, 6)
    settings_ = Preprocessing(size=None, channels=channels, value_range=value_range)
    images = settings_.prepare(photo)
    assert np.array_equal(settings_.show(images)[0].pixels, photo.pixels)
    assert len(settings_.show(torch.cat([images.as_subclass(torch.Tensor)] * 3))) == 3


def test_show_cuts_what_no_screen_has():
    shown = Preprocessing(size=None).show(torch.tensor([-100.0, 100.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2))
    assert shown[0].pixels[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("settings_", "word"),
    [
        ({"mean": (0.5, 0.5)}, "need 3 values for channels='RGB', got 2 and 3"),
        ({"channels": "gray"}, "need 1 values"),
        ({"std": (1, 0, 1)}, "std must be positive"),
        ({"crop_share": 0.0}, "crop_share"),
        ({"crop_share": 1.5}, "crop_share"),
        ({"size": 0}, "at least 1 pixel"),
        ({"size": (3, -1), "fit": "exact"}, "at least 1 pixel"),
        ({"size": (224, 224)}, "fit='exact'"),
        ({"std": (1, float("nan"), 1)}, "std must be positive"),
        ({"std": (1, float("inf"), 1)}, "std must be positive"),
        ({"mean": (0, float("nan"), 0)}, "mean must be finite"),
        ({"mean": (123.7, 116.3, 103.5)}, "need value_range=255"),
        ({"value_range": 0.0}, "value_range must be positive"),
        ({"value_range": -255.0}, "value_range must be positive"),
        ({"value_range": float("nan")}, "value_range must be positive"),
    ],
)
def test_wrong_settings_are_refused(settings_, word):
    with pytest.raises(BadSetting, match=word):
        Preprocessing(**settings_)


def test_another_size():
    settings_ = Preprocessing(size=224)
    assert settings_.at(320).prepare(noise(40, 60)).shape == (1, 3, 320, 480)
    assert settings_.at((10, 20)).prepare(noise(40, 60)).shape == (1, 3, 10, 20)
    assert settings_.at("photo").prepare(noise(40, 60)).shape == (1, 3, 40, 60)
    assert settings_.at("photo").at(20).prepare(noise(40, 60)).shape == (1, 3, 20, 30)
    assert Preprocessing(size=8, fit="crop").at(16).prepare(noise(40, 60)).shape == (1, 3, 16, 16)


def test_the_photo_is_not_changed():
    photo = noise(9, 6)
    before = photo.pixels.copy()
    Preprocessing(size=None).prepare(photo).zero_()
    assert np.array_equal(photo.pixels, before)


def test_what_is_computed_from_images_has_no_place():
    images = Preprocessing(size=None).prepare(noise(9, 6))
    assert type(images) is Images
    assert type(images * 2) is torch.Tensor
    assert Images.places_of(images * 2)[0].photo_size == (9, 6)


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("mean", 0.5, "mean must be one number per channel"),
        ("std", None, "std must be one number per channel"),
        ("mean", ("a", "b", "c"), "mean must be one number per channel"),
        ("size", 224.0, "size must be an int"),
        ("size", "224", "size must be an int"),
        ("size", (2.5, 3.5), "size must be an int"),
        ("size", (None, 3), "size must be an int"),
        ("size", (1, 2, 3), "size must be an int"),
    ],
)
def test_settings_of_another_kind_are_refused(setting, value, word):
    preprocessing = Preprocessing(size=8, fit="exact")
    object.__setattr__(preprocessing, setting, value)  # as where no type checker looks on
    with pytest.raises(BadSetting, match=word):
        preprocessing.__post_init__()


@pytest.mark.parametrize("fit", ["shortest", "crop"])
def test_a_thread_of_a_photo_is_not_blown_up(fit):
    """One pixel by 20,000, at 224: five million pixels wide."""
    thread = Picture(np.zeros((1, 20_000, 3), np.uint8))
    with pytest.raises(BadSetting, match=r"1 × 20000 pixels would grow to .*fit='exact'"):
        Preprocessing(size=224, fit=fit).prepare(thread)
    assert Preprocessing(size=(224, 224), fit="exact").prepare(thread).shape == (1, 3, 224, 224)


def test_images_may_be_copied_and_stored():
    images = Preprocessing(size=8).prepare(noise(12, 9))
    for other in (copy.deepcopy(images), copy.copy(images), pickle.loads(pickle.dumps(images))):
        assert torch.equal(other, images)
        assert Images.places_of(other) == images.places
    copy.deepcopy(images).zero_()
    assert images.abs().sum() > 0


@pytest.mark.parametrize("channels", ["RGB", "BGR", "gray"])
def test_many_photos_at_once_give_the_very_same_numbers(channels):
    source, count = np.random.default_rng(0), 1 if channels == "gray" else 3
    settings = Preprocessing(
        size=9, channels=channels, mean=(0.4, 0.5, 0.6)[:count], std=(0.2, 0.25, 0.3)[:count]
    )
    photos = [Picture(source.integers(0, 256, (31, 43, 3)).astype(np.uint8)) for _ in range(4)]
    alone = torch.cat([settings.prepare(photo).as_subclass(torch.Tensor) for photo in photos])
    together = settings.normalized(np.stack([settings.cut(photo)[0] for photo in photos]))
    assert torch.equal(together, alone)
    assert all(settings.prepare(photo).is_contiguous() for photo in photos)
