"""Recordings: every image has its place, runs begin together, long runs are thinned to the very last step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.synthesis import Recording
from cutaway.view.picture import Picture


def shown(recording, steps, values, size=(4, 6)):
    """Show a run: at each step, images of one gray each."""
    for step in range(1, steps + 1):
        images = torch.stack([torch.full((3, *size), v * step / steps) for v in values])
        assert recording(step, images) is None


def test_one_image_is_the_frame():
    recording = Recording()
    shown(recording, 5, [1.0])
    assert len(recording) == 5
    assert recording.film().values[:, 0, 0, 0].tolist() == [51, 102, 153, 204, 255]


def test_runs_begin_together_and_wait_for_the_longest():
    recording = Recording()
    shown(recording, 4, [1.0, 0.5])
    shown(recording, 2, [0.8])
    film = recording.film(5.0).values
    assert film.shape == (4, 6, 3 * 6 + 2 * 2, 3)
    tiles = film[:, 3, [3, 11, 19], 0]
    assert tiles.tolist() == [[64, 32, 102], [128, 64, 204], [191, 96, 204], [255, 128, 204]]


@pytest.mark.parametrize("steps", [7, 16, 33, 100])
def test_long_runs_keep_every_second_step_and_the_last(steps):
    recording = Recording(most=8)
    shown(recording, steps, [1.0])
    shown(recording, steps, [0.5])
    film = recording.film().values
    assert len(film) == len(recording) <= 9
    assert film[-1, 3, [3, 11], 0].tolist() == [255, 128]
    gaps = np.diff(film[:-1, 3, 3, 0].astype(float))
    assert np.ptp(gaps) <= 1  # even steps


def test_drawn_by_a_rule_of_its_own_and_asks_the_next():
    black = Recording(
        then=lambda step, images: step == 2, drawn=lambda image: Picture(np.zeros((2, 2, 3), np.uint8))
    )
    assert [black(step, torch.ones(1, 3, 2, 2)) for step in (1, 2)] == [False, True]
    assert black.film().values.max() == 0


def test_settings_outside_their_range():
    with pytest.raises(cw.BadSetting, match="most at least 1 frame, got 1 and 0"):
        Recording(most=0)
    with pytest.raises(cw.BadSetting, match="no step was recorded"):
        Recording().film()
