"""What is tried on photos: the figures by hand, and a judge whose only cue is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest

import cutaway as cw
from cutaway.recipes.evidence import gathered
from cutaway.recipes.judge import Judge
from cutaway.recipes.patterns import patterns
from cutaway.recipes.trials import Bench, Trial, Tried


def trial(*after):
    none = tuple(range(len(after)))
    return Trial(none, none, none, after, torch.zeros(0, 3, 1, 1))


def test_figures_of_a_trial_by_hand():
    tried = Tried(trial(1, 1, 1, 0), trial(1, 0, 0, 2), trial(0, 0, 1, 0), trial(1, 1, 1, 1))
    assert tried.turned(1) == pytest.approx(0.5)
    assert tried.lost(1) == pytest.approx(0.75)
    # Two photos are turned only with it, none only without.
    assert tried.luck(1) == pytest.approx(binomtest(2, 2, alternative="greater").pvalue)
    assert not tried.local(1)
    assert tried._replace(opposite=trial(0, 0, 0, 0)).local(1)
    assert not tried._replace(opposite=trial(1, 1, 1, 1)).local(1)


PLAIN = cw.Preprocessing(size=64, fit="exact", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class Red(torch.nn.Module):
    """Knows two labels by one cue: how red the image is, and nothing else."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 2, 1)
        self.fc = torch.nn.Linear(2, 3)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([[2.0, -1, -1], [-1, -1, 2.0]])[..., None, None])
            self.conv.bias.zero_()
            self.fc.weight.copy_(torch.tensor([[10.0, 0], [0, 10.0], [0, 0]]))
            self.fc.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))

    def forward(self, images):
        return self.fc(torch.relu(self.conv(images)).mean((2, 3)))


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Photos of a gray square: "red" on red ground, "blue" on blue, "gray" on gray."""
    folder = tmp_path_factory.mktemp("bench")
    source = np.random.default_rng(0)
    for name, colour in (("red", (150, 60, 60)), ("blue", (60, 60, 150)), ("gray", (90, 90, 90))):
        (folder / "photos" / name).mkdir(parents=True)
        for k in range(10):
            pixels = np.full((64, 64, 3), colour) + source.normal(0, 3, (64, 64, 3))
            top, left = source.integers(16, 28, 2)
            pixels[top : top + 20, left : left + 20] = 210
            image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            image.save(folder / "photos" / name / f"{k}.png")
    network = cw.Network(Red().eval(), PLAIN, classes=["red", "blue", "gray"], name="red")
    index = cw.scan(network, folder / "photos", folder / "index", engine="serial")
    photos = list(range(30))
    judge = Judge.of(network, index, ["blue", "gray", "red"], photos)
    evidence, method = gathered(judge, index, photos)
    return judge, index, evidence, method


def test_the_judge_is_the_network_where_labels_are_classes(bench):
    judge, _, evidence, _ = bench
    assert judge.probe is None
    assert judge.classes == (1, 2, 0)
    assert "red" in judge.told
    assert all(one.decided == one.label for one in evidence)


def test_a_probe_decides_where_they_are_not(bench):
    _, index, _, _ = bench
    network = cw.Network(Red().eval(), PLAIN, name="red")
    judge = Judge.of(network, index, ["blue", "gray", "red"], list(range(30)))
    assert judge.probe is not None
    images = torch.cat([network.prepare(index.path(k)).as_subclass(torch.Tensor) for k in (0, 10, 20)])
    assert judge.decided(images, [0, 1, 2]).tolist() == [0, 1, 2]


def test_evidence_lies_on_the_ground(bench):
    _, _, evidence, _ = bench
    for one in evidence[20:]:
        assert one.object is not None
        assert one.object.mean() == pytest.approx((20 / 64) ** 2, abs=0.03)
        assert one.outside > 0.95
        assert one.seen.sum() == pytest.approx(1, abs=1e-5)


def test_a_background_turns_what_stands_on_it(bench):
    judge, index, evidence, _ = bench
    tried = Bench(judge, index, evidence, 0).background(2)
    assert tried is not None
    assert (tried.given.share(2), tried.control.share(2)) == (1, 0)
    assert (tried.taken.share(2), tried.spared.share(2)) == (0, 1)


def test_a_barred_label_has_no_part(bench):
    judge, index, evidence, _ = bench
    tried = Bench(judge, index, evidence, 0).background(2, barred=[0])
    assert tried is not None
    used = [*tried.given.photos, *tried.control.donors, *tried.taken.donors]
    assert {index.labels[photo] for photo in used} == {"gray"}


def test_what_turns_nothing_is_tried_no_further(bench):
    judge, index, evidence, _ = bench
    assert Bench(judge, index, evidence, 0, least=1.1).background(2) is None


def test_patterns_of_the_ground_are_found_in_one_label_only(bench):
    judge, index, evidence, method = bench
    found = [one for one in patterns(judge, index, evidence, method) if one.label == 2]
    assert found
    assert max(one.share for one in found) > 0.5
    assert all(one.elsewhere == 0 for one in found)
