"""Where the patches of well-known transformers lie, and which layer of them is read."""

from __future__ import annotations

import pytest
import timm
import torch

import cutaway as cw
from cutaway.attribution import AblationCAM, GradCAM
from cutaway.attribution.attribution import lattice_of


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "layer", "cells", "step"),
    [
        ("vit_tiny_patch16_224", {}, "blocks.11.norm1", 14, 16),
        ("deit_tiny_distilled_patch16_224", {}, "blocks.11.norm1", 14, 16),
        ("vit_small_patch14_reg4_dinov2", {"img_size": 224}, "blocks.11.norm1", 16, 14),
        ("pit_ti_224", {}, "transformers.2.blocks.3.norm1", 7, 32),
        ("swin_tiny_patch4_window7_224", {}, "norm", 7, 32),
    ],
)
def test_the_tokens_of_patches_are_found(name, settings, layer, cells, step) -> None:
    torch.manual_seed(0)
    net = cw.Network(timm.create_model(name, num_classes=10, **settings).eval())
    image, question = torch.randn(1, 3, 224, 224), cw.class_logit(3)
    method = GradCAM(relu=False)
    assert method.grid(net, image) == layer
    found = method(net, image, question)
    assert found.shape == (1, 1, cells, cells)
    assert found.any()
    assert lattice_of(method, net, image)[1].step == (step, step)
    assert AblationCAM()(net, image, question).shape == found.shape
