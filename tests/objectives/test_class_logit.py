"""A class's score: the logit before the softmax, and the probability after it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cutaway.attribution.input_x_gradient import InputXGradient
from cutaway.attribution.saliency import Saliency
from cutaway.errors import BadSetting, UnknownClass, UnknownLayer
from cutaway.network.capture import capture
from cutaway.network.network import Network
from cutaway.objectives.class_logit import class_logit, class_probability
from cutaway.objectives.target import as_objective
from cutaway.recipes.answer import Answer


@pytest.fixture
def images():
    return torch.randn(2, 3, 4, 4)


class Tags(nn.Module):
    """Two outputs, the second with a sigmoid of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(48, 3), nn.Linear(48, 5)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"kind": self.one(x.flatten(1)), "tags": self.two(x.flatten(1)).sigmoid()}


def linear(*ends: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 5), *ends).eval()


def test_the_logit_is_before_the_softmax(images):
    net = linear(nn.Softmax(1))
    found = capture(Network(net), images, ["@logits"])
    torch.testing.assert_close(class_logit(2).score(found), net[1](net[0](images))[:, 2].detach())
    probability = as_objective(Network(net), images, class_probability(2))
    torch.testing.assert_close(probability.score(found), net(images)[:, 2].detach())


def test_a_probability_is_what_the_network_itself_makes_of_its_logits(images):
    """A sigmoid's own, one of several outputs' too, else a softmax's; also inside a sum."""
    free, soft = linear(nn.Sigmoid()), linear()
    for net, right in ((free, free(images)[:, 2]), (soft, soft(images).softmax(1)[:, 2])):
        maps = InputXGradient()(Network(net), images, 2 * class_probability(2))
        leaf = images.clone().requires_grad_(True)
        again = net(leaf)[:, 2] if net is free else net(leaf).softmax(1)[:, 2]
        (gradient,) = torch.autograd.grad(2 * again.sum(), leaf)
        torch.testing.assert_close(maps, (gradient * leaf).sum(1, keepdim=True).detach())
        asked = as_objective(Network(net), images, class_probability(2))
        torch.testing.assert_close(asked.score(capture(Network(net), images, asked.layers)), right.detach())


def test_the_probability_of_one_of_several_outputs(images):
    net = Network(Tags())
    for output, right in (
        ("kind", net.module(images)["kind"].softmax(1)),
        ("tags", net.module(images)["tags"]),
    ):
        asked = as_objective(net, images, class_probability(1, output))
        found = capture(net, images, asked.layers)
        torch.testing.assert_close(asked.score(found), right[:, 1].detach())
    logit = capture(net, images, "@logits['tags']")["@logits['tags']"]
    torch.testing.assert_close(logit, net.module.two(images.flatten(1)).detach())


def test_a_class_alone_asks_for_its_logit(images):
    net = Network(linear(), classes=["ant", "bee", "cat", "dog", "eel"])
    right = Saliency()(net, images, class_logit(2))
    for target in (2, "cat", np.int64(2), torch.tensor(2), [2, 2], torch.tensor([2, 2])):
        assert torch.equal(Saliency()(net, images, target), right)
    with pytest.raises(BadSetting, match=r"its number or its name.*class_logit\(285\), got 2.5"):
        as_objective(net, images, 2.5)
    with pytest.raises(UnknownClass):
        Saliency()(net, images, "cow")


def test_probabilities_are_no_layer(images):
    with pytest.raises(UnknownLayer, match="as_objective"):
        capture(Network(linear()), images, "@probabilities")


def test_one_class_per_image(images):
    found = capture(Network(linear()), images, ["@logits"])
    logits = found["@logits"]
    assert torch.equal(class_logit([4, 0]).score(found), torch.stack([logits[0, 4], logits[1, 0]]))
    torch.testing.assert_close(
        as_objective(Network(linear()), images, class_probability([4, 0])).score(found),
        torch.stack([logits.softmax(1)[0, 4], logits.softmax(1)[1, 0]]),
    )


@pytest.mark.parametrize("make", [class_logit, class_probability])
def test_what_is_not_there_is_refused(make, images):
    found = capture(Network(linear()), images, ["@logits"])
    found["@probabilities"] = found["@logits"]
    with pytest.raises(UnknownClass, match="classes 0 to 4, got 5"):
        make(5).score(found)
    with pytest.raises(UnknownClass, match="got -1"):
        make(-1).score(found)
    with pytest.raises(BadSetting, match="3 classes were given for a batch of 2 images"):
        make([0, 1, 2]).score(found)
    shaped = capture(Network(nn.Conv2d(3, 4, 3)), images, "@logits")["@logits"]
    with pytest.raises(BadSetting, match=r"needs an output \(n, classes\), got \(2, 4, 2, 2\)"):
        make(0).score({"@logits": shaped, "@probabilities": shaped})


@pytest.mark.parametrize("make", [class_logit, class_probability])
def test_no_class_at_all_is_told(make):
    with pytest.raises(BadSetting, match="no class was given"):
        make([])


class Auxiliary(nn.Module):
    def __init__(self, named: bool) -> None:
        super().__init__()
        self.one, self.two, self.named = nn.Linear(48, 3), nn.Linear(48, 5), named

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor] | dict[str, Tensor]:
        flat = x.flatten(1)
        found = self.one(flat), self.two(flat)
        return {"aux": found[0], "out": found[1]} if self.named else found


@pytest.mark.parametrize(("named", "output"), [(False, 1), (True, "out")])
def test_one_of_several_outputs(named, output, images):
    net = Auxiliary(named)
    objective = class_logit(4, output=output)
    found = capture(Network(net), images, list(objective.layers))
    assert torch.equal(objective.score(found), net.two(images.flatten(1))[:, 4].detach())


@pytest.mark.parametrize(
    "index", [2, np.int64(2), np.array(2), torch.tensor(2)], ids=["int", "numpy", "array", "torch"]
)
def test_a_class_is_any_whole_number(index):
    """As `argmax` gives it, in whatever package."""
    scores = {"@logits": torch.arange(10.0).view(2, 5)}
    assert class_logit(index).score(scores).tolist() == [2, 7]
    assert class_logit(index).name == "logit of class 2"
    assert class_logit([index, 0]).score(scores).tolist() == [2, 5]
    assert class_logit([index, 0]).name == "logit of class 2, 0"


@pytest.mark.parametrize("indices", [np.array([2, 0]), torch.tensor([2, 0])], ids=["numpy", "torch"])
def test_classes_are_any_whole_numbers(indices):
    scores = {"@logits": torch.arange(10.0).view(2, 5)}
    assert class_logit(indices).score(scores).tolist() == [2, 5]
    assert class_logit(indices).name == "logit of class 2, 0"


def test_a_named_output_that_ends_in_a_sigmoid_is_squashed_once(images):
    net = Network(Tags())
    answer = Answer.asked(net, images[:1], "tags")
    assert answer.probability(3) == pytest.approx(net.module(images[:1])["tags"][0, 3].item(), abs=1e-6)
