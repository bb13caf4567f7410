"""Tiles of sums: score and gradient of a whole picture, whatever the network does at its borders."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.network.capture import differentiate
from cutaway.objectives.mean_square import mean_square
from cutaway.objectives.style_loss import Style, gram_sums, grams, style_loss
from cutaway.synthesis.summed_tiles import SummedTiles

NETWORKS = {
    "padded": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()
    ),
    "unpadded": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Conv2d(6, 8, 3), nn.ReLU()
    ),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("size", [(70, 101), (41, 64), (48, 30)])
def test_tiled_is_untiled(kind, size):
    torch.manual_seed(4)
    net = cw.Network(NETWORKS[kind]().double())
    photo, images = (torch.randn(1, 3, *size, dtype=torch.float64) for _ in range(2))
    painting = torch.randn(1, 3, size[0] + 9, size[1] + 20, dtype=torch.float64)
    tiles, layers = SummedTiles(40), ("1", "4")
    seen = cw.capture(net, photo, ["4"])
    assert torch.allclose(tiles.captured(net, photo, ["4"])["4"], seen["4"])
    goal = grams(gram_sums(cw.capture(net, painting, list(layers)), layers))
    cut = grams(tiles.sums(net, painting, layers, lambda found, at: gram_sums(found, layers, None, at)))
    assert all(torch.allclose(goal[layer], cut[layer]) for layer in layers)
    mask = torch.rand(1, 1, *size)
    objective = style_loss(
        seen, [Style(goal), Style(goal, 0.5, mask)], style_weight=3.0, variation_weight=0.2
    )
    whole = differentiate(net, images, objective.score, objective.layers, ["@input"])
    trace = net.trace(images[:, :, :40, :40])
    scores, gradient = tiles.differentiate(net, images, objective, trace, torch.Generator())
    assert torch.allclose(scores, whole.scores)
    assert torch.allclose(gradient, whole.gradients["@input"], atol=1e-12)


def test_only_what_does_not_fit_is_cut():
    net = cw.Network(nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU()))
    with cw.memory("64M"):
        few, many = (SummedTiles.needed(net, mean_square("1"), (side, side)) for side in (200, 2000))
    assert few is None
    assert many is not None
    assert many.side < 1000


def test_refusals():
    net, images = (
        cw.Network(nn.Sequential(*(nn.Conv2d(3, 3, 9) for _ in range(4)))),
        torch.zeros(1, 3, 90, 90),
    )
    with pytest.raises(cw.BadSetting, match="sums"):
        SummedTiles(40).differentiate(net, images, mean_square("3"), net.trace(images), torch.Generator())
    with pytest.raises(cw.BadSetting, match="at least"):
        SummedTiles(40).captured(net, images, ["3"])
    with pytest.raises(cw.BadSetting, match="maps"):
        SummedTiles(40).captured(net, images, ["@logits"])
