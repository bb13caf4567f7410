"""Networks with several inputs: a map of each."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import GradCAM, InputXGradient, IntegratedGradients, LayerCAM, Saliency, SmoothGrad


class PhotoAndDepth(nn.Module):
    """A photo, its depth at another size, a kind (a whole number), and three measurements."""

    def __init__(self) -> None:
        super().__init__()
        self.photo, self.depth = nn.Conv2d(3, 4, 3), nn.Conv2d(1, 4, 3)
        self.kind, self.fc = nn.Embedding(5, 4), nn.Linear(7, 6)

    def forward(self, photo: Tensor, depth: Tensor, kind: Tensor, numbers: Tensor) -> Tensor:
        seen = torch.relu(self.photo(photo)).mean((2, 3)) * torch.tanh(self.depth(depth)).mean((2, 3))
        return self.fc(torch.cat([seen + self.kind(kind), numbers**2], 1))


NAMED = ["@input['photo']", "@input['depth']", "@input['numbers']"]
PLACED = ["@input[0]", "@input[1]", "@input[3]"]


@pytest.fixture
def net() -> cw.Network:
    torch.manual_seed(0)
    return cw.Network(PhotoAndDepth().double().eval())


@pytest.fixture
def inputs() -> dict[str, Tensor]:
    return {
        "photo": torch.randn(2, 3, 8, 9, dtype=torch.float64),
        "depth": torch.randn(2, 1, 5, 5, dtype=torch.float64),
        "kind": torch.tensor([3, 1]),
        "numbers": torch.randn(2, 3, dtype=torch.float64),
    }


def by_hand(net: cw.Network, inputs: dict[str, Tensor]) -> list[Tensor]:
    leaves = {k: v.clone().requires_grad_(v.is_floating_point()) for k, v in inputs.items()}
    score = net.module(**leaves)[[0, 1], [2, 5]].sum()
    return list(torch.autograd.grad(score, [leaves[k] for k in ("photo", "depth", "numbers")]))


QUESTION = cw.class_logit([2, 5])


@pytest.mark.parametrize(("how", "names"), [(dict, NAMED), (lambda i: tuple(i.values()), PLACED)])
def test_saliency_of_each(how, names, net, inputs):
    found = Saliency("none")(net, how(inputs), QUESTION)
    assert list(found) == names
    for one, right in zip(found.values(), by_hand(net, inputs), strict=True):
        torch.testing.assert_close(one, right)
    assert [m.shape[1] for m in Saliency()(net, how(inputs), QUESTION).values()] == [1, 1, 1]


def test_input_x_gradient_of_each(net, inputs):
    found = InputXGradient("none")(net, inputs, QUESTION)
    values = [inputs[k] for k in ("photo", "depth", "numbers")]
    for one, gradient, value in zip(found.values(), by_hand(net, inputs), values, strict=True):
        torch.testing.assert_close(one, gradient * value)


def test_without_noise_smooth_grad_is_saliency(net, inputs):
    found = SmoothGrad(samples=3, noise=0)(net, inputs, QUESTION)
    for name, right in Saliency()(net, inputs, QUESTION).items():
        torch.testing.assert_close(found[name], right)


def test_noise_differs_from_input_to_input():
    """Two inputs of one size must not be shaken alike."""
    images = torch.randn(1, 3, 6, 6)
    method = SmoothGrad(samples=1, noise=0.5)
    assert not torch.equal(method._noise(images, 0, 0), method._noise(images, 0, 1))


def test_all_inputs_walk_the_way_of_integrated_gradients_together(net, inputs):
    method = IntegratedGradients(steps=300, reduce="none")
    found = method(net, inputs, QUESTION)
    assert list(found) == NAMED
    with torch.no_grad():
        base = {k: torch.zeros_like(v) if v.is_floating_point() else v for k, v in inputs.items()}
        rise = (net.module(**inputs) - net.module(**base))[[0, 1], [2, 5]]
    total = sum(one.flatten(1).sum(1) for one in found.values())
    torch.testing.assert_close(total, rise, rtol=1e-3, atol=1e-5)
    error = method.completeness_error(net, inputs, QUESTION, found)
    torch.testing.assert_close(error, total - rise, rtol=1e-6, atol=1e-12)


def test_a_baseline_for_each_input(net, inputs):
    """An input whose baseline is itself stays where it is, and gets nothing."""
    method = IntegratedGradients(
        steps=20, baseline={"photo": 0.5, "depth": inputs["depth"], "numbers": torch.ones(3)}
    )
    found = method(net, inputs, QUESTION)
    assert not bool(found["@input['depth']"].any())
    assert bool(found["@input['photo']"].any())
    with pytest.raises(
        cw.BadSetting, match=r"baseline of @input\['numbers'\] must be a number.* got NoneType"
    ):
        IntegratedGradients(baseline={"photo": 0, "depth": 0})(net, inputs, QUESTION)
    with pytest.raises(cw.BadSetting, match=r"broadcasts to \(2, 1, 5, 5\), got \(4, 4\)"):
        IntegratedGradients(baseline=(0, torch.zeros(4, 4), 0, 0))(net, tuple(inputs.values()), QUESTION)


@pytest.mark.parametrize("method", [GradCAM("photo"), GradCAM("relu"), LayerCAM("photo")])
def test_a_layer_has_one_map_whatever_goes_in(method, net, inputs):
    found = method(net, inputs, QUESTION)
    assert found.shape == (2, 1, 6, 7)
    torch.testing.assert_close(method(net, tuple(inputs.values()), QUESTION), found)


def test_an_input_that_the_score_does_not_read_has_no_say(net, inputs):
    found = Saliency()(net, inputs, cw.channel("photo", 1))
    assert bool(found["@input['photo']"].any())
    assert not bool(found["@input['depth']"].any())
    assert found["@input['depth']"].shape == (2, 1, 5, 5)
    with pytest.raises(cw.UnknownLayer, match=r"no @input\['colour'\]. It has: @input\['photo'\]"):
        cw.capture(net, inputs, "@input['colour']")


def test_each_input_can_be_captured(net, inputs):
    found = cw.capture(net, tuple(inputs.values()), ["@input", "@input[1]", "@input[3]"])
    assert torch.equal(found["@input"], inputs["photo"])
    assert torch.equal(found["@input[1]"], inputs["depth"])
    assert torch.equal(found["@input[3]"], inputs["numbers"])


def test_the_inputs_are_left_as_they_were(net, inputs):
    before = {k: v.clone() for k, v in inputs.items()}
    for method in (Saliency(), IntegratedGradients(steps=3), SmoothGrad(samples=2)):
        method(net, inputs, QUESTION)
    assert all(torch.equal(before[k], v) and not v.requires_grad for k, v in inputs.items())
