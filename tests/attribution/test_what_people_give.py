"""What no method can answer gets a word, whichever method was asked: the ones that change images too."""

from __future__ import annotations

import jaxtyping
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import (
    LIME,
    RISE,
    AblationCAM,
    Deconvnet,
    GradCAM,
    GuidedBackprop,
    IntegratedGradients,
    Occlusion,
    Saliency,
    ScoreCAM,
    SmoothGrad,
)
from cutaway.attribution.trust import trust

CHANGING = [
    ScoreCAM(),
    AblationCAM(),
    Occlusion(size=4, stride=4),
    RISE(masks=40, cells=2),
    LIME(samples=40, parts="grid", count=4),
]
ALL = [*CHANGING, GradCAM(), Saliency(), SmoothGrad(samples=20), IntegratedGradients(steps=20)]


def name(method: object) -> str:
    return type(method).__name__


@pytest.fixture
def net() -> cw.Network:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    return cw.Network(nn.Sequential(*layers))


@pytest.fixture
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes are checked against their annotations in tests only: people meet the methods without that."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.fixture
def images() -> Tensor:
    return torch.randn(1, 3, 16, 16)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("method", CHANGING, ids=name)
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (torch.randn(3, 16, 16), r"got one of shape \(3, 16, 16\): give images\[None\]"),
        (torch.randn(0, 3, 16, 16), "something in it"),
        (torch.zeros(1, 3, 16, 16, dtype=torch.uint8), "floating"),
        (np.zeros((1, 3, 16, 16), np.float32), "got ndarray"),
        (Image.new("RGB", (16, 16)), "network.prepare"),
    ],
    ids=["one-image", "empty", "bytes", "numpy", "photo"],
)
def test_what_is_no_batch_of_images_is_told(method, given, told, net):
    with pytest.raises(cw.BadSetting, match=told):
        method(net, given, 1)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("method", [*CHANGING, GuidedBackprop(), Deconvnet()], ids=name)
def test_several_inputs_are_refused_by_methods_that_take_one(method):
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(1, 4, 3)

        def forward(self, photo: Tensor, depth: Tensor) -> Tensor:
            return (self.one(photo).relu() * self.two(depth)).mean((2, 3))

    both = {"photo": torch.randn(2, 3, 8, 8), "depth": torch.randn(2, 1, 8, 8)}
    for objective in (cw.class_logit(1), cw.unit("one", 1, 0, 0)):
        with pytest.raises(cw.UnsupportedMethod, match="takes one tensor of images"):
            method(cw.Network(Two()), both, objective)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("method", [SmoothGrad(), IntegratedGradients()], ids=name)
def test_a_batch_without_images_is_told(method, net):
    with pytest.raises(cw.BadSetting, match="something in it"):
        method(net, torch.randn(0, 3, 16, 16), 1)


@pytest.mark.usefixtures("as_installed")
def test_trust_of_one_image_alone_is_told(net, images):
    with pytest.raises(cw.BadSetting, match=r"images\[None\]"):
        trust(net, images[0], cw.class_logit(1), Saliency(), torch.ones(1, 1, 16, 16))


@pytest.mark.parametrize("method", ALL, ids=name)
@pytest.mark.parametrize("wanted", [5, -1])
def test_a_class_that_is_not_there_is_told(method, wanted, net, images):
    with pytest.raises(cw.UnknownClass, match=f"classes 0 to 4, got {wanted}"):
        method(net, images, wanted)


@pytest.mark.parametrize("method", CHANGING, ids=name)
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "score",
    [lambda a: a["@output"][:, 3].mean(), lambda a: a["@output"][:1, 3], lambda a: 1.0],
    ids=["scalar", "first-only", "float"],
)
def test_a_score_that_is_not_one_number_per_image_is_told(method, count, score, net, images):
    several = images.repeat(count, 1, 1, 1)
    with pytest.raises(cw.BadSetting, match="a score must be one number per image"):
        method(net, several, cw.Objective("own", ("@output",), score))


@pytest.mark.parametrize("method", ALL, ids=name)
def test_an_objective_that_reads_more_than_it_says_gives_no_map_of_nan(method, net, images):
    """Entries left out are NaN to the score: a map of NaN would be drawn as if there were nothing to see."""
    wrong = cw.Objective("own", ("@output",), lambda a: a["@output"][:, 2], columns=frozenset({1}))
    right = cw.Objective("own", ("@output",), lambda a: a["@output"][:, 2])
    try:
        found = method(net, images, wrong)
    except cw.NonFinite:
        return
    torch.testing.assert_close(found, method(net, images, right))


@pytest.mark.usefixtures("as_installed")
def test_a_layer_is_asked_for_by_its_name(net, images):
    with pytest.raises(cw.UnknownLayer, match="by its name, a str, got int"):
        GradCAM(layer=1)(net, images, 1)  # type: ignore[arg-type]
    with pytest.raises(cw.UnknownLayer, match="It has: 0, 1"):
        GradCAM(layer="")(net, images, 1)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Occlusion(fill=None),  # type: ignore[arg-type]
        lambda: Occlusion(fill=torch.zeros(3)),  # type: ignore[arg-type]
        lambda: Occlusion(size=(8, 8, 8)),  # type: ignore[arg-type]
        lambda: Occlusion(size=(8,)),  # type: ignore[arg-type]
        lambda: Occlusion(stride=1.5),  # type: ignore[arg-type]
        lambda: LIME(fill=None),  # type: ignore[arg-type]
    ],
)
def test_settings_of_another_kind_are_told(wrong):
    with pytest.raises(cw.BadSetting, match="takes"):
        wrong()
