"""What a network or a person may come with, and the word that it gets for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from cutaway.errors import BadSetting, UnknownClass, UnknownLayer, UnsupportedNetwork
from cutaway.network.capture import capture, differentiate
from cutaway.network.network import Network


@pytest.fixture
def images() -> Tensor:
    return torch.randn(2, 3, 8, 8)


def conv() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())


class OneImage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if len(x) > 1:
            raise ValueError("one image at a time")
        return F.relu(x)


def test_a_network_that_fails_only_after_it_was_traced(images):
    """The trace is of one image; what goes wrong with two is told in words as well."""
    network = Network(OneImage())
    assert capture(network, images[:1], "relu")["relu"].shape == (1, 4, 6, 6)
    for use in (
        lambda: capture(network, images, "relu"),
        lambda: differentiate(network, images, lambda a: a["relu"].sum((1, 2, 3)), ["relu"], ["conv"]),
    ):
        with pytest.raises(
            UnsupportedNetwork, match=r"input of \(2, 3, 8, 8\): ValueError: one image at a time"
        ) as told:
            use()
        assert isinstance(told.value.__cause__, ValueError)
    assert capture(network, images, "conv")["conv"].shape == (2, 4, 6, 6)


def test_weights_without_numbers(images):
    with pytest.raises(UnsupportedNetwork, match=r"'0.weight' has no numbers .* meta device"):
        capture(Network(conv().to("meta")), images, "0")


def test_layers_without_a_size():
    lazy = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU())
    with pytest.raises(UnsupportedNetwork, match=r"'0.weight' has no size yet.*Run the network once"):
        Network(lazy)
    assert isinstance(lazy[0], nn.LazyConv2d)


@dataclass
class Answer:
    logits: Tensor


class Answers(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.conv, self.kind = nn.Conv2d(3, 4, 3), kind

    def forward(self, x: Tensor) -> Any:
        y = self.conv(x)
        return {"dataclass": Answer(y), "none": None, "whole numbers": y.argmax(1)}[self.kind]


@pytest.mark.parametrize(
    ("kind", "word"), [("dataclass", "Answer"), ("none", "NoneType"), ("whole numbers", "Tensor")]
)
def test_outputs_that_hold_no_floating_tensor(kind, word, images):
    network = Network(Answers(kind))
    with pytest.raises(UnknownLayer, match=f"returns {word}: no floating tensor"):
        capture(network, images, "@output")
    assert capture(network, images, "conv")["conv"].shape == (2, 4, 6, 6)


def test_no_image_or_one_without_a_batch():
    with pytest.raises(BadSetting, match=r"with something in it, got one of shape \(0, 3, 8, 8\)"):
        capture(Network(conv()), torch.zeros(0, 3, 8, 8), "0")
    with pytest.raises(
        UnsupportedNetwork, match=r"An image alone is no batch \(n,c,h,w\): give images\[None\]"
    ):
        capture(Network(conv()), torch.zeros(3, 9, 8), "0")


def test_one_input_where_there_are_two():
    class Both(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x + y

    with pytest.raises(UnsupportedNetwork, match=r"a tuple of tensors.*Network\(module, example=…\)"):
        capture(Network(Both()), torch.zeros(1, 3, 8, 8), "@output")


def test_a_single_number_is_no_image():
    with pytest.raises(BadSetting, match="single number"):
        capture(Network(conv()), torch.tensor(1.0), "0")


@pytest.mark.parametrize(
    "score",
    [
        lambda a: a["1"].mean((2, 3)),
        lambda a: a["1"].sum(),
        lambda a: 1.0,
        lambda a: a["1"].sum((1, 2, 3))[:1],
    ],
    ids=["per channel", "of the batch", "no tensor", "one too few"],
)
def test_a_score_is_one_number_per_image(score, images):
    with pytest.raises(BadSetting, match=r"one number per image, \(2,\)"):
        differentiate(Network(conv()), images, score, ["1"], ["0"])


class Checkpointed(nn.Module):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.one, self.two, self.reentrant = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), reentrant

    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(lambda y: F.relu(self.two(y)), self.one(x), use_reentrant=self.reentrant).mean(
            (2, 3)
        )


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")
def test_gradients_through_checkpoints_are_right_or_refused(images):
    def score(found: Any) -> Tensor:
        return found["@output"].sum(1)

    leaf = images.clone().requires_grad_(True)
    net = Checkpointed(reentrant=False)
    (right,) = torch.autograd.grad(net(leaf).sum(), leaf)
    found = differentiate(Network(net), images, score, ["@output"], ["@input"])
    torch.testing.assert_close(found.gradients["@input"], right)
    with pytest.raises(UnsupportedNetwork, match="no gradient comes through.*checkpoint"):
        differentiate(Network(net), images, score, ["@output"], ["two"])
    with pytest.raises(UnsupportedNetwork, match="no gradient comes through.*checkpoint"):
        differentiate(Network(Checkpointed(reentrant=True)), images, score, ["@output"], ["@input"])


class Switched(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor, soft: bool = False) -> Tensor:
        return torch.sigmoid(self.conv(x)) if soft else F.relu(self.conv(x))


def test_other_arguments_may_lead_another_way(images):
    network = Network(Switched())
    assert [layer.name for layer in network.layers_for((images, False))] == ["conv", "relu"]
    assert [layer.name for layer in network.layers_for({"x": images, "soft": True})] == ["conv", "sigmoid"]
    assert capture(network, (images, True), "sigmoid")["sigmoid"].min() > 0


def test_a_part_that_was_put_in_is_seen(images):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3))
    network = Network(net)
    assert [layer.name for layer in network.layers_for(images)] == ["0", "1"]
    net[1] = nn.Sequential(nn.Conv2d(4, 6, 1), nn.ReLU())
    assert [layer.name for layer in network.layers_for(images)] == ["0", "1.0", "1.1"]
    assert torch.equal(capture(network, images, "1")["1"], net(images))


def test_a_folder_of_many_sizes_does_not_pile_up():
    network = Network(conv())
    for width in range(8, 158):
        network.layer("1", torch.zeros(1, 3, 8, width))
    assert len(network._traces) <= 64
    assert network.layer("1", torch.zeros(1, 3, 8, 8)).shape == (1, 4, 6, 6)
    assert network.layer("1", torch.zeros(1, 3, 8, 157)).shape == (1, 4, 6, 155)


def test_classes_by_number_and_by_name():
    names = Network(nn.Linear(3, 5), classes=["1", "0", "two", "trees", "a tree"])
    assert names.class_index("1") == 0, "a class of that name comes before the number"
    assert names.class_index("3") == 3
    assert names.class_index(np.int64(4)) == 4
    assert names.class_index("a tree") == 4
    for odd in ("--5", "²", "1.0", "-", ""):
        with pytest.raises(UnknownClass):
            names.class_index(odd)
    with pytest.raises(UnknownClass, match="classes 0 to 4, got -3"):
        names.class_index("-3")
