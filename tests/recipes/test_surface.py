"""The lines that a script writes, as they stand."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

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


class Tangled(nn.Module):
    """A ReLU used three times, a functional one in place, a sum and a join: no module stands for most of it."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.relu = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        self.classes = nn.Linear(16, 5)

    def forward(self, x):
        x = self.relu(self.one(x))
        y = self.relu(x + self.two(x))
        z = functional.relu(self.two(y), inplace=True)
        return self.classes(self.relu(torch.cat([y, z], 1)).mean((2, 3)))


@pytest.fixture(scope="module")
def tangled():
    torch.manual_seed(1)
    return cw.Network(Tangled(), cw.Preprocessing(size=48), classes=list("abcde"))


def test_both_names_of_a_layer_give_the_same(net, cat):
    """F1: the name that is shown, the module's path and an alias; each answer under the name that was asked for."""
    images = net.prepare(cat)
    names = ["fire6.squeeze", "features.9.squeeze", "fire6-squeeze1x1"]
    found = cw.capture(net, images, names)
    assert list(found) == names
    assert all(torch.equal(found[name], found[names[0]]) for name in names)


def test_any_module_can_be_opened(tangled, cat):
    """F1: functional, in-place and re-used operations are rows of the table, drawn and explained as any other."""
    names = [layer.name for layer in tangled.layers]
    assert {"relu", "relu:2", "relu:3", "relu:4", "two", "two:2"} <= set(names)
    m, x = tangled.module, tangled.prepare(cat).as_subclass(torch.Tensor)
    with torch.no_grad():
        first = torch.relu(m.one(x))
        second = torch.relu(first + m.two(first))
        before = m.two(second)
        gated = torch.relu(before)
        last = torch.cat([second, gated], 1)
    wanted = {"relu": first, "relu:2": second, "two:2": before, "relu:3": gated, "relu:4": last}
    for name, value in wanted.items():
        assert np.array_equal(cw.activations(tangled, cat, layer=name).values, value[0].numpy())
    grid = cw.explain(tangled, cat, top=5)
    assert grid.caption.startswith("CAM at relu:4")
    maps = torch.einsum("kc,chw->khw", m.classes.weight.detach(), last[0])
    order = [one["index"] for one in grid.provenance["photos"][0]["drawn"]]
    assert np.allclose(grid.values, maps[order].numpy(), atol=1e-5)


RECIPES = {
    "explain": lambda net, photo: cw.explain(net, photo, top=2),
    "grad-cam": lambda net, photo: cw.explain(net, photo, method=cw.attribution.GradCAM()),
    "saliency": lambda net, photo: cw.explain(net, photo, method=cw.attribution.Saliency()),
    "layers": lambda net, photo: cw.layers(net),
    "activations": lambda net, photo: cw.activations(net, photo, layer="one..relu:4"),
    "relu": lambda net, photo: cw.activations(net, photo, layer="two:2", channels=[1], relu=True),
    "weights": lambda net, photo: cw.weights(net),
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("state", ["training", "frozen", "no_grad"])
def test_no_recipe_leaves_a_trace(tangled, cat, recipe, state):
    """F2: weights, train flags, gradients, hooks, grad mode and random numbers are as before; frozen weights too."""
    torch.manual_seed(2)
    module = Tangled()
    module.train(state == "training").requires_grad_(state != "frozen")
    module.two.eval()
    module.one.weight.grad = torch.full_like(module.one.weight, 2)
    own = []
    module.one.register_forward_hook(lambda *_: own.append(1))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    flags = [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks)) for m in module.modules()]
    wants = [p.requires_grad for p in module.parameters()]
    network = cw.Network(module, cw.Preprocessing(size=32))
    rng = torch.get_rng_state()
    with torch.no_grad() if state == "no_grad" else torch.enable_grad():
        mode = torch.is_grad_enabled()
        RECIPES[recipe](network, cat)
        assert torch.is_grad_enabled() == mode
    assert torch.equal(torch.get_rng_state(), rng)
    assert [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks)) for m in module.modules()] == flags
    assert [p.requires_grad for p in module.parameters()] == wants
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert bool((module.one.weight.grad == 2).all())
    assert all(p.grad is None for name, p in module.named_parameters() if name != "one.weight")


@pytest.mark.parametrize("recipe", RECIPES)
def test_raw_values_lie_in_the_file_as_in_the_result(tangled, cat, recipe, tmp_path):
    """F5: whatever a recipe draws, its .npz holds the same floats, unscaled, with a name for each."""
    result = RECIPES[recipe](tangled, cat)
    with np.load(result.save(tmp_path / "a.npz")) as saved:
        for key, array in result.arrays().items():
            assert np.array_equal(saved[key], array, equal_nan=array.dtype.kind == "f")
        if "values" in saved:
            assert len(saved["names"]) == len(saved["values"])


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_twice_gives_the_same_bytes(tangled, cat, recipe):
    """F13: the picture and the page."""
    one, two = (RECIPES[recipe](tangled, cat) for _ in range(2))
    assert one._repr_png_() == two._repr_png_()
    assert one._repr_html_() == two._repr_html_()


def test_a_result_shows_itself_in_a_notebook(net, cat):
    """A2: as PNG at the photo's own size and as HTML that asks nothing of the web."""
    grid = cw.explain(net, cat, top=1)
    with Image.open(BytesIO(grid._repr_png_())) as picture:
        assert picture.width >= 2 * 451
        assert picture.height >= 300
    assert "http" not in grid._repr_html_().replace("http://www.w3.org/", "")


def test_a_map_lands_on_the_evidence_in_the_photo(tangled):
    """F4: what is drawn lies where it is in the ORIGINAL photo, through resize and crop."""
    torch.manual_seed(0)
    module = nn.Conv2d(3, 1, 3, padding=1)
    nn.init.ones_(module.weight)
    for settings in (cw.Preprocessing(size=64), cw.Preprocessing(size=64, fit="crop", crop_share=0.8)):
        pixels = np.zeros((200, 320, 3), np.uint8)
        pixels[120:132, 180:192] = 255
        network = cw.Network(module, settings)
        cell = cw.activations(network, cw.Picture(pixels), layer="conv2d", channels=[0]).rows[0][1]
        drawn = cell.placement.resample(cell.values, (200, 320))
        y, x = np.unravel_index(np.nanargmax(drawn), drawn.shape)
        assert abs(y + 0.5 - 126) <= 4
        assert abs(x + 0.5 - 186) <= 4
