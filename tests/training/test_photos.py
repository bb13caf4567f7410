"""Batches: told by their number alone, from every photo that can be read, within the memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.training.photos import PhotoCrops


@pytest.fixture
def album(tmp_path) -> list[Path]:
    """Six photos, each of one gray."""
    paths = []
    for k in range(6):
        paths.append(tmp_path / f"{k}.png")
        cw.Picture(np.full((30 + k, 40, 3), 40 * k, np.uint8)).save(paths[-1])
    return paths


def grays(batch: torch.Tensor) -> list[int]:
    return [round(float(one.mean()) * 255 / 40) for one in batch]


def test_a_batch_is_told_by_its_number_alone(album):
    one, other = PhotoCrops(album, 16, count=4, seed=1), PhotoCrops(album, 16, count=4, seed=1)
    later = other(9)
    for step in range(9):
        one(step)
    assert torch.equal(one(9), later)
    assert not torch.equal(PhotoCrops(album, 16, count=4, seed=2)(9), later)


def test_every_photo_is_seen_once_each_time_round(album):
    crops = PhotoCrops(album, 16, count=4)
    seen = [gray for step in range(6) for gray in grays(crops(step))]
    rounds = [seen[at : at + 6] for at in range(0, 24, 6)]
    assert all(sorted(one) == list(range(6)) for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1


def test_cuts_are_parts_of_the_photo_as_they_are_or_mirrored(tmp_path):
    ramp = np.arange(32 * 48, dtype=np.uint16).reshape(32, 48)
    pixels = np.stack([ramp % 251, ramp // 251 * 9, ramp % 7], -1).astype(np.uint8)
    cw.Picture(pixels).save(tmp_path / "a.png")
    cuts = PhotoCrops([tmp_path / "a.png"], 16, count=32, room=2.0)(0)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (16, 16), (0, 1))
    mirrored = 0
    for cut in (cuts * 255).round().to(torch.uint8).numpy():
        plain = bool((windows == cut).all((2, 3, 4)).any())
        turned = bool((windows == cut[:, :, ::-1]).all((2, 3, 4)).any())
        assert plain or turned
        mirrored += turned and not plain
    assert 0 < mirrored < 32


def test_a_photo_that_cannot_be_read_is_left_out_and_told(album):
    album[2].write_bytes(b"no photo")
    crops = PhotoCrops(album, 16, count=6)
    assert 2 not in grays(crops(0))
    assert len(crops(0)) == 6
    paths, middles = crops.middles()
    assert len(paths) == len(middles) == 5
    assert [path for path, _ in crops.skipped] == [album[2]]
    with pytest.raises(cw.BadImage, match="nor can any other of the 1 photos"):
        PhotoCrops([album[2]], 16)(0)


def test_middles_hold_the_whole_shortest_side(tmp_path):
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = 200
    cw.Picture(pixels).save(tmp_path / "a.png")
    _, middles = PhotoCrops([tmp_path / "a.png"], 20).middles()
    assert float(middles[0, :, :, 3:-3].min()) * 255 > 190


def test_photos_beyond_the_budget_are_read_again(album):
    many = [album[0].with_name(f"large-{k}.png") for k in range(2)]
    for path in many:
        cw.Picture(np.zeros((1300, 1300, 3), np.uint8)).save(path)
    with cw.memory("16M"):  # a quarter holds neither of them
        crops = PhotoCrops(many, 1200, count=1, room=1.0)
        first = crops(0)
        assert not crops._kept
        assert torch.equal(crops(0), first)


@pytest.mark.parametrize("settings", [{"side": 0}, {"count": 0}, {"seed": -1}, {"room": 0.5}])
def test_wrong_settings_say_what_to_do(album, settings):
    with pytest.raises(cw.BadSetting, match="at least"):
        PhotoCrops(album, **({"side": 8} | settings))
    with pytest.raises(cw.BadSetting, match="at least one photo"):
        PhotoCrops([], 8)
