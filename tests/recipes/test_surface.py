"""The lines that a script writes, as they stand."""

from __future__ import annotations

import numpy as np
import torch

import cutaway as cw


def test_the_lines_of_a_script(tmp_path, monkeypatch, cat):
    """A1, F1: load, read, prepare, capture, layers, activations, attribution, explain."""
    monkeypatch.chdir(tmp_path)
    cat.to_image().save("dog.jpg", quality=95)
    net = cw.load("squeezenet1_1")
    photo = cw.read("dog.jpg")
    images = net.prepare(photo)
    assert images.shape == (1, 3, 224, 337)
    assert images.places[0].photo_size == photo.size == (300, 451)
    found = cw.capture(net, images, ["conv1", "fire6.squeeze"])
    assert list(found) == ["conv1", "fire6.squeeze"]
    assert found["fire6.squeeze"].shape[:2] == (1, 48)
    for row in net.layers:
        assert row.name
        assert row.kind
        assert row.shape[0] == 1
        assert min(row.parameters, row.macs) >= 0
        assert len(row.receptive_field) == 2
        assert row.stride is None or len(row.stride) == 2
    picture = cw.activations(net, photo, layer="fire6-relu_squeeze1x1", channels=[3, 5])
    assert picture.values.shape == (2, *found["fire6.squeeze"].shape[2:])
    for method in (cw.attribution.GradCAM(), cw.attribution.CAM()):
        raw = method(net, images, cw.class_logit(285))
        assert isinstance(raw, torch.Tensor)
        assert raw.shape[:2] == (1, 1)
    assert cw.attribution.Saliency()(net, images, cw.class_logit(285)).shape == (1, 1, 224, 337)
    grid = cw.explain(net, photo)
    assert grid.save("out.png").exists()
    assert isinstance(grid.values, np.ndarray)
    assert grid._repr_png_().startswith(b"\x89PNG")
    assert "<img" in grid._repr_html_()


def test_saliency_is_the_gradient_of_the_pixels(net, cat):
    """C9: against autograd on the bare module, largest absolute value over the colours."""
    images = net.prepare(cat)
    leaf = images.as_subclass(torch.Tensor).clone().requires_grad_(True)
    wanted = torch.autograd.grad(net.module(leaf)[0, 285], leaf)[0].abs().amax(1, keepdim=True)
    found = cw.attribution.Saliency()(net, images, cw.class_logit(285))
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-6 * float(wanted.max()))
