"""Painted frames: strength and blends are what they say, videos keep their length and their sound."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.faststyle.style_file import write_style
from cutaway.faststyle.stylizer import Stylizer
from cutaway.faststyle.transformer import Transformer
from cutaway.images.video import Video
from cutaway.recipes.stylize import stylize, stylize_video


@pytest.fixture(scope="module")
def styles(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("styles")
    for seed, name in enumerate(("wave", "night")):
        write_style(folder / f"{name}.safetensors", Transformer(4, 1, seed=seed), {"name": name})
    return [str(folder / f"{name}.safetensors") for name in ("wave", "night")]


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (37, 54, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> str:
    """Twelve frames of a moving square, and half a second of sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=Fraction(24))
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=44100)
        for k in range(12):
            pixels = np.full((48, 64, 3), 40, np.uint8)
            pixels[10:30, 3 * k : 3 * k + 20] = (200, 90, 40)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        wave = np.sin(np.arange(22528) * 2 * np.pi * 440 / 44100).astype(np.float32)[None]
        for k in range(22):
            heard = av.AudioFrame.from_ndarray(
                wave[:, 1024 * k : 1024 * (k + 1)], format="fltp", layout="mono"
            )
            heard.rate, heard.pts = 44100, 1024 * k
            container.mux(sound.encode(heard))
        container.mux(sound.encode())
    return str(path)


def test_one_pass_of_the_painter(styles, frame):
    painter = Transformer(4, 1, seed=0).eval()
    plain = torch.from_numpy(frame).permute(2, 0, 1)[None] / 255
    with torch.inference_mode():
        expected = (painter(plain)[0].permute(1, 2, 0) * 255).round().numpy()
    assert np.abs(Stylizer(styles[0])(frame).astype(int) - expected).max() <= 1


def test_strength_blends_the_photo_in(styles, frame):
    whole = Stylizer(styles[0])(frame).astype(float)
    assert np.array_equal(Stylizer(styles[0], strength=0)(frame), frame)
    half = Stylizer(styles[0], strength=0.5)(frame).astype(float)
    assert np.abs(half - (whole + frame) / 2).max() <= 1


def test_several_styles_are_blended_by_their_shares(styles, frame):
    one, other = (Stylizer(style)(frame).astype(float) for style in styles)
    assert np.abs(one - other).mean() > 3
    both = Stylizer(styles, weights=[3, 1])(frame).astype(float)
    assert np.abs(both - (0.75 * one + 0.25 * other)).max() <= 1
    assert np.array_equal(Stylizer(styles, weights=[0, 2])(frame), Stylizer(styles[1])(frame))


def test_a_recipe_says_what_it_is(styles, frame):
    found = stylize(cw.Picture(frame), styles, weights=[1, 3], strength=0.5, size=20)
    assert found.picture.size == found.photo.size == (20, 29)
    assert found.caption == "Painted in wave × 0.25, night × 0.75, strength 0.5; 29 × 20 pixels."
    assert found.provenance["code"].endswith("weights=[1, 3], strength=0.5, size=20)")
    assert "<img" in found.to_html()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"weights": [1.0]}, "one number of 0 or more for each of the 2 styles"),
        ({"weights": [0.0, 0.0]}, "not all 0"),
        ({"weights": [-1.0, 2.0]}, "0 or more"),
        ({"strength": 3.0}, r"strength must lie in 0\.\.2"),
    ],
)
def test_settings_outside_their_range(styles, settings, words):
    with pytest.raises(cw.BadSetting, match=words):
        Stylizer(styles, **settings)


def test_pictures_too_small_are_refused(styles):
    with pytest.raises(cw.BadSetting, match="at least 8 pixels a side, got 7 × 30"):
        Stylizer(styles[0])(np.zeros((7, 30, 3), np.uint8))
    with pytest.raises(cw.BadSetting, match="at least one style"):
        Stylizer([])


def test_a_video_keeps_its_frames_and_its_sound(styles, clip, tmp_path):
    target = stylize_video(clip, styles[0], tmp_path / "painted.mp4", size=32)
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (44, 32, 24)  # 43, made even
        heard = container.streams.audio[0]
        assert heard.codec_context.name == "aac"
        assert float(heard.duration * heard.time_base) == pytest.approx(0.51, abs=0.05)
    made, given = list(Video(str(target)).frames()), list(Video(clip).frames())
    assert len(made) == len(given) == 12
    expected = (
        stylize(cw.Picture(given[5]), styles[0], size=32).picture.resized((32, 44)).pixels.astype(float)
    )
    assert np.abs(made[5] - expected).mean() < 12  # H.264 keeps less colour than pixels have


def test_what_is_no_video_leaves_nothing_behind(styles, clip, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    for name, words in (("text.mp4", "cannot be read as a video"), ("none.mp4", "there is no such file")):
        with pytest.raises(cw.BadImage, match=words):
            stylize_video(tmp_path / name, styles[0], tmp_path / "out.mp4")
    with pytest.raises(cw.BadSetting, match="at least 8 pixels"):
        stylize_video(clip, styles[0], tmp_path / "out.mp4", size=4)
    with pytest.raises(cw.BadSetting, match=r"is an \.mp4"):
        stylize_video(clip, styles[0], tmp_path / "out.avi")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["text.mp4"]
