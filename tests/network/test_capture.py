"""Reading layers: no more work than needed, no trace of it, and a plain word where it cannot be done."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules import module as torch_module

from cutaway.errors import NonFinite, UnknownLayer, UnsupportedMethod, UnsupportedNetwork
from cutaway.network.capture import capture, differentiate
from cutaway.network.network import Network


class Counted(nn.Module):
    """Three convolutions, the last of which counts how often it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 2, 3)
        self.relu = nn.ReLU(inplace=True)
        self.ran: list[str] = []

    def forward(self, x: Tensor) -> Tensor:
        self.ran.append("one")
        x = self.relu(self.one(x))
        self.ran.append("two")
        x = self.relu(self.two(x))
        self.ran.append("three")
        return self.three(x).mean((2, 3))


@pytest.fixture
def images() -> Tensor:
    return torch.randn(2, 3, 10, 10)


def traced(module: nn.Module, images: Tensor) -> Network:
    network = Network(module.eval())
    network.trace(images)
    return network


def test_nothing_after_the_deepest_layer_runs(images):
    network = traced(Counted(), images)
    network.module.ran.clear()
    capture(network, images, ["two", "one"])
    assert network.module.ran == ["one", "two"]
    capture(network, images, "one")
    assert network.module.ran == ["one", "two", "one"]


def test_several_layers_are_one_forward_pass(images):
    network = traced(Counted(), images)
    network.module.ran.clear()
    found = capture(network, images, ["relu:2", "one", "@input", "@output", "@logits", "two", "relu"])
    assert network.module.ran == ["one", "two", "three"]
    assert list(found) == ["relu:2", "one", "@input", "@output", "@logits", "two", "relu"]
    assert torch.equal(found["relu"], found["one"].relu())
    assert torch.equal(found["relu:2"], found["two"].relu())
    assert torch.equal(found["@logits"], found["@output"])


def test_a_gradient_needs_one_forward_pass_and_none_of_what_follows(images):
    network = traced(Counted(), images)
    network.module.ran.clear()
    differentiate(network, images, lambda a: a["two"].mean((1, 2, 3)), ["two"], ["one", "@input"])
    assert network.module.ran == ["one", "two"]


def test_only_the_input_runs_nothing(images):
    network = traced(Counted(), images)
    network.module.ran.clear()
    assert torch.equal(capture(network, images, "@input")["@input"], images)
    assert network.module.ran == []


class Catches(nn.Module):
    """A model that swallows whatever goes wrong inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
        self.caught: list[Exception] = []

    def forward(self, x: Tensor) -> Tensor:
        try:
            return self.two(self.one(x))
        except Exception as error:
            self.caught.append(error)
            return torch.zeros(1)


def test_a_model_that_catches_exceptions_is_stopped_all_the_same(images):
    network = traced(Catches(), images)
    found = capture(network, images, "one")["one"]
    assert network.module.caught == []
    assert torch.equal(found, network.module.one(images))
    derived = differentiate(network, images, lambda a: a["two"].sum((1, 2, 3)), ["two"], ["one"])
    assert derived.gradients["one"].abs().sum() > 0
    assert network.module.caught == []


def test_what_is_read_has_memory_of_its_own(images):
    network = traced(Counted(), images)
    one = capture(network, images, ["one", "relu", "@input"])
    two = {name: value.clone() for name, value in one.items()}
    one["one"].zero_()
    assert torch.equal(one["relu"], two["relu"])
    one["@input"].zero_()
    assert images.abs().sum() > 0


def test_unknown_names_tell_the_nearest():
    network = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)), name="tiny")
    with pytest.raises(UnknownLayer, match=r"tiny has no layer '3'. It has: 0, 1, 2"):
        capture(network, torch.randn(1, 3, 8, 8), "3")
    with pytest.raises(UnknownLayer, match="Closest: relu:2"):
        capture(Network(Counted()), torch.randn(1, 3, 8, 8), "relu:9")
    with pytest.raises(UnknownLayer, match="Closest: three"):
        capture(Network(Counted()), torch.randn(1, 3, 8, 8), ["one", "tree"])


@pytest.mark.parametrize(
    "name", ["", "0", "@nowhere", "@output[0]", "@inputs", "one.conv2d", "relu:0", "one\n"]
)
def test_wrong_names_never_give_another_error(name, images):
    with pytest.raises(UnknownLayer):
        capture(Network(Counted()), images, name)


def test_a_container_is_what_it_returned(images):
    net = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Sequential(nn.Conv2d(4, 2, 3)))
    found = capture(Network(net.eval()), images, ["0", "0.1", "0.0", "1"])
    assert torch.equal(found["0"], found["0.1"])
    assert torch.equal(found["0.1"], found["0.0"].relu())
    assert torch.equal(found["1"], net(images))


def test_both_names_and_aliases_are_the_same_layer(images):
    network = Network(Counted().eval(), renames={"one": "conv1"}, aliases={"first": "conv1"})
    assert next(layer.name for layer in network.layers_for(images)) == "conv1"
    found = capture(network, images, ["one", "conv1", "first"])
    assert torch.equal(found["one"], found["conv1"])
    assert torch.equal(found["first"], found["conv1"])


def test_logits_of_a_softmax_are_what_it_reads(images):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(256, 3), nn.Softmax(1)).eval()
    found = capture(Network(net), images, ["@logits", "@output", "2"])
    assert torch.equal(found["@logits"], found["2"])
    torch.testing.assert_close(found["@output"], found["2"].softmax(1))


def test_several_outputs_have_to_be_named(images):
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
            y = self.conv(x)
            return y, [y.mean((2, 3)), y.amax((2, 3))]

    network = Network(Pair().eval())
    with pytest.raises(UnknownLayer, match=r"@output\[0\], @output\[1\]\[0\], @output\[1\]\[1\]"):
        capture(network, images, "@output")
    with pytest.raises(UnknownLayer, match=r"has no @output\[2\]"):
        capture(network, images, "@output[2]")
    with pytest.raises(UnsupportedMethod, match=r"@output\[0\]"):
        capture(network, images, "@logits")
    found = capture(network, images, ["@output[1][1]", "conv"])
    assert torch.equal(found["@output[1][1]"], found["conv"].amax((2, 3)))


def test_no_gradient_where_the_score_does_not_depend_on_the_layer(images):
    network = Network(Counted())
    with pytest.raises(UnknownLayer, match="does not depend on two"):
        differentiate(network, images, lambda a: a["one"].sum((1, 2, 3)), ["one"], ["two"])
    with pytest.raises(UnknownLayer, match="does not depend on one"):
        differentiate(network, images, lambda a: torch.zeros(2), ["two"], ["one"])


class Alternating(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bright, self.dark = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.bright(x) if x.mean() > 0 else self.dark(x)


def test_a_layer_that_does_not_run_on_these_images_is_told():
    network = Network(Alternating())
    up, down = torch.ones(1, 3, 6, 6), -torch.ones(1, 3, 6, 6)
    assert capture(network, up, "bright")["bright"].shape == (1, 4, 4, 4)
    with pytest.raises(UnknownLayer, match="its path depends on the values"):
        capture(network, down, "bright")


def hooks_alive() -> int:
    return sum(
        len(value)
        for name, value in vars(torch_module).items()
        if name.startswith("_global_") and hasattr(value, "keys")
    )


def test_a_thousand_captures_leave_nothing_behind():
    images = torch.randn(1, 3, 8, 8)
    network = traced(nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=True), nn.Conv2d(2, 2, 3)), images)

    def use(times: int) -> None:
        for _ in range(times):
            capture(network, images, ["0", "1"])

    use(10)
    gc.collect()
    hooks, objects = hooks_alive(), len(gc.get_objects())
    use(1000)
    gc.collect()
    assert hooks_alive() == hooks == 0
    assert len(gc.get_objects()) < objects + 500
    assert len(network._traces) == 1


@pytest.mark.slow
def test_memory_does_not_grow(python):
    """In a Python of its own: the type checks of the tests keep memory of their own."""
    done = python("-c", MEMORY)
    assert done.returncode == 0, done.stderr
    grown = int(done.stdout)
    assert grown < 100_000, f"{grown} bytes after 400 rounds; one forgotten tensor in each is 400 kB"


MEMORY = """
import gc, tracemalloc
import torch
from torch import nn
import cutaway as cw

layers = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
network, images = cw.Network(nn.Sequential(*layers)), torch.randn(1, 3, 16, 16)

def use(times):
    for _ in range(times):
        cw.capture(network, images, ["0", "1"])
        cw.attribution.GradCAM()(network, images, cw.class_logit(1))
        cw.attribution.Saliency()(network, images, cw.class_logit(1))
    gc.collect()

use(20)
tracemalloc.start()
use(300)
before = tracemalloc.get_traced_memory()[0]
use(400)
print(tracemalloc.get_traced_memory()[0] - before)
"""


def test_another_thread_is_neither_recorded_nor_disturbed(images):
    """The other model runs in the middle of ours, on modules of its own and on ours."""
    started, done = threading.Event(), threading.Event()
    other = Counted().eval()
    right = other(images)
    results: list[Any] = []

    class Waits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3)
            self.first = True

        def forward(self, x: Tensor) -> Tensor:
            x = self.one(x)
            if threading.current_thread() is threading.main_thread():
                started.set()
                assert done.wait(20)
            return self.two(x)

    net = Waits().eval()

    def run() -> None:
        assert started.wait(20)
        for _ in range(3):
            results.append(other(images))
            results.append(net(images))
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    found = capture(Network(net), images, ["one", "two"])
    thread.join()
    alone = net.one(images)
    assert torch.equal(found["one"], alone)
    assert torch.equal(found["two"], net.two(alone))
    for mine, theirs in zip(results[::2], results[1::2], strict=True):
        assert torch.equal(mine, right)
        assert torch.equal(theirs, net.two(alone))
    assert [layer.name for layer in Network(net).layers_for(images)] == ["one", "two"]


def test_nan_weights_are_refused_by_name(images):
    net = Counted()
    net.two.weight.data[0, 0, 0, 0] = float("nan")
    with pytest.raises(NonFinite, match=r"1 of 144 numbers in 'two.weight'"):
        capture(Network(net), images, "one")


def test_infinite_statistics_are_refused_by_name(images):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    net[1].running_var[2] = float("inf")
    with pytest.raises(NonFinite, match=r"'1.running_var'"):
        capture(Network(net), images, "0")


def test_weights_that_go_bad_later_are_told_too(images):
    network = traced(Counted(), images)
    network.module.two.bias.data[1] = float("inf")
    with pytest.raises(NonFinite, match=r"first bad layer is two: its weights two.bias are not finite"):
        capture(network, images, "@output")


class Roots(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(torch.sqrt(self.one(x) - 100))


def test_nan_that_comes_up_inside_is_told_by_the_first_bad_layer(images):
    with pytest.raises(NonFinite, match=r"The first bad layer is sqrt$"):
        capture(Network(Roots()), images, "two")
    with pytest.raises(NonFinite, match="The first bad layer is sqrt$"):
        differentiate(Network(Roots()), images, lambda a: a["two"].sum((1, 2, 3)), ["two"], ["one"])
    assert torch.isfinite(capture(Network(Roots()), images, "one")["one"]).all()


def test_nan_in_the_images_is_told_as_such(images):
    images[1, 0, 3, 3] = float("nan")
    with pytest.raises(NonFinite, match="in the images themselves"):
        capture(Network(Counted()), images, "two")


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("mask", torch.full((4, 4), float("-inf")).triu(1))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.fc(x)
        weights = (tokens @ tokens.transpose(1, 2) + self.mask).softmax(-1)
        return (weights @ tokens).mean(1)


def test_masks_of_minus_infinity_are_accepted():
    network, tokens = Network(Masked().eval()), torch.randn(2, 4, 4)
    found = capture(network, tokens, "@output")["@output"]
    torch.testing.assert_close(found, network.module(tokens))
    derived = differentiate(network, tokens, lambda a: a["@output"].sum(1), ["@output"], ["@input", "fc"])
    assert torch.isfinite(derived.gradients["@input"]).all()


@pytest.mark.parametrize(
    ("wrap", "word"),
    [
        (torch.compile, "_orig_mod"),
        (lambda net: torch.jit.trace(net, torch.zeros(1, 3, 8, 8)), "TorchScript"),
        (nn.DataParallel, "net.module"),
        (lambda net: nn.Sequential(nn.Identity(), nn.DataParallel(net)), "at 1"),
    ],
    ids=["compiled", "scripted", "parallel", "parallel inside"],
)
def test_what_cannot_be_opened_is_refused(wrap, word):
    wrapped = wrap(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    with pytest.raises(UnsupportedNetwork, match=word):
        Network(wrapped)


def test_no_gradient_through_weights_made_in_inference_mode(images):
    with torch.inference_mode():
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3))
    assert torch.isfinite(capture(Network(net), images, "1")["1"]).all()
    with pytest.raises(UnsupportedNetwork, match="inference_mode"):
        differentiate(Network(net), images, lambda a: a["1"].sum((1, 2, 3)), ["1"], ["0"])


def test_one_image_repeated_gives_what_each_copy_gives(images):
    """What lies before the first gradient runs once; each copy has a gradient of its own."""
    network = traced(Counted(), images)
    one = images[:1]
    many = one.expand(3, -1, -1, -1)
    weights = torch.tensor([1.0, 2.0, -1.0])
    score = lambda a: a["@output"][:, 0] * weights  # noqa: E731
    for at in (["two"], ["one", "two"], ["@input"]):
        found = differentiate(network, many, score, ["@output"], at)
        plain = differentiate(network, many.clone(), score, ["@output"], at)
        torch.testing.assert_close(found.scores, plain.scores)
        for name in at:
            torch.testing.assert_close(found.gradients[name], plain.gradients[name])
    assert capture(network, many, "one")["one"].shape == (3, 4, 8, 8)


def test_a_gradient_at_a_view_that_is_written_later_is_refused():
    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x)
            half = y.view(len(y), 4, -1)
            F.relu_(half)
            return y.mean((2, 3))

    network, images = Network(Writes()), torch.randn(2, 3, 8, 8)
    score = lambda a: a["@output"].sum(1)  # noqa: E731
    before = differentiate(network, images, score, ["@output"], ["conv"]).gradients["conv"]
    assert torch.equal(before != 0, capture(network, images, "conv")["conv"] > 0)
    with pytest.raises(UnsupportedNetwork, match="a view that is written to later"):
        differentiate(network, images, score, ["@output"], ["view"])
