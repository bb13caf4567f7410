"""Films are read back frame by frame."""

from __future__ import annotations

import base64
import io
import sys

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.film import Film
from cutaway.view.picture import Picture

GRAYS = (0, 90, 180, 250)


@pytest.fixture
def film():
    return Film(tuple(Picture(np.full((31, 45, 3), gray, np.uint8)) for gray in GRAYS), rate=20.0)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_pillow_reads_every_frame(film, suffix, tmp_path):
    with Image.open(film.save(tmp_path / f"film{suffix}")) as image:
        assert image.n_frames == 4
        assert image.info["loop"] == 0
        for frame, gray in enumerate(GRAYS):
            image.seek(frame)
            image.load()
            assert image.size == (45, 31)
            assert image.info["duration"] == 50, frame
            assert np.abs(np.asarray(image.convert("RGB"), int) - gray).max() <= 2


def test_mp4_is_read_back(film, tmp_path):
    """Odd sides are made even, since the format knows no others."""
    av = pytest.importorskip("av")
    with av.open(str(film.save(tmp_path / "film.mp4"))) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 20
    assert [frame.shape for frame in frames] == [(32, 46, 3)] * 4
    for frame, gray in zip(frames, GRAYS, strict=True):
        assert np.abs(frame[:31, :45].astype(int) - gray).max() <= 4


def test_without_pyav_an_mp4_is_told_in_words(film, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BadSetting, match=r"pip install 'cutaway\[video\]', or take \.gif or \.webp"):
        film.save(tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())


def test_other_files(film, tmp_path):
    assert Image.open(io.BytesIO(film.to_png())).size == (45, 31)
    with np.load(film.save(tmp_path / "film.npz")) as saved:
        assert saved["values"].shape == (4, 31, 45, 3)
    with pytest.raises(BadSetting, match=r"must be one of \.gif, \.webp, \.mp4"):
        film.save(tmp_path / "film.avi")


def test_frames_that_make_no_film():
    small, large = (Picture(np.zeros((side, side, 3), np.uint8)) for side in (4, 8))
    with pytest.raises(BadSetting, match="frames of one size"):
        Film((small, large))
    with pytest.raises(BadSetting, match="at least one frame"):
        Film(())
    with pytest.raises(BadSetting, match="frames a second"):
        Film((small,), rate=0.0)
    assert Film.of([small, large]).values.shape == (2, 8, 8, 3)


def test_a_notebook_shows_it_moving(film):
    data = film._repr_html_().partition("base64,")[2].partition('"')[0]
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.n_frames == 4
