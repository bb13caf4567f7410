"""The generator and what searches through it: images that can be shown, codes within bounds, files that fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway as cw
from cutaway.network.fingerprint import fingerprint
from cutaway.synthesis import Adam, FeatureCode, Generator, ascend
from cutaway.synthesis.parametrization.generator_file import read_generator, write_generator
from tests.synthesis.networks import small


def ready(code=(4, 6, 6), size=(24, 24), seed=0) -> Generator:
    generator = Generator(code, size, width=16, seed=seed)
    drawn = torch.randn(9, *code, generator=torch.Generator().manual_seed(seed))
    generator.learn_range(drawn * 2 + 1)
    return generator.eval()


@pytest.mark.parametrize("code", [(4, 1, 1), (4, 3, 5), (4, 7, 7), (4, 40, 30)])
@pytest.mark.parametrize("size", [(8, 8), (33, 20), (64, 64)])
def test_images_have_the_size_and_can_be_shown(code, size):
    generator = Generator(code, size, width=8)
    images = generator(50 * torch.randn(2, *code, generator=torch.Generator().manual_seed(0))).detach()
    assert images.shape == (2, 3, *size)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert float(images.std()) > 0.01


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one = Generator((4, 3, 3), (16, 16), width=8, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    again, other = (Generator((4, 3, 3), (16, 16), width=8, seed=seed) for seed in (1, 2))
    assert torch.equal(one.mix.weight, again.mix.weight)
    assert not torch.equal(one.mix.weight, other.mix.weight)


def test_range_is_mean_and_three_deviations_by_hand():
    generator = Generator((3, 1, 2), (8, 8), width=4)
    features = torch.tensor([[[0.0, 4.0]], [[-1.0, 1.0]], [[5.0, 5.0]]])[None]
    generator.learn_range(features)
    assert torch.allclose(generator.mean, torch.tensor([2.0, 0.0, 5.0]))
    assert torch.allclose(
        generator.deviation, torch.tensor([2.0, 1.0, 0.002])
    )  # the last is never divided by 0
    assert torch.allclose(generator.high, torch.tensor([8.0, 3.0, 5.0]))
    assert torch.allclose(
        generator.low, torch.tensor([0.0, -3.0, 0.0])
    )  # no feature of the second is negative


def test_a_prior_rises_and_stays_within_its_bounds():
    net, generator = small(), ready()
    code = FeatureCode.noise(generator, 2, seed=0)
    before = [p.clone() for p in generator.parameters()]
    made = ascend(net, cw.channel("2", 1), code, steps=40, optimizer=Adam(0.2))
    assert bool((made.history[-1] > made.history[0] + 0.05).all())
    found = generator.features(code.parameters()[0].detach())
    assert bool((found >= generator.low.view(1, -1, 1, 1) - 1e-5).all())
    assert bool((found <= generator.high.view(1, -1, 1, 1) + 1e-5).all())
    reached = (found - generator.high.view(1, -1, 1, 1)).abs() < 1e-5
    assert bool(reached.any())  # the bounds do hold something back
    assert 0 <= float(made.images.min()) <= float(made.images.max()) <= 1
    assert all(torch.equal(a, b) for a, b in zip(generator.parameters(), before, strict=True))
    assert not any(p.requires_grad for p in generator.parameters())


def test_an_image_is_the_same_alone_and_among_others():
    generator = ready()
    both, alone = FeatureCode.noise(generator, 2, seed=4), FeatureCode.noise(generator, 1, seed=5)
    assert torch.equal(both.parameters()[0][1], alone.parameters()[0][0])
    assert torch.allclose(both.images()[1], alone.images()[0], atol=1e-6)


def test_features_of_a_photo_come_back_as_they_are():
    generator = ready()
    features = torch.rand(2, 4, 6, 6, generator=torch.Generator().manual_seed(1)) * 2
    code = FeatureCode.of(generator, features)
    assert torch.allclose(code.images(), generator(features), atol=1e-6)
    with pytest.raises(cw.BadSetting, match="code"):
        FeatureCode.of(generator, torch.zeros(1, 4, 5, 5))


def test_regularizers_of_pixels_are_refused():
    from cutaway.synthesis import L2Decay

    code = FeatureCode.noise(ready(), 1)
    with pytest.raises(cw.BadSetting, match="FeatureCode has none"):
        ascend(small(), cw.channel("2", 1), code, steps=1, regularizers=[L2Decay()])


def test_file_gives_the_generator_back(tmp_path):
    net, generator, path = small(), ready(), tmp_path / "a.safetensors"
    about = {"network": net.name, "weights": fingerprint(net.module), "layer": "2", "photos": 9}
    write_generator(path, generator, about)
    again, told = read_generator(path, net)
    assert told == about
    code = torch.randn(1, 4, 6, 6)
    assert torch.equal(again(code), generator(code))
    assert torch.equal(again.high, generator.high)


@pytest.mark.parametrize("wrong", ["none", "network", "weights", "cut", "text", "checkpoint"])
def test_a_file_that_does_not_fit_is_refused(wrong, tmp_path):
    net, path = small(), tmp_path / "a.safetensors"
    about = {"network": net.name, "weights": fingerprint(net.module), "layer": "2"}
    words = {
        "none": "there is no file",
        "network": "was trained for small .*not for squeezenet1_1 .*Train another",
        "weights": "was trained for small .*not for small",
        "cut": "damaged",
        "text": "damaged, or no .safetensors file",
        "checkpoint": "is no generator: train one with cutaway invert-generator",
    }
    if wrong != "none":
        write_generator(path, ready(), about)
    if wrong == "network":
        net = cw.load("squeezenet1_1")
    elif wrong == "weights":
        with torch.no_grad():
            net.module[0].bias += 1
    elif wrong == "cut":
        path.write_bytes(path.read_bytes()[:-99])
    elif wrong == "text":
        path.write_text("a generator")
    elif wrong == "checkpoint":
        from cutaway.network.tensor_file import write_tensors

        write_tensors(path, {"a": torch.ones(1)}, {"kind": "training"})
    with pytest.raises(cw.WeightsUnavailable, match=words[wrong]):
        read_generator(path, net)


def test_wrong_shapes_are_refused():
    for code, size in [((4, 3), (8, 8)), ((4, 3, 3), (8,)), ((4, 3, 0), (8, 8))]:
        with pytest.raises(cw.BadSetting, match="a generator needs"):
            Generator(code, size)


def test_it_learns_to_invert_a_layer():
    """A convolution that only mixes colours can be undone: the photo comes back."""
    from cutaway.training.fit import fit

    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 6, 4, 4)
    photos = torch.rand(200, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    photos = torch.nn.functional.interpolate(photos, (16, 16), mode="bilinear")
    with torch.no_grad():
        codes = layer(photos)
    generator = Generator((6, 4, 4), (16, 16), width=24)
    generator.learn_range(codes)

    def loss(module, numbers, step):
        return {"pixels": (module(codes[numbers]) - photos[numbers]).square().mean()}

    def some(step):
        return torch.from_numpy(np.random.default_rng(step).integers(0, 184, 8))

    fit(generator, some, loss, steps=250, rate=5e-3)
    with torch.no_grad():
        held = (generator(codes[184:]) - photos[184:]).square().mean()
    assert float(held) < 0.2 * float(photos.var())
