"""LIME: what it fits, and that hidings are what they are said to be."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import LIME


def test_the_fit_is_a_weighted_ridge_regression() -> None:
    rng = torch.Generator().manual_seed(0)
    seen = (torch.rand(200, 9, generator=rng) < 0.5).double()
    scores = torch.randn(200, 2, generator=rng).double() + seen[:, :2] * 3
    method = LIME(ridge=2.0, width=0.3)
    distance = 1 - np.sqrt(seen.numpy().mean(1))
    near = np.exp(-(distance**2) / (2 * 0.3**2))
    expected = Ridge(alpha=2.0).fit(seen.numpy(), scores.numpy(), sample_weight=near).coef_.T
    np.testing.assert_allclose(method.fit(seen, scores).numpy(), expected, rtol=1e-8, atol=1e-10)


def test_a_score_that_is_a_sum_over_parts_is_taken_apart() -> None:
    """Each part of a linear network's image adds the sum of weight × pixel: that is its weight."""
    torch.manual_seed(0)
    net = cw.Network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2)))
    image = torch.randn(1, 3, 16, 16)
    found = LIME(samples=300, parts="grid", count=16, ridge=1e-9)(net, image, cw.class_logit(1))
    adds = (net.module[1].weight[1].detach().view(3, 16, 16) * image[0]).sum(0)
    expected = adds.view(4, 4, 4, 4).sum((1, 3)).repeat_interleave(4, 0).repeat_interleave(4, 1)
    torch.testing.assert_close(found[0, 0], expected, rtol=1e-4, atol=1e-4)


def test_superpixels_follow_the_photo_and_hidden_ones_show_their_mean() -> None:
    net = cw.load("squeezenet1_1")
    images = net.prepare("examples/photos/chelsea.png").as_subclass(Tensor)
    method = LIME(samples=4, parts="superpixels", count=40, fill="mean")
    places = method.segments(images)
    assert places.shape == images.shape[2:]
    assert 20 <= int(places.max()) + 1 <= 60
    hidden = method._filled(images, places, int(places.max()) + 1)
    for part in (0, 7):
        own = images[0, :, places == part]
        torch.testing.assert_close(hidden[0, :, places == part], own.mean(1, keepdim=True).expand_as(own))
    assert method(net, images, cw.class_logit(285)).unique().numel() <= int(places.max()) + 1


def test_without_scikit_image_squares_are_hidden_and_superpixels_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    image = torch.randn(1, 3, 16, 16)
    assert LIME(count=16).segments(image).unique().numel() == 16
    with pytest.raises(cw.UnsupportedMethod, match=r"cutaway\[lime\]"):
        LIME(parts="superpixels").segments(image)


@pytest.mark.parametrize(
    "settings", [{"parts": "tiles"}, {"samples": 1}, {"fill": "blur"}, {"width": 0}, {"ridge": -1.0}]
)
def test_bad_settings_are_told(settings: dict) -> None:
    with pytest.raises(cw.BadSetting):
        LIME(**settings)
