"""How far maps may be believed: numbers by hand, and numbers that tell good maps from bad ones."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

import cutaway as cw
from cutaway.attribution import CAM, GradCAM, Saliency
from cutaway.attribution.deletion import _blurred, areas, random_order
from cutaway.attribution.randomisation import randomised_similarity, rank_correlation
from cutaway.attribution.trust import Trust, on_pixels, trust
from cutaway.network.network import INPUT


@pytest.fixture(scope="module")
def real():
    net = cw.load("squeezenet1_1").at(128)
    return net, net.prepare("examples/photos/coffee.png").as_subclass(torch.Tensor)


@dataclass(frozen=True)
class Edges:
    """Shows edges of the image, whatever the network is: what a randomisation test is to find out."""

    def __call__(self, network, images, objective):
        gray = images.mean(1, keepdim=True)
        return nn.functional.pad((gray[..., 1:] - gray[..., :-1]).abs(), (0, 1))

    def grid(self, network, images):
        return INPUT


@dataclass(frozen=True)
class Upside:
    """A map turned against itself: the least important first."""

    method: object

    def __call__(self, network, images, objective):
        return -self.method(network, images, objective)

    def grid(self, network, images):
        return self.method.grid(network, images)


def test_a_map_in_numbers():
    maps = torch.zeros(1, 1, 4, 5)
    maps[0, 0, 0, :2] = torch.tensor([3.0, -1.0])
    net, images = cw.Network(nn.Flatten()), torch.ones(1, 1, 4, 5)
    (found,) = trust(net, images, cw.class_logit(1), Saliency(), maps)
    assert found.zeros == 0.9
    assert found.top_tenth == 1.0
    assert str(found) == "zeros 90 % · top tenth 100 %"
    assert found.told() == {"zeros": 0.9, "top_tenth": 1.0}
    (flat,) = trust(net, images, cw.class_logit(1), Saliency(), torch.zeros(1, 1, 4, 5))
    assert str(flat) == "flat: this map says nothing"


def test_inside_a_box():
    maps = torch.zeros(1, 1, 4, 4)
    maps[0, 0, 1, 1], maps[0, 0, 3, 3], maps[0, 0, 0, 3] = 3.0, 1.0, -50.0
    net, images = cw.Network(nn.Flatten()), torch.ones(1, 1, 4, 4)
    for box, pointing, energy in (((0, 0, 2, 2), 1, 0.75), ((2, 2, 4, 4), 0, 0.25), ((0, 0, 4, 4), 1, 1)):
        (found,) = trust(net, images, cw.class_logit(1), Saliency(), maps, box=box)
        assert (found.pointing, found.energy) == (pointing, energy)
    with pytest.raises(cw.BadSetting, match="does not lie in an image of 4 × 4"):
        trust(net, images, cw.class_logit(1), Saliency(), maps, box=(0, 0, 5, 4))


def test_deletion_and_insertion_are_a_loop(real):
    net, images = real
    order = random_order(*images.shape[2:], seed=4)
    objective = cw.class_probability(967)
    deletion, insertion = areas(net, images, 0, objective, order, steps=8)
    ranked = order.flatten().argsort(descending=True, stable=True)
    curves = {"deletion": [], "insertion": []}
    for k in range(9):
        some = ranked[: round(len(ranked) * k / 8)]
        gone, back = images.clone(), _blurred(images)
        gone.flatten(2)[:, :, some] = 0
        back.flatten(2)[:, :, some] = images.flatten(2)[:, :, some]
        with torch.no_grad():
            for name, image in (("deletion", gone), ("insertion", back)):
                curves[name].append(float(net.module(image).softmax(1)[0, 967]))
    for name, area in (("deletion", deletion), ("insertion", insertion)):
        values = curves[name]
        by_hand = sum((a + b) / 2 for a, b in pairwise(values)) / 8 / curves["deletion"][0]
        assert area == pytest.approx(by_hand, rel=1e-3)
    with cw.memory("32M"):
        assert areas(net, images, 0, objective, order, steps=8) == pytest.approx(
            (deletion, insertion), rel=1e-4
        )


def test_a_good_map_deletes_faster_than_chance_and_its_opposite_slower(real):
    net, images = real
    objective = cw.class_probability(967)
    results = {}
    for name, method in {"good": GradCAM(), "opposite": Upside(GradCAM(relu=False))}.items():
        maps = method(net, images, cw.class_logit(967))
        results[name] = trust(net, images, objective, method, maps, full=True)[0]
    good, opposite = results["good"], results["opposite"]
    assert good.deletion < good.deletion_random < opposite.deletion
    assert good.insertion > opposite.insertion
    assert "deletion" in str(good)


def test_randomised_weights_tell_maps_of_the_network_from_maps_of_the_image(real):
    net, images = real
    objective = cw.class_logit(967)
    state = copy.deepcopy(net.module.state_dict())
    alike = {}
    for method in (Edges(), GradCAM(), Saliency()):
        maps = method(net, images, objective)
        (alike[type(method).__name__],) = randomised_similarity(net, images, objective, method, maps)
    assert alike["Edges"] == pytest.approx(1)
    assert alike["GradCAM"] < 0.6
    assert alike["Saliency"] < 0.6
    assert all(torch.equal(value, state[name]) for name, value in net.module.state_dict().items())


def test_rank_correlation_is_spearmans():
    torch.manual_seed(0)
    one, two = torch.randn(300), torch.randint(0, 5, (300,)).float()
    assert rank_correlation(one, two) == pytest.approx(spearmanr(one, two).statistic, abs=1e-9)
    assert rank_correlation(two, two) == pytest.approx(1)
    assert rank_correlation(one, torch.zeros(300)) == 0


def test_saturated_scores_are_found():
    torch.manual_seed(0)
    images = torch.rand(2, 3, 4, 4) + 0.5

    class Level(nn.Module):
        def forward(self, x):
            return torch.tanh(x.sum((1, 2, 3)) / 8)[:, None]

    from cutaway.attribution.saturation import saturation

    flat = saturation(cw.Network(Level()), images, cw.class_logit(0))
    assert all(level < 0.1 for level in flat)


def test_maps_come_to_the_pixels_unit_by_unit(real):
    net, images = real
    method = CAM()
    maps = method(net, images, cw.class_logit(967))
    large = on_pixels(net, images, method, maps[0])
    assert large.shape == images.shape[2:]
    y, x = divmod(int(maps[0, 0].argmax()), maps.shape[3])
    top, left, bottom, right = net.layer("relu10", images).field.box(y, x)
    v, u = divmod(int(large.argmax()), large.shape[1])
    assert top <= v < bottom
    assert left <= u < right


def test_the_same_seed_gives_the_same_numbers(real):
    net, images = real
    method, objective = GradCAM(), cw.class_probability(967)
    maps = method(net, images, objective)
    one, two = (trust(net, images, objective, method, maps, full=True, seed=3) for _ in range(2))
    assert one == two
    assert isinstance(one[0], Trust)
