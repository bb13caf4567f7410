"""The cosine to a reference."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import GradCAM, Saliency


def test_it_is_the_cosine():
    values, reference = torch.randn(4, 6), torch.randn(6)
    wanted = [float(v @ reference) / math.hypot(*v) / math.hypot(*reference) for v in values]
    found = cw.similarity("x", reference).score({"x": values})
    torch.testing.assert_close(found, torch.tensor(wanted))
    # The length of neither matters.
    torch.testing.assert_close(cw.similarity("x", 5 * reference).score({"x": 3 * values}), found)


def test_a_map_is_compared_by_its_mean_or_whole():
    values = torch.randn(2, 5, 3, 4)
    mean = values.mean((2, 3))
    torch.testing.assert_close(
        cw.similarity("x", torch.ones(5)).score({"x": values}),
        torch.nn.functional.cosine_similarity(mean, torch.ones(2, 5)),
    )
    torch.testing.assert_close(cw.similarity("x", values[:1]).score({"x": values})[0], torch.tensor(1.0))
    torch.testing.assert_close(cw.similarity("x", values).score({"x": values}), torch.ones(2))
    torch.testing.assert_close(cw.similarity("x", mean).score({"x": values}), torch.ones(2))


def test_an_embedding_network_from_end_to_end():
    """A step along the gradient brings the embedding nearer to the reference."""
    net = cw.Network(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    )
    images, other = torch.randn(1, 3, 12, 12), torch.randn(1, 3, 12, 12)
    objective = cw.similarity("@output", cw.capture(net, other, "@output")["@output"])
    step = Saliency("none")(net, images, objective)
    before, after = (
        float(objective.score(cw.capture(net, x, ["@output"]))) for x in (images, images + 0.1 * step)
    )
    assert before < after <= 1
    assert GradCAM()(net, images, objective).shape == (1, 1, 10, 10)


@pytest.mark.parametrize("reference", [torch.zeros(5), torch.full((5,), torch.nan)])
def test_what_has_no_direction_is_refused(reference):
    with pytest.raises(cw.BadSetting, match="not all zero"):
        cw.similarity("x", reference)


@pytest.mark.parametrize("reference", [torch.ones(6), torch.ones(3, 5), torch.ones(5, 3, 4)])
def test_other_sizes_are_refused(reference):
    with pytest.raises(cw.BadSetting, match=r"give \(1 or 2, 60 or 5, its channels\)"):
        cw.similarity("x", reference).score({"x": torch.ones(2, 5, 3, 4)})
