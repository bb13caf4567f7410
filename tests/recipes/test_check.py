"""Filters made faulty by hand are found, and sound ones are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadIndex, UnsupportedMethod
from cutaway.network.filter_faults import filter_faults


def wave(frequency: float, angle: float, size: int = 11) -> np.ndarray:
    """A Gabor patch of three colours."""
    y, x = np.mgrid[:size, :size] - size // 2
    along = y * np.sin(angle) + x * np.cos(angle)
    patch = np.cos(2 * np.pi * frequency * along) * np.exp(-(y**2 + x**2) / (size / 2) ** 2)
    return patch[None] * np.array([1.0, 0.6, 0.2])[:, None, None]


@pytest.fixture
def filters() -> np.ndarray:
    sound = [wave(0.1, angle) for angle in (0.0, 0.8, 1.6)]
    noise = np.random.default_rng(3).normal(size=(3, 11, 11))
    return np.stack([*sound, 3 * sound[1], -sound[2], 0.001 * sound[0], noise, wave(0.45, 0.3)])


def test_faults_made_by_hand_are_found_and_no_others(filters):
    found = {(fault.filter, fault.kind): fault for fault in filter_faults(filters, (2, 2))}
    assert set(found) == {(3, "copy"), (5, "dead"), (6, "noise"), (7, "aliased")}
    assert found[3, "copy"].other == 1
    assert found[3, "copy"].figure == pytest.approx(1)
    assert found[7, "aliased"].figure > 0.9
    # A stride of one loses nothing; filter and opposite are no copies.
    assert {fault.kind for fault in filter_faults(filters)} == {"copy", "dead", "noise"}


def test_noise_is_found_and_gratings_are_not():
    source = np.random.default_rng(1)
    noise = source.normal(size=(200, 3, 7, 7))
    kinds = [fault.kind for fault in filter_faults(noise)]
    assert kinds.count("noise") > 180
    gratings = np.stack([wave(f, a, 7) for f in (0.05, 0.15, 0.25, 0.35) for a in (0.0, 0.5, 1.0, 1.5)])
    assert "noise" not in [fault.kind for fault in filter_faults(gratings)]


def test_the_table_says_it_in_words(filters):
    conv = nn.Conv2d(3, len(filters), 11, stride=2)
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(filters))
    table = cw.check(cw.Network(nn.Sequential(conv, nn.ReLU()), cw.Preprocessing(size=64)))
    assert [row[2] for row in table.rows] == ["dead", "copy", "noise", "aliased"]
    assert "1 of the 8 filters of 0 are dead: 5." in table.notes
    assert any(note.startswith("Aliasing: a smaller stride") for note in table.notes)
    assert "cosine 1.00 with filter 1" in table.to_text()


def test_real_filters():
    """Trained filters of a stride of two: some too fine for it, none dead, no copies."""
    assert {row[2] for row in cw.check("squeezenet1_1").rows} == {"aliased"}


def test_channels_that_no_photo_excites(tmp_path):
    conv = nn.Conv2d(3, 4, 3)
    with torch.no_grad():
        conv.bias[2] = -99.0
    net = cw.Network(nn.Sequential(conv, nn.ReLU()), cw.Preprocessing(size=32))
    index = cw.scan(net, "examples/photos", tmp_path / "index", engine="serial")
    table = cw.check(net, index)
    assert [row[:3] for row in table.rows if row[2] == "silent"] == [("1", 2, "silent")]
    assert "1 of the 4 channels of 1 are excited by no photo." in table.notes
    with pytest.raises(BadIndex, match="weights"):
        cw.check("squeezenet1_1", index)


def test_a_network_without_convolutions():
    with pytest.raises(UnsupportedMethod, match="has no convolution. See all"):
        cw.check(cw.Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), example=torch.zeros(1, 3, 2, 2)))
