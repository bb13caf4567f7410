"""The main job on real photos with a real network."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.attribution.best import best_map
from cutaway.network.zoo.googlenet import GoogLeNet
from cutaway.network.zoo.mobilenet_v2 import MobileNetV2
from cutaway.network.zoo.registry import ENTRIES
from cutaway.network.zoo.resnet import ResNet
from cutaway.view.heatmap import Heatmap
from cutaway.view.provenance import read as read_provenance


def heatmaps(grid: cw.Grid) -> list[Heatmap]:
    return [cell for row in grid.rows for cell in row if isinstance(cell, Heatmap)]


def top(grid: cw.Grid, photo: int = 0) -> list[dict]:
    return grid.provenance["photos"][photo]["top"]


@pytest.mark.parametrize(
    ("photo", "label", "least"),
    [("cat", "Egyptian cat", 0.5), ("coffee", "espresso", 0.95), ("camera", "tripod", 0.9)],
)
def test_real_photos_get_their_class(net, photo, label, least, request):
    """E8: the most probable class of a real photo, with its softmax probability."""
    best = top(cw.explain(net, request.getfixturevalue(photo)))[0]
    assert best["label"] == label
    assert best["probability"] >= least


def test_probabilities_are_softmax_of_the_logits_and_do_not_overflow(cat):
    """E8: logits of thousands still give probabilities that add up to one."""

    class Loud(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return 1e5 * self.conv(x).mean((2, 3))

    network = cw.Network(Loud(), cw.Preprocessing(size=32))
    found = top(cw.explain(network, cat, top=4))
    assert sum(one["probability"] for one in found) == pytest.approx(1)
    logits = cw.capture(network, network.prepare(cat), "@logits")["@logits"][0].double()
    shifted = torch.exp(logits - logits.max())
    wanted = (shifted / shifted.sum()).tolist()
    assert [one["probability"] for one in found] == pytest.approx([wanted[one["index"]] for one in found])


def test_the_right_map_is_found_in_the_four_networks():
    """E1: SqueezeNet, GoogLeNet, ResNet-18, MobileNet-v2: CAM by itself, on the last activation."""
    builds = {
        "squeezenet1_1": (ENTRIES["squeezenet1_1"].build, "relu10"),
        "googlenet": (GoogLeNet, "inception5b.cat"),
        "resnet18": (partial(ResNet, 18), "layer4.1.relu:2"),
        "mobilenet_v2_full": (MobileNetV2, "features.18.2"),
    }
    images = torch.zeros(1, 3, 64, 96)
    for name, (build, layer) in builds.items():
        entry = ENTRIES[name]
        network = cw.Network(build(), entry.preprocessing, renames=entry.renames, aliases=entry.aliases)
        method = best_map(network, images, cw.class_logit(0))[0]
        assert isinstance(method, cw.attribution.CAM), name
        assert method.grid(network, images) == layer


@pytest.mark.parametrize(
    ("name", "layers"), [("alexnet_full", "fc6, fc7, fc8"), ("vgg16_full", "fc6, fc7, fc8")]
)
def test_several_fully_connected_layers_are_refused_for_cam(name, layers):
    """E2: with the layers' names, and what to use instead; explain then takes Grad-CAM at the last activation."""
    entry = ENTRIES[name]
    with torch.device("meta"):
        module = entry.build()
    module = module.to_empty(device="cpu")
    for parameter in module.parameters():
        nn.init.constant_(parameter, 1e-4)
    network = cw.Network(module, entry.preprocessing, name=name, renames=entry.renames)
    images = torch.rand(1, 3, 224, 224)
    with pytest.raises(cw.UnsupportedMethod, match=f"3 fully connected layers \\({layers}\\). Use GradCAM"):
        cw.attribution.CAM()(network, images, cw.class_logit(0))
    method = best_map(network, images, cw.class_logit(0))[0]
    assert isinstance(method, cw.attribution.GradCAM)
    assert method.grid(network, images) == ("relu5" if name == "alexnet_full" else "relu5_3")


def test_aspect_is_kept_upright_and_lying(net, cat):
    """E5: the shortest side becomes the input size; a portrait's map is taller than wide."""
    lying = cw.explain(net, cat, top=1).values[0]
    upright = cw.explain(net, cw.Picture(np.ascontiguousarray(np.rot90(cat.pixels))), top=1).values[0]
    assert lying.shape == upright.shape[::-1]
    assert lying.shape[1] > lying.shape[0]


def test_a_larger_input_gives_a_finer_map(net, cat):
    """A4, E5: without another word, the map of a larger input has more places."""
    small, large = (cw.explain(net, cat, top=1, size=size).values[0] for size in (224, 448))
    assert large.size > 3 * small.size
    assert cw.explain(net, cat, top=1, size="photo").values[0].size > small.size


def test_the_map_is_the_class_channel_after_the_relu(net, cat):
    """E6, E7: SqueezeNet has no fully connected layer, so the class's own channel after the ReLU is the map."""
    grid = cw.explain(net, cat)
    found = cw.capture(net, net.prepare(cat), "relu_conv10")["relu_conv10"][0]
    for one, values in zip(grid.provenance["photos"][0]["drawn"], grid.values, strict=True):
        assert np.array_equal(values, found[one["index"]].numpy())
    assert grid.values.min() >= 0


def test_any_class_by_index_and_by_name(net, cat):
    """E9: the map of any class."""
    grid = cw.explain(net, cat, classes=["espresso", 282, "tiger shark"])
    assert [one["label"] for one in grid.provenance["photos"][0]["drawn"]] == [
        "espresso",
        "tiger cat",
        "tiger shark",
    ]
    with pytest.raises(cw.UnknownClass, match=r"'expresso' is not a class .* Closest: .*espresso"):
        cw.explain(net, cat, classes=["expresso"])
    with pytest.raises(cw.UnknownClass, match="classes 0 to 999, got 1000"):
        cw.explain(net, cat, classes=[1000])


def test_predicted_against_true(net, cat):
    """E9: both classes of a mistake in one call; one that is no mistake is told as such."""
    wrong = heatmaps(cw.explain(net, cat, true="tabby"))
    assert [cell.caption.split(":")[0] for cell in wrong] == ["predicted", "true"]
    right = heatmaps(cw.explain(net, cat, true="Egyptian cat"))
    assert right[0].caption.startswith("predicted and true: Egyptian cat")


def test_the_evidence_of_the_tripod_lies_on_the_tripod(net, camera):
    """F4: on the original photo: its strongest place is on the tripod, right of the middle and in the lower half."""
    cell = heatmaps(cw.explain(net, camera, top=1))[0]
    drawn = cell.placement.resample(cell.values, camera.size)
    y, x = np.unravel_index(np.nanargmax(drawn), drawn.shape)
    assert 250 < y < 512
    assert 250 < x < 420


def test_overlays_have_the_photos_own_size(net, cat):
    """A2: every map is drawn at the size of the photo, pixel by pixel."""
    assert all(cell.tile().size == (451, 300) for cell in heatmaps(cw.explain(net, cat)))


def test_several_photos_are_rows_and_can_share_one_scale(net, cat, coffee):
    grid = cw.explain(net, [cat, coffee], scale="shared")
    assert len(grid.rows) == 2
    assert len({cell.range for cell in heatmaps(grid)}) == 1
    own = cw.explain(net, [cat, coffee])
    assert len({cell.range for cell in heatmaps(own)}) == 2


def test_one_question_is_one_pass(net, cat):
    """Three classes cost one forward pass of the network."""
    cw.explain(net, cat)
    count = []
    handle = net.module.features[0].register_forward_hook(lambda *_: count.append(1))
    try:
        cw.explain(net, cat, top=3)
    finally:
        handle.remove()
    assert len(count) == 1


@pytest.mark.parametrize(
    "method", [cw.attribution.CAM(), cw.attribution.GradCAM(), cw.attribution.Saliency()]
)
def test_every_class_asked_at_once_is_as_asked_alone(net, cat, method):
    """The shared pass gives each class the map that it gets alone."""
    images = net.prepare(cat)
    for values, k in zip(cw.explain(net, cat, method=method).values, (285, 282, 281), strict=True):
        alone = method(net, images, cw.class_logit(k))[0, 0].numpy()
        assert np.abs(values - alone).max() <= 1e-5 * np.abs(alone).max()


def test_the_camshow_look(net, cat):
    """E11: available by name; the default is another."""
    assert cw.explain(net, cat, top=1, look="camshow").to_image().size[0] > 900
    with pytest.raises(cw.BadSetting, match="overlay"):
        cw.explain(net, cat, look="rainbow")


def test_the_user_s_network_is_left_as_found(cat):
    """F2: mode, gradients, hooks and random numbers are as before."""
    module = cw.load("squeezenet1_1").module.train()
    module.classifier[1].weight.grad = torch.ones_like(module.classifier[1].weight)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    network = cw.Network(module, cw.Preprocessing(size=64), classes=[str(k) for k in range(1000)])
    torch.manual_seed(3)
    state = torch.get_rng_state()
    cw.explain(network, cat)
    assert all(child.training for child in module.modules())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert bool((module.classifier[1].weight.grad == 1).all())
    assert torch.equal(state, torch.get_rng_state())
    assert not any(child._forward_hooks for child in module.modules())


def test_the_same_call_gives_the_same_bytes(net, cat, tmp_path):
    """F13: picture and numbers."""
    for name in ("one", "two"):
        grid = cw.explain(net, cat)
        grid.save(tmp_path / f"{name}.png")
        grid.save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with np.load(tmp_path / "one.npz") as one, np.load(tmp_path / "two.npz") as two:
        assert all(np.array_equal(one[key], two[key]) for key in one.files)


def test_raw_values_are_kept_and_where_they_come_from(net, cat, tmp_path):
    """F5: the .npz holds the maps to the bit, the PNG says what made it."""
    grid = cw.explain(net, cat)
    grid.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as saved:
        assert np.array_equal(saved["values"], grid.values)
        assert [name.split(" ")[0] for name in saved["names"]] == ["Egyptian", "tiger", "tabby"]
    told = read_provenance(grid.save(tmp_path / "a.png"))
    assert told["network"] == "squeezenet1_1"
    assert told["photos"][0]["top"][0]["index"] == 285


def test_what_has_no_classes_is_told(cat):
    network = cw.Network(nn.Conv2d(3, 4, 3), cw.Preprocessing(size=32), name="maps")
    with pytest.raises(cw.BadSetting, match=r"a class needs an output \(n, classes\)"):
        cw.explain(network, cat)
    with pytest.raises(cw.BadSetting, match="has no preprocessing"):
        cw.explain(cw.Network(nn.Conv2d(3, 4, 3)), cat)
    with pytest.raises(cw.BadSetting, match="at least one photo"):
        cw.explain(network, [])


def test_the_photo_on_the_sheet_is_the_photo(net, cat):
    """A2: read, explained and drawn, the photo has its own size and its own pixels."""
    assert cat.size == (300, 451)
    shown = cw.explain(net, cat, top=1).rows[0][0]
    assert isinstance(shown, cw.Picture)
    assert np.array_equal(shown.pixels, cat.pixels)
    assert "451 × 300 pixels" in shown.caption


def test_no_photo_is_resized_at_its_own_size(net, cat):
    """A4: size="photo" gives the network every pixel as it is, so its map is larger than any resized one's."""
    own = net.at("photo")
    images = own.prepare(cat)
    assert images.shape == (1, 3, 300, 451)
    assert np.array_equal(own.preprocessing.show(images)[0].pixels, cat.pixels)
    found = cw.capture(own, images, "relu_conv10")["relu_conv10"][0]
    grid = cw.explain(net, cat, size="photo")
    for one, values in zip(grid.provenance["photos"][0]["drawn"], grid.values, strict=True):
        assert np.array_equal(values, found[one["index"]].numpy())


def test_three_labels_with_their_probabilities(net, cat):
    """E8: the three most probable classes, best first, as an independent softmax in 64 bits has them."""
    grid = cw.explain(net, cat)
    with torch.no_grad():
        logits = net.module(net.prepare(cat).as_subclass(torch.Tensor))[0].numpy().astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    drawn = grid.provenance["photos"][0]["drawn"]
    assert [one["index"] for one in drawn] == list(np.argsort(-shares)[:3])
    assert [one["label"] for one in drawn] == [net.classes[one["index"]] for one in drawn]
    assert [one["probability"] for one in drawn] == pytest.approx(sorted(shares)[:-4:-1], rel=1e-4)
    assert sum(one["probability"] for one in drawn) <= 1
    for one, cell in zip(drawn, heatmaps(grid), strict=True):
        assert f"{one['label']} {100 * one['probability']:.1f} %" in cell.caption


def test_the_map_of_a_fully_connected_head_is_weighted_by_the_classes_row(cat):
    """E7: mean over space → W s + b → class; the map is the last activation weighted by that row of W."""
    torch.manual_seed(0)
    module = ResNet(18).eval()
    network = cw.Network(module, cw.Preprocessing(size=96), name="resnet18")
    grid = cw.explain(network, cat, classes=[7, 500])
    found = cw.capture(network, network.prepare(cat), ["layer4.1.relu:2", "@logits"])
    maps, logits = found["layer4.1.relu:2"][0].double(), found["@logits"][0].double()
    weight, bias = module.fc.weight.detach().double(), module.fc.bias.detach().double()
    for k, values in zip((7, 500), grid.values, strict=True):
        wanted = (weight[k][:, None, None] * maps).sum(0)
        assert np.abs(values - wanted.numpy()).max() <= 1e-4 * float(wanted.abs().max())
        assert float(values.mean() + bias[k]) == pytest.approx(float(logits[k]), abs=1e-4)


def test_grad_cam_takes_over_where_there_is_no_class_activation_map(cat):
    """E2: explain does not fail on such a network, it says that it used Grad-CAM."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 8), nn.ReLU()
    network = cw.Network(nn.Sequential(*layers, nn.Linear(8, 3)), cw.Preprocessing(size=48))
    grid = cw.explain(network, cat, top=2)
    assert grid.caption.startswith("GradCAM at 1.")
    with pytest.raises(cw.UnsupportedMethod, match="2 fully connected layers .* Use GradCAM"):
        cw.explain(network, cat, method=cw.attribution.CAM())


def test_an_upright_photo_has_an_upright_map(net, cat):
    """E5: turned by 90 degrees, the shortest side is the width; a larger size gives a finer map there too."""
    upright = cw.Picture(np.ascontiguousarray(np.rot90(cat.pixels)))
    assert net.prepare(upright).shape == (1, 3, 337, 224)
    small, large = (cw.explain(net, upright, top=1, size=size) for size in (224, 448))
    assert small.values.shape == (1, 21, 13)
    assert large.values.shape == (1, 42, 27)
    assert heatmaps(small)[0].tile().size == (300, 451)


def test_the_camshow_look_by_its_recipe(net, cat):
    """E11: resized, min–max, below 0.2 to zero, jet times a ramp, plus gray at half brightness, min–max again."""
    cell = heatmaps(cw.explain(net, cat, top=1, look="camshow"))[0]
    drawn = np.asarray(cell.tile()).astype(float)
    resized = cell.placement.resample(cell.values, cat.size).astype(float)
    unit = (resized - resized.min()) / (resized.max() - resized.min())
    unit[unit < 0.2] = 0
    level = np.arange(256) / 255
    jet = np.stack([np.clip(1.5 - np.abs(4 * level - peak), 0, 1) for peak in (3, 2, 1)], -1)
    gray = cat.pixels @ np.array([0.299, 0.587, 0.114]) / 255
    wanted = (jet * level[:, None])[np.rint(unit * 255).astype(int)] + gray[..., None] / 2
    wanted = 255 * (wanted - wanted.min()) / (wanted.max() - wanted.min())
    assert np.abs(drawn - wanted).mean() < 2
    assert np.abs(drawn - wanted).max() < 12  # the classical jet has 255 colours, this one 256


def test_the_look_by_default_leaves_the_photo_recognisable(net, cat):
    """E11: beside CAMshow stands a default that brightens with the evidence and keeps the photo where there is none."""
    cell = heatmaps(cw.explain(net, cat, top=1))[0]
    drawn = np.asarray(cell.tile()).astype(float)
    unit = cell.range.unit(cell.placement.resample(cell.values, cat.size))
    quiet, loud = unit < 0.02, unit > 0.9
    assert np.abs(drawn[loud] - cat.pixels[loud]).mean() > 25
    brightness = drawn @ np.array([0.299, 0.587, 0.114])
    before = cat.pixels @ np.array([0.299, 0.587, 0.114])
    assert np.corrcoef(brightness[quiet], before[quiet])[0, 1] > 0.95


def test_the_code_of_a_sheet_makes_it_again(net, cat):
    """F13: the line of Python in the provenance gives the same numbers."""
    for settings in (
        {},
        {"classes": ["espresso", 3], "size": 160},
        {"method": cw.attribution.GradCAM("fire5")},
    ):
        grid = cw.explain(net, cat, **settings)
        again = eval(grid.code(), {"cutaway": cw})
        assert again.names == grid.names
        assert np.array_equal(again.values, grid.values)


def test_classes_and_the_true_class_are_two_questions(net, cat):
    """E9: asked for both, it says so instead of forgetting one."""
    with pytest.raises(cw.BadSetting, match="give classes or true, not both"):
        cw.explain(net, cat, classes=[3], true="tabby")


def small(*ends: nn.Module, outputs: int = 3, **settings) -> cw.Network:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, outputs)
    return cw.Network(nn.Sequential(*layers, *ends), cw.Preprocessing(size=48), **settings)


def test_labels_that_do_not_exclude_each_other_have_probabilities_of_their_own(cat):
    """E8: a network that ends in a sigmoid says each label's own probability, before which its logits are explained."""
    network = small(nn.Sigmoid(), classes=["fur", "eyes", "snow"])
    grid = cw.explain(network, cat)
    with torch.no_grad():
        wanted = network.module(network.prepare(cat))[0].tolist()
    assert {one["index"]: one["probability"] for one in top(grid)} == pytest.approx(dict(enumerate(wanted)))
    same = small(classes=["fur", "eyes", "snow"])
    assert np.allclose(grid.values, cw.explain(same, cat).values)


def test_a_single_number_is_a_score_not_a_probability(cat):
    """E8: one output is not "100 %"."""
    grid = cw.explain(small(outputs=1, classes=["price"]), cat)
    (one,) = top(grid)
    assert one["probability"] is None
    assert isinstance(one["score"], float)
    assert "price: score" in heatmaps(grid)[0].caption
    assert "%" not in heatmaps(grid)[0].caption.splitlines()[0]


class Turned(nn.Module):
    """Ends as CAM wants by its graph, but compares directions: weights and features are normalised on their way."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 6, 5), nn.Linear(6, 3, bias=False)

    def forward(self, x):
        pooled = torch.relu(self.conv(x)).mean((2, 3))
        return 16 * nn.functional.linear(pooled, nn.functional.normalize(self.fc.weight, dim=1))


def test_explain_goes_on_with_grad_cam_where_cams_numbers_do_not_hold(cat):
    torch.manual_seed(0)
    network = cw.Network(Turned(), cw.Preprocessing(size=48))
    assert isinstance(best_map(network, network.prepare(cat), cw.class_logit(0))[0], cw.attribution.GradCAM)
    assert cw.explain(network, cat).caption.startswith("GradCAM")
    with pytest.raises(cw.UnsupportedMethod, match="Use GradCAM"):
        cw.explain(network, cat, method="cam")


@pytest.mark.parametrize(
    "classes",
    [285, "Egyptian cat", np.int64(285), torch.tensor(285), [285], (np.int64(285),), np.array([285])],
)
def test_one_class_may_be_given_alone(net, cat, classes):
    (one,) = cw.explain(net, cat, classes=classes).provenance["photos"][0]["drawn"]
    assert one["index"] == 285


@pytest.mark.parametrize("method", ["grad-cam", "GradCAM", cw.attribution.GradCAM, cw.attribution.GradCAM()])
def test_a_method_by_name_class_or_value(net, cat, method):
    assert cw.explain(net, cat, top=1, method=method).caption.startswith("GradCAM")


def test_photos_of_every_kind(net, cat, tmp_path):
    from PIL import Image

    path = cat.save(tmp_path / "cat.png")
    kinds = [path, str(path), path.read_bytes(), cat.pixels, Image.fromarray(cat.pixels), [cat]]
    wanted = cw.explain(net, cat, top=1).values
    for photo in kinds:
        assert np.array_equal(cw.explain(net, photo, top=1).values, wanted)
        assert torch.equal(net.prepare(photo), net.prepare(cat))
    assert np.array_equal(cw.explain("squeezenet1_1", cat, top=1).values, wanted)


def test_what_cannot_be_asked_is_told(net, cat):
    with pytest.raises(cw.BadSetting, match="bare module.*cutaway.Network"):
        cw.explain(net.module, cat)
    with pytest.raises(cw.BadSetting, match="at most 25, got 5000"):
        cw.explain(net, cat, top=5000)
    with pytest.raises(cw.BadSetting, match="GB .* give a smaller size"), cw.memory("100M"):
        cw.explain(net, cat, size=5000)
    with pytest.raises(cw.BadSetting, match="2 class names, and its output has 3 classes"):
        cw.explain(small(classes=["a", "b"]), cat)
    with pytest.raises(cw.BadSetting, match="a list with a name for each output"):
        cw.Network(nn.ReLU(), classes="abc")


class Several(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 6, 5), nn.Linear(6, 3)

    def forward(self, x):
        pooled = torch.relu(self.conv(x)).mean((2, 3))
        return {"logits": self.fc(pooled), "features": pooled}


@pytest.mark.parametrize("output", ["logits", "@output['logits']"])
def test_one_of_several_outputs(cat, output):
    torch.manual_seed(0)
    network = cw.Network(Several(), cw.Preprocessing(size=48))
    assert cw.explain(network, cat, output=output).caption.startswith("GradCAM")
    with pytest.raises(cw.UnsupportedMethod, match="Use GradCAM"):
        cw.explain(network, cat, output=output, method="cam")


def test_colours_of_a_projection_are_drawn_on_a_tile_of_the_photos_size(net, cat):
    """E13: methods that answer in colours stand beside those that answer in one number."""
    grid = cw.explain(net, cat, top=1, method="guided-backprop")
    cell = grid.rows[0][1]
    assert cell.size == cat.size
    raw = cw.attribution.GuidedBackprop()(net, net.prepare(cat), cw.class_logit(285))[0].permute(1, 2, 0)
    assert np.allclose(cell.values, raw.numpy())


def test_occlusion_of_three_classes_runs_each_position_once(net, cat):
    """C8, E13: asked for three classes at once the maps are those asked for alone."""
    method = cw.attribution.Occlusion(size=64, stride=64)
    grid = cw.explain(net, cat, method=method)
    images = net.prepare(cat)
    for values, k in zip(grid.values, (285, 282, 281), strict=True):
        alone = method(net, images, cw.class_logit(k))[0, 0].numpy()
        assert np.allclose(values, alone, atol=1e-4)


@pytest.mark.parametrize("method", ["integrated-gradients", "smooth-grad"])
def test_the_photo_says_its_classes_whatever_else_the_method_shows(cat, method):
    """These methods show the network darker or noisy images; the classes are still those of the photo."""
    kind = cw.attribution.METHODS[method]
    quick = kind(steps=2) if method == "integrated-gradients" else kind(samples=2)
    net = cw.load("squeezenet1_1")
    plain, found = (cw.explain(net, cat, method=one, size=96, top=2) for one in (None, quick))
    assert found.provenance["photos"][0]["drawn"] == plain.provenance["photos"][0]["drawn"]
    k = found.provenance["photos"][0]["drawn"][1]["index"]
    images = net.at(96).prepare(cw.read(cat))
    torch.testing.assert_close(
        torch.tensor(found.values[1]), quick(net, images, cw.class_logit(k))[0, 0], rtol=1e-4, atol=1e-6
    )
