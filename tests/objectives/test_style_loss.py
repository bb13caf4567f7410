"""The losses of style transfer: the published formulas by a plain computation, layer by layer; masks; gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cutaway as cw
from cutaway.network.capture import differentiate
from cutaway.objectives.gram import gram_sum
from cutaway.objectives.style_loss import Style, gram_sums, grams, style_loss

LAYERS = ("relu1", "fire2", "fire4", "fire6")


@pytest.fixture(scope="module")
def maps():
    """What the bundled network answers to a photo, a painting and a picture between: as plain numbers."""
    net, draw = cw.load("squeezenet1_1"), torch.Generator().manual_seed(1)
    pictures = {"photo": (1, 3, 60, 72), "painting": (1, 3, 80, 64), "made": (1, 3, 60, 72)}
    return {
        name: cw.capture(net, torch.randn(size, generator=draw), [*LAYERS, "fire5"])
        for name, size in pictures.items()
    }


def published(found, wanted_style, wanted_content):
    """Equations 1, 3, 4 and 5 of Gatys et al. (CVPR 2016), with sums over places as they stand there."""
    content = 0.5 * sum(
        (f - p) ** 2 for f, p in zip(found["fire5"].flatten(), wanted_content.flatten(), strict=True)
    )
    style = {}
    for layer in LAYERS:
        n = found[layer].shape[1]
        f, a = found[layer][0].reshape(n, -1), wanted_style[layer][0].reshape(n, -1)
        # Divided by their places, since the two pictures differ in size: with M places in both this is E of equation 4.
        g, target = f @ f.T / f.shape[1], a @ a.T / a.shape[1]
        style[layer] = ((g - target) ** 2).sum() / (4 * n**2), (target**2).sum() / (4 * n**2)
    return content, style


def test_losses_are_the_published_ones_over_the_targets_own(maps):
    content, style = published(maps["made"], maps["painting"], maps["photo"]["fire5"])
    told = []
    objective = style_loss(
        {"fire5": maps["photo"]["fire5"]},
        [Style(grams(gram_sums(maps["painting"], LAYERS)))],
        content_weight=2.0,
        style_weight=30.0,
        told=told.append,
    )
    score = objective.score(maps["made"])
    own = 0.5 * maps["photo"]["fire5"].square().sum()
    assert float(told[0].content) == pytest.approx(float(content / own), rel=1e-4)
    assert float(told[0].style) == pytest.approx(
        float(sum(e / one for e, one in style.values()) / 4), rel=1e-4
    )
    assert float(score) == pytest.approx(-2 * float(told[0].content) - 30 * float(told[0].style), rel=1e-5)


def test_single_objectives_with_the_papers_norm_are_the_published_losses_too(maps):
    content, style = published(maps["made"], maps["painting"], maps["photo"]["fire5"])
    match = cw.match("fire5", maps["photo"]["fire5"], norm="paper")
    assert float(match.score(maps["made"])) == pytest.approx(-float(content), rel=1e-4)
    for layer in LAYERS:
        one = cw.gram(layer, maps["painting"][layer], norm="paper")
        assert float(one.score(maps["made"])) == pytest.approx(-float(style[layer][0]), rel=1e-4)


def test_several_styles_are_the_weighted_mean(maps):
    one, other = (
        Style(grams(gram_sums(maps[name], LAYERS)), weight)
        for name, weight in (("painting", 1.0), ("photo", 3.0))
    )
    scores = [
        float(style_loss({}, styles, style_weight=1.0).score(maps["made"]))
        for styles in ([one], [other], [one, other])
    ]
    assert scores[2] == pytest.approx((scores[0] + 3 * scores[1]) / 4, rel=1e-5)


def test_full_masks_are_no_masks_and_halves_see_their_half(maps):
    goal = grams(gram_sums(maps["painting"], LAYERS))
    made = maps["made"]
    plain, full = (
        float(style_loss({}, [Style(goal, 1.0, mask)]).score(made))
        for mask in (None, torch.ones(1, 1, 30, 36))
    )
    assert full == pytest.approx(plain, rel=1e-5)
    half = torch.zeros(1, 1, 60, 72)
    half[..., :36] = 1
    masked = style_loss({}, [Style({"relu1": goal["relu1"]}, 1.0, half)])
    # At 29 × 35 units the mask's edge is soft; far from it nothing counts.
    beyond = {"relu1": made["relu1"].clone()}
    beyond["relu1"][..., 19:] = 99.0
    assert torch.equal(masked.score(beyond), masked.score({"relu1": made["relu1"]}))
    hard = F.interpolate(half, made["relu1"].shape[2:], mode="area")
    flat = (made["relu1"] * hard).flatten(2)[0]
    wanted = flat @ flat.T / hard.square().sum()
    distance = (wanted - goal["relu1"][0]).square().sum() / goal["relu1"].square().sum()
    assert float(-masked.score({"relu1": made["relu1"]})) == pytest.approx(float(distance), rel=1e-4)


def test_gradient_by_finite_differences():
    torch.manual_seed(2)
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 5, 3, 2), nn.Tanh()).double())
    photo, painting, images = (torch.randn(1, 3, 12, 14, dtype=torch.float64) for _ in range(3))
    goal = grams(gram_sums(cw.capture(net, painting, ["1", "3"]), ["1", "3"]))
    mask = torch.rand(1, 1, 12, 14)
    objective = style_loss(
        cw.capture(net, photo, ["3"]),
        [Style(goal), Style(goal, 2.0, mask)],
        style_weight=5.0,
        variation_weight=0.1,
    )
    found = differentiate(net, images, objective.score, objective.layers, ["@input"]).gradients["@input"]
    for place in [(0, 0, 0, 0), (0, 1, 5, 6), (0, 2, 11, 13), (0, 0, 7, 3)]:
        moved = []
        for way in (1e-5, -1e-5):
            near = images.clone()
            near[place] += way
            moved.append(float(objective.score(cw.capture(net, near, list(objective.layers)))))
        assert (moved[0] - moved[1]) / 2e-5 == pytest.approx(float(found[place]), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("last", [True, False])
def test_sums_of_products_go_back_as_two_products_do(last):
    maps = torch.randn(2, 40, 33, 30, dtype=torch.float64)
    maps = (maps.contiguous(memory_format=torch.channels_last) if last else maps).requires_grad_(True)
    way = torch.randn(2, 40, 40, dtype=torch.float64)
    flat = maps.flatten(2)
    plain = torch.autograd.grad(((flat @ flat.transpose(1, 2)) * way).sum(), maps)[0]
    assert torch.allclose(torch.autograd.grad((gram_sum(maps) * way).sum(), maps)[0], plain)


def test_nothing_to_match_is_refused(maps):
    goal = grams(gram_sums(maps["painting"], LAYERS))
    for content, styles in [
        ({}, []),
        ({"fire5": torch.zeros(1, 8, 3, 3)}, [Style(goal)]),
        ({}, [Style({"relu1": torch.full((1, 2, 2), torch.nan)})]),
    ]:
        with pytest.raises(cw.BadSetting):
            style_loss(content, styles)
    with pytest.raises(cw.BadSetting, match="same size"):
        style_loss({"fire5": maps["painting"]["fire5"]}, [Style(goal)]).score(maps["made"])
