"""Networks that do not classify: detectors and segmentation, explained with a function of the user's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import GradCAM, IntegratedGradients, Occlusion, Saliency


class Detector(nn.Module):
    """A box and the scores of three classes for each of its 8 × 8 places."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU()
        )
        self.boxes, self.scores = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 3, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        maps = self.features(x)
        return {
            "boxes": self.boxes(maps).flatten(2).transpose(1, 2),
            "scores": self.scores(maps).flatten(2).transpose(1, 2),
        }


class Segmentation(nn.Module):
    """A score of each class at each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classes = nn.Conv2d(8, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.interpolate(self.classes(self.features(x)), x.shape[-2:], mode="bilinear")


def overlap(boxes: Tensor, wanted: Tensor) -> Tensor:
    """Intersection over union of boxes (…,4) with one."""
    low = torch.maximum(boxes[..., :2], wanted[:2])
    high = torch.minimum(boxes[..., 2:], wanted[2:])
    both = (high - low).clamp_min(0).prod(-1)
    sides = (boxes[..., 2:] - boxes[..., :2]).clamp_min(0)
    return both / (sides.prod(-1) + (wanted[2:] - wanted[:2]).prod() - both).clamp_min(1e-6)


def test_the_score_of_one_detection():
    torch.manual_seed(0)
    net, images = cw.Network(Detector()), torch.randn(2, 3, 32, 32)
    scores = cw.capture(net, images, "@output['scores']")["@output['scores']"]
    place, k = divmod(int(scores[0].argmax()), 3)
    found = Saliency()(net, images, cw.output_value((place, k), output="scores"))
    y, x = divmod(place, 8)
    seen = net.layer("features.3", images).field.box(y, x)
    outside = torch.ones(32, 32, dtype=torch.bool)
    outside[seen[0] : seen[2], seen[1] : seen[3]] = False
    assert bool(found[0].any())
    assert not bool(found[0, 0][outside].any())


@pytest.mark.parametrize(
    "method", [Saliency(), GradCAM("features.3"), IntegratedGradients(steps=5), Occlusion(size=8)]
)
def test_a_box_and_its_class_by_a_function_of_ones_own(method):
    """The best detection of a class that lies on a box, as D-RISE scores it."""
    torch.manual_seed(0)
    net, images = cw.Network(Detector()), torch.randn(2, 3, 32, 32)
    wanted, k = torch.tensor([0.0, 0.0, 0.5, 0.5]), 1

    def score(activations):
        likely = activations["@output['scores']"].softmax(-1)[..., k]
        return (likely * (0.1 + overlap(activations["@output['boxes']"], wanted))).amax(1)

    objective = cw.Objective("a detection of class 1 here", ("@output['boxes']", "@output['scores']"), score)
    found = method(net, images, objective)
    assert found.shape[:2] == (2, 1)
    assert bool(found.any())


@pytest.mark.parametrize(
    "method", [Saliency(), GradCAM("features.1"), IntegratedGradients(steps=5), Occlusion(size=8)]
)
def test_a_mask_of_a_class(method):
    torch.manual_seed(0)
    net, images = cw.Network(Segmentation()), torch.randn(2, 3, 16, 16)
    mask = torch.zeros(16, 16)
    mask[2:6, 4:12] = 1

    def score(activations):
        return (activations["@output"][:, 2] * mask).sum((1, 2)) / mask.sum()

    own = cw.Objective("class 2 in the mask", ("@output",), score)
    found = method(net, images, own)
    torch.testing.assert_close(
        found, method(net, images, cw.region("@output", 2, (2, 4, 6, 12))), rtol=1e-4, atol=1e-6
    )
    assert bool(found.any())


def test_class_logit_says_what_to_use_for_a_map_of_classes():
    net, images = cw.Network(Segmentation()), torch.randn(1, 3, 16, 16)
    with pytest.raises(cw.BadSetting) as told:
        Saliency()(net, images, cw.class_logit(2))
    message = str(told.value)
    for advice in (
        "region('@output', 2, (top, left, bottom, right)) within 0..16 × 0..16",
        "channel('@output', 2)",
        "unit('@output', 2, y, x)",
    ):
        assert advice in message
    for objective in (
        cw.region("@output", 2, (0, 0, 4, 4)),
        cw.channel("@output", 2),
        cw.unit("@output", 2, 3, 4),
    ):
        assert bool(Saliency()(net, images, objective).any())
    with pytest.raises(cw.BadSetting, match=r"output_value\(\(…, …\)\)"):
        Saliency()(cw.Network(Detector()), torch.randn(1, 3, 32, 32), cw.class_logit(2, "scores"))
