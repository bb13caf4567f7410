"""Several methods beside each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution import METHODS
from cutaway.view.heatmap import Heatmap

QUICK = ["cam", "grad-cam", "grad-cam++", "layer-cam", "hires-cam", "x-grad-cam", "eigen-cam", "saliency"]


def test_cards_are_equal_and_hold_each_methods_own_map(net, cat):
    """E13: tiles of one size, raw values kept, the same question for all."""
    sheet = cw.compare(net, cat, methods=[*QUICK, "guided-backprop", "deconvnet"])
    cells = [cell for row in sheet.rows for cell in row][1:]
    assert "Egyptian cat 59.2 %" in sheet.title
    assert [one["method"] for one in sheet.provenance["methods"]] == [
        METHODS[name].__name__ for name in [*QUICK, "guided-backprop", "deconvnet"]
    ]
    images, objective = net.prepare(cat), cw.class_logit(285)
    for name, cell in zip(QUICK, cells, strict=False):
        assert np.array_equal(cell.values, METHODS[name]()(net, images, objective)[0, 0].numpy())
    sizes = {
        cell.tile().size if isinstance(cell, Heatmap) else (cell.size[1], cell.size[0]) for cell in cells
    }
    assert sizes == {(451, 300)}


def test_methods_that_the_network_does_not_allow_are_left_out_and_said(cat):
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 5), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 8)
    network = cw.Network(nn.Sequential(*layers), cw.Preprocessing(size=48))
    sheet = cw.compare(network, cat, methods=["cam", "grad-cam", "guided-backprop"])
    assert sum("refused" in one for one in sheet.provenance["methods"]) == 2
    assert "Left out: CAM" in sheet.caption
    with pytest.raises(cw.UnsupportedMethod):
        cw.compare(network, cat, methods=["cam", "guided-backprop"])


def test_another_question_than_a_class(net, cat):
    sheet = cw.compare(
        net, cat, methods=["saliency", "occlusion"], objective=cw.channel("fire5", 3), size=128
    )
    assert "fire5:3" in sheet.title
    assert [cell.values.shape for row in sheet.rows for cell in row][1:] == [(128, 192), (13, 21)]


def test_its_code_makes_it_again(net, cat):
    sheet = cw.compare(net, "examples/photos/chelsea.png", methods=["cam", "saliency"], target="tabby")
    again = eval(sheet.code(), {"cutaway": cw})
    assert again.title == sheet.title
    assert all(np.array_equal(a, b) for a, b in zip(again.values, sheet.values, strict=True))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"methods": []}, "at least one method"),
        ({"methods": ["cams"]}, "Closest: cam"),
        ({"columns": 0}, "columns must be"),
        ({"target": 3, "objective": cw.class_logit(3)}, "not both"),
    ],
)
def test_bad_settings_are_told(net, cat, settings, told):
    with pytest.raises(cw.BadSetting, match=told):
        cw.compare(net, cat, **settings)


@pytest.mark.slow
@pytest.mark.parametrize(
    # LRP needs zennit, whose torchvision the tests of references make importable: it is tried there.
    "method",
    [pytest.param(kind, id=name) for name, kind in METHODS.items() if name != "lrp"],
)
def test_every_method_leaves_the_network_as_found_and_answers_on_a_batch(method):
    """F2: in training mode, with gradients and hooks of the user's own, on frozen and on trainable weights."""
    torch.manual_seed(0)
    layers = (
        nn.Conv2d(3, 6, 5),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    module = nn.Sequential(*layers, nn.Linear(6, 4)).train()
    module[0].weight.grad = torch.ones_like(module[0].weight)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    settings = {"RISE": {"masks": 8}, "Occlusion": {"size": 8}}.get(method.__name__, {})
    images = torch.randn(2, 3, 20, 24)
    network = cw.Network(module)
    drawn = torch.get_rng_state()
    maps = method(**settings)(network, images, cw.class_logit([1, 3]))
    assert maps.shape[0] == 2
    assert not maps.requires_grad
    for i, k in enumerate((1, 3)):
        alone = method(**settings)(network, images[i : i + 1], cw.class_logit(k))
        torch.testing.assert_close(alone, maps[i : i + 1], rtol=1e-4, atol=1e-6)
    assert module.training
    assert all(child.training for child in module.modules())
    assert torch.equal(module[0].weight.grad, torch.ones_like(module[0].weight))
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)
    assert not any(child._forward_hooks or child._backward_hooks for child in module.modules())


def test_a_map_far_above_zero_is_drawn_from_its_least(net, coffee):
    """RISE's is a mean over masks that mostly show the object: from zero it would be one colour."""
    sheet = cw.compare(net, coffee, methods=[cw.attribution.RISE(masks=200)])
    card = sheet.rows[0][1]
    assert card.values.min() > card.values.max() / 2
    assert card.range.low == pytest.approx(card.values.min())
    assert card.range.rule == "least … 99 %"
