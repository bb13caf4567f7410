"""Score-CAM, Ablation-CAM and several layers joined, against loops by hand."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import AblationCAM, FusedLayers, GradCAM, LayerCAM, ScoreCAM


def small(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 6, 3, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 4),
    ).eval()


def test_score_cam_is_a_loop_over_channels_with_dead_ones_too() -> None:
    module, images = small(), torch.randn(2, 3, 16, 20)
    with torch.no_grad():
        module[2].weight[2] = 0
        module[2].bias[2] = -1  # a dead channel
        maps = module[:4](images)
        expected = []
        for image, layer in zip(images, maps, strict=True):
            scores = []
            for channel in layer:
                spread = channel.max() - channel.min()
                mask = (channel - channel.min()) / spread if spread > 0 else torch.zeros_like(channel)
                mask = F.interpolate(mask[None, None], image.shape[1:], mode="bilinear", align_corners=False)
                scores.append(module(image[None] * mask)[0, 2])
            weights = torch.stack(scores).softmax(0)
            expected.append((weights[:, None, None] * layer).sum(0).clamp_min(0))
    found = ScoreCAM()(cw.Network(module), images, cw.class_logit(2))
    torch.testing.assert_close(found[:, 0], torch.stack(expected), rtol=1e-5, atol=1e-6)


def test_ablation_cam_is_a_loop_over_channels() -> None:
    module, images = small(), torch.randn(2, 3, 16, 20)
    with torch.no_grad():
        maps, whole = module[:2](images), module(images)[:, 1]
        weights = torch.zeros(2, 8)
        for k in range(8):
            without = maps.clone()
            without[:, k] = 0
            weights[:, k] = (whole - module[2:](without)[:, 1]) / whole
        expected = (weights[:, :, None, None] * maps).sum(1)
    found = AblationCAM(layer="1", relu=False)(cw.Network(module), images, cw.class_logit(1))
    torch.testing.assert_close(found[:, 0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "method", [ScoreCAM(), AblationCAM(), FusedLayers(["1", "3"])], ids=lambda m: type(m).__name__
)
def test_several_questions_about_one_image_are_answered_as_if_alone(method) -> None:
    net, image = cw.Network(small()), torch.randn(1, 3, 16, 20)
    together = method(net, image.expand(2, -1, -1, -1), cw.class_logit([0, 3]))
    for row, k in zip(together, (0, 3), strict=True):
        torch.testing.assert_close(row[None], method(net, image, cw.class_logit(k)), rtol=1e-5, atol=1e-6)


def test_layers_are_joined_on_the_finest_grid() -> None:
    net, image = cw.Network(small()), torch.randn(1, 3, 17, 21)
    question = cw.class_logit(1)
    early, late = (LayerCAM(layer)(net, image, question) for layer in ("1", "3"))
    joined = FusedLayers(["3", "1"], join="mean")(net, image, question)
    assert joined.shape == early.shape
    # Unit (i, j) of the later layer looks at pixel (1 + 2i, 1 + 2j), where the finer grid has a unit.
    there = early[:, :, 1:-1:2, 1:-1:2] / early.max() + late / late.max()
    torch.testing.assert_close(joined[:, :, 1:-1:2, 1:-1:2] * 2, there, rtol=1e-4, atol=1e-5)
    assert FusedLayers(["3", "1"]).grid(net, image) == "1"


def test_fewer_than_two_layers_or_a_method_without_layers_are_refused() -> None:
    with pytest.raises(cw.BadSetting, match="two or more"):
        FusedLayers("13")
    with pytest.raises(cw.BadSetting, match="weighs no layer"):
        FusedLayers(["1", "3"], cw.attribution.Saliency())


class Mixing(nn.Module):
    """One block of a vision transformer with a class token; the answer is read from that token, or the mean."""

    def __init__(self, mean: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)
        self.linear = nn.Linear(8, 3)
        self.mean = mean

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1)
        inner = self.norm1(tokens)
        tokens = self.norm2(tokens + self.mix(inner, inner, inner, need_weights=False)[0])
        return self.linear(tokens[:, 1:].mean(1) if self.mean else tokens[:, 0])


def test_tokens_are_laid_on_their_grid() -> None:
    net, images = cw.Network(Mixing(mean=True).eval()), torch.randn(2, 3, 16, 24)
    question = cw.class_logit(2)
    method = GradCAM(relu=False)
    assert method.grid(net, images) == "norm2"
    kept = cw.capture(net, images, "norm2")["norm2"]
    weights = net.module.linear.weight[2].detach() / 24
    expected = (kept[:, 1:] * weights).sum(2).view(2, 1, 4, 6)
    torch.testing.assert_close(method(net, images, question), expected, rtol=1e-4, atol=1e-6)
    for other in (LayerCAM(), ScoreCAM(), AblationCAM(), cw.attribution.EigenCAM()):
        assert other(net, images, question).shape == (2, 1, 4, 6)


def test_patches_that_do_not_reach_the_answer_are_refused() -> None:
    net, images = cw.Network(Mixing(mean=False).eval()), torch.randn(1, 3, 16, 24)
    assert GradCAM().grid(net, images) == "norm1"
    assert GradCAM()(net, images, cw.class_logit(0)).shape == (1, 1, 4, 6)
    with pytest.raises(cw.UnsupportedMethod, match="no gradient. Choose an earlier layer, such as norm1"):
        GradCAM("norm2")(net, images, cw.class_logit(0))


def test_a_transformer_is_explained_on_the_photo() -> None:
    net = cw.Network(Mixing(mean=False).eval(), cw.Preprocessing(size=(16, 24), fit="exact"))
    sheet = cw.explain(net, "examples/photos/chelsea.png", top=1)
    assert sheet.provenance["photos"][0]["method"] == "GradCAM at norm1"


def test_a_layer_before_an_activation_in_place_keeps_its_own_values() -> None:
    """What follows the layer is carried out again, twice; nothing may be written into what was kept of it."""
    module = small()
    module[1] = nn.ReLU(inplace=True)
    images = torch.randn(1, 3, 16, 20)
    before = module[0](images)
    leaf = before.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(module[1:](leaf.clone())[0, 2], leaf)
    expected = (slope.mean((2, 3), keepdim=True) * before).sum(1, keepdim=True)
    found = GradCAM("0", relu=False)(cw.Network(module), images, cw.class_logit(2))
    torch.testing.assert_close(found, expected.detach(), rtol=1e-5, atol=1e-7)


def test_only_the_class_asked_for_is_computed_and_gives_the_same() -> None:
    module = small()
    net, image = cw.Network(module), torch.randn(1, 3, 16, 20)
    plain = cw.Objective("class 2", ("@logits",), lambda a: a["@logits"][:, 2])
    for method in (cw.attribution.RISE(masks=40), cw.attribution.LIME(samples=40, parts="grid")):
        fewer, whole = method(net, image, cw.class_logit(2)), method(net, image, plain)
        torch.testing.assert_close(fewer, whole, rtol=1e-4, atol=1e-6)
