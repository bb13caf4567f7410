"""One class against the others."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import CAM

LOGITS = {"@logits": torch.tensor([[1.0, 4.0, -2.0], [0.5, 0.0, 90.0]], dtype=torch.float64)}


def test_against_the_likely_it_is_the_log_of_the_odds():
    p = LOGITS["@logits"].softmax(1)[:, 1]
    torch.testing.assert_close(cw.contrast(1).score(LOGITS), (p / (1 - p)).log())
    # Where the probability rounds to one, the odds still tell.
    torch.testing.assert_close(float(cw.contrast(2).score(LOGITS)[1]), 90 - 0.974077, atol=1e-6, rtol=0)


def test_against_the_mean():
    assert cw.contrast(1, "mean").score(LOGITS).tolist() == [4.5, -45.25]


@pytest.mark.parametrize("against", ["likely", "mean"])
def test_one_class_per_image(against):
    both = cw.contrast([1, 2], against).score(LOGITS)
    torch.testing.assert_close(both[0], cw.contrast(1, against).score(LOGITS)[0])
    torch.testing.assert_close(both[1], cw.contrast(2, against).score(LOGITS)[1])


def test_of_two_classes_it_is_their_difference():
    two = {"@logits": torch.randn(3, 2)}
    difference = (cw.class_logit(0) - cw.class_logit(1)).score(two)
    torch.testing.assert_close(cw.contrast(0).score(two), difference)
    torch.testing.assert_close(cw.contrast(0, "mean").score(two), difference)


def test_class_activation_maps_are_mixed_by_it():
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    net, images = cw.Network(nn.Sequential(*layers)), torch.randn(1, 3, 8, 8)
    one, two, three = (CAM()(net, images, cw.class_logit(k)) for k in range(3))
    torch.testing.assert_close(CAM()(net, images, cw.contrast(0, "mean")), one - (two + three) / 2)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(
        cw.BadSetting, match=r"likely or mean, got 'class 3'.*class_logit\(a\) - class_logit\(b\)"
    ):
        cw.contrast(1, "class 3")
    with pytest.raises(cw.BadSetting, match="single class"):
        cw.contrast(0).score({"@logits": torch.zeros(2, 1)})
    with pytest.raises(cw.UnknownClass, match="classes 0 to 2, got 3"):
        cw.contrast(3).score(LOGITS)
