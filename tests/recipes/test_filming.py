"""`--film` of every command that makes images: the run from its first step to its last."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from cutaway.cli import main

RUNS = {
    "filters": (["fire3", "--channels", "0..2", "--size", "32", "--steps", "3"], (3, (100, 32))),
    "filters, classic": (
        ["fire3", "--channels", "0,1", "--size", "32", "--steps", "2", "--recipe", "classic"],
        (2, (66, 32)),
    ),
    "class-image": (["285", "-r", "all", "--size", "32", "--steps", "3"], (3, (8 * 32 + 7 * 2, 32))),
    "invert": (["cat.png", "-l", "fire2", "-l", "fire3", "--size", "32x32", "--steps", "9"], (9, (66, 32))),
    "texture": (["cat.png", "-l", "conv1", "--size", "32", "--steps", "9"], (9, (32, 32))),
    "fool": (["cat.png", "goldfish", "--steps", "3", "--until", "0.999", "--size", "64x64"], (3, (64, 64))),
}


def run(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


@pytest.mark.parametrize("name", RUNS)
def test_the_run_is_filmed(name, cat, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cat.save("cat.png")
    words, (count, size) = RUNS[name]
    command = name.partition(",")[0]
    assert run([command, *words, "--film", "run.webp", "--speed", "5", "--out", "sheets"]) == 0
    assert "sheets/run.webp" in capsys.readouterr().out
    with Image.open("sheets/run.webp") as film:
        # What did not change is one frame: the searches of L-BFGS begin with steps too small to see.
        assert 2 <= film.n_frames <= count
        assert film.size == size
        frames = []
        for k in range(film.n_frames):
            film.seek(k)
            frames.append(np.asarray(film.convert("RGB"), float))
    assert all(np.abs(one - frames[-1]).mean() > 0.02 for one in frames[:-1])


def test_what_cannot_be_filmed_is_told_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["filters", "fire3", "--channels", "0", "--size", "32", "--steps", "1"]
    assert run([*words, "--film", "run.avi"]) == 2
    assert run([*words, "--film", "run.gif", "--speed", "0"]) == 2
    monkeypatch.setitem(sys.modules, "av", None)
    assert run([*words, "--film", "run.mp4"]) == 2
    told = capsys.readouterr().err
    assert "--film takes a name ending in .gif, .webp, .mp4, got 'run.avi'" in told
    assert "--speed must lie in 0.1..100 frames a second, got 0" in told
    assert "an .mp4 needs PyAV" in told
    assert not (tmp_path / "cutaway-out").exists()


def test_no_step_no_film(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["filters", "fire3", "--channels", "0", "--size", "32", "--steps", "0", "--film", "run.gif"]
    assert run(words) == 0
    assert "no step was made, so there is no run.gif" in capsys.readouterr().err
