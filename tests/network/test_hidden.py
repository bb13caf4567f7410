"""Hiding a patch and computing only what it reaches gives what the whole network gives."""

from __future__ import annotations

import logging
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import cutaway as cw
from cutaway.network import hidden
from cutaway.network.hidden import score_hidden
from cutaway.network.incremental import Incremental
from cutaway.network.network import Network
from cutaway.network.record_tape import record_tape
from cutaway.network.tape import Unfollowable
from cutaway.network.winograd import Winograd
from cutaway.objectives.class_logit import class_logit


@pytest.fixture
def always_followed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> pytest.LogCaptureFixture:
    """Small networks save nothing, and would run whole: here they are followed all the same."""
    monkeypatch.setattr(hidden, "_NOT_WORTH_IT", math.inf)
    # The import contracts, which another test checks in this process, turn off what logs there are.
    monkeypatch.setattr(logging.getLogger("cutaway"), "disabled", False)
    caplog.set_level(logging.WARNING, logger="cutaway")
    return caplog


def by_hand(
    module: nn.Module,
    image: Tensor,
    filled: Tensor,
    patch: tuple[int, int],
    tops: list[int],
    lefts: list[int],
) -> Tensor:
    found = []
    for top in tops:
        for left in lefts:
            hidden = image.clone()
            window = (..., slice(top, top + patch[0]), slice(left, left + patch[1]))
            hidden[window] = filled[window]
            with torch.no_grad():
                found.append(module.eval()(hidden)[0])
    return torch.stack(found)


class Mixed(nn.Module):
    """Whatever the parts that were drawn do, one after the other, then a head."""

    def __init__(self, parts: list[str], head: str, channels: int = 4) -> None:
        super().__init__()
        self.parts, self.head = parts, head
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.layers = nn.ModuleList()
        for part in parts:
            kernel = {
                "conv": nn.Conv2d(channels, channels, 3, padding=1),
                "strided": nn.Conv2d(channels, channels, (3, 2), stride=2, padding=(1, 0)),
                "dilated": nn.Conv2d(channels, channels, 3, dilation=2, padding=2),
                "grouped": nn.Conv2d(channels, channels, 3, groups=2, padding="same"),
                "thin": nn.Conv2d(channels, channels, 1, stride=2),
                "norm": nn.BatchNorm2d(channels),
            }.get(part, nn.Conv2d(channels, channels, 1))
            self.layers.append(kernel)
        self.linear = nn.Linear(channels, 5)
        self.last = nn.Conv2d(channels, 5, 1)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for part, layer in zip(self.parts, self.layers, strict=True):
            if part == "residual":
                x = F.relu(x + layer(x))
            elif part == "in place":
                x = layer(x)
                x += 0.5
                F.relu_(x)
            elif part == "cat":
                one, other = torch.cat([layer(x), x], 1).chunk(2, 1)
                x = one - 0.5 * other
            elif part == "max":
                x = F.max_pool2d(x, 3, 2, 1, ceil_mode=True)
            elif part == "overlapping max":
                x = F.max_pool2d(x, (3, 2), 1)
            elif part == "average":
                x = F.avg_pool2d(x, 2)
            elif part == "same pool":
                x = F.adaptive_avg_pool2d(layer(x), x.shape[2:])
            elif part == "average cut":
                x = F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)
            elif part == "pad":
                x = layer(F.pad(x, (1, 0, 2, 1), value=0.3))
            elif part == "mirror":
                x = layer(F.pad(x, (1, 1, 1, 1), mode="reflect"))
            elif part == "gate":
                x = x * torch.sigmoid(layer(F.adaptive_avg_pool2d(x, 1)))
            elif part == "upsample":
                x = F.interpolate(layer(x), scale_factor=2)
            elif part == "slice":
                x = torch.cat([x[:, 2:], x[:, :2]], dim=1)
            else:
                x = layer(x)
        if self.head == "mean":
            return self.linear(x.mean((2, 3)))
        if self.head == "pool":
            return self.linear(F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1))
        if self.head == "map":
            return F.adaptive_avg_pool2d(F.relu(self.last(x)), (1, 1)).flatten(1)
        if self.head == "baked":
            return self.linear(F.avg_pool2d(x, tuple(x.shape[2:])).view(len(x), 4))
        return F.adaptive_max_pool2d(self.last(x), 1)[:, :, 0, 0]


PARTS = (
    "conv,strided,dilated,grouped,thin,norm,residual,cat,max,average,pad,mirror,gate,upsample,slice,"
    "in place,overlapping max,average cut,same pool"
).split(",")


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.sampled_from(PARTS), max_size=5),
    head=st.sampled_from(["mean", "pool", "map", "baked", "max"]),
    size=st.tuples(st.integers(24, 40), st.integers(24, 40)),
    patch=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    step=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    waiting=st.sampled_from([1, 400, 16_000_000]),
    seed=st.integers(0, 1000),
)
def test_equals_the_whole_network(
    parts: list[str],
    head: str,
    size: tuple[int, int],
    patch: tuple[int, int],
    step: tuple[int, int],
    waiting: int,
    seed: int,
) -> None:
    torch.manual_seed(seed)
    module = Mixed(parts, head).double().eval()
    image, filled = torch.randn(1, 3, *size).double(), torch.randn(1, 3, *size).double()
    tops, lefts = list(range(0, size[0] - 1, step[0])), list(range(0, size[1] - 1, step[1]))
    try:
        with torch.no_grad():
            module(image)
    except RuntimeError:  # too many strides for so small an image
        reject()
    tape = record_tape(module, image)
    macs = [1] * len(tape.steps)
    ready = Incremental(tape, {"@output": tape.outputs[""]}, macs, patch, tops, lefts, 16, waiting)
    found = ready.scores(filled, lambda a: a["@output"], "positions")
    torch.testing.assert_close(
        found, by_hand(module, image, filled, patch, tops, lefts), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("columns", [None, frozenset({1, 3})])
@pytest.mark.parametrize("head", ["map", "mean"])
def test_only_the_columns_asked_for(always_followed, columns: frozenset[int] | None, head: str) -> None:
    torch.manual_seed(0)
    module = Mixed(["conv", "max"], head).eval()
    image = torch.randn(1, 3, 32, 32)
    objective = class_logit(1) - 2 * class_logit(3)
    assert objective.columns == {1, 3}
    found = score_hidden(
        Network(module), image, image * 0, (6, 6), [0, 12, 26], [0, 9], objective.score, ["@logits"], columns
    )
    whole = by_hand(module, image, image * 0, (6, 6), [0, 12, 26], [0, 9])
    torch.testing.assert_close(found, whole[:, 1] - 2 * whole[:, 3], rtol=1e-5, atol=1e-5)
    assert not always_followed.text


def test_a_unit_in_the_middle(always_followed) -> None:
    torch.manual_seed(0)
    net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), nn.Flatten()))
    image = torch.randn(1, 3, 20, 20)
    unit = cw.unit("0", 2, 9, 9)
    found = cw.attribution.Occlusion(size=4, stride=4)(net, image, unit)
    field = found[0, 0].abs() > 1e-5
    assert field[2, 2]
    assert not field[0].any()
    assert not field[:, 4].any()
    assert not always_followed.text


class Attention(nn.Module):
    """Every place looks at every other."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)
        self.linear = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.linear(self.mix(tokens, tokens, tokens, need_weights=False)[0].mean(1))


class Hiding(nn.Module):
    """Leaves torch on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return torch.from_numpy(y.detach().numpy() * 2).mean((2, 3))


class ByBrightness(nn.Module):
    """Takes another way where the image is dark."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return (y if float(x.mean()) > 0.95 else -y).mean((2, 3))


@pytest.mark.parametrize(
    ("module", "reason"),
    [(Attention(), None), (Hiding(), "cannot be seen"), (ByBrightness(), "another answer")],
    ids=["attention", "hiding", "by-brightness"],
)
def test_what_cannot_be_followed_runs_whole_and_says_so(
    always_followed, monkeypatch: pytest.MonkeyPatch, module: nn.Module, reason: str | None
) -> None:
    if reason is None:
        monkeypatch.undo()  # attention is followed, but saves nothing
        monkeypatch.setattr(logging.getLogger("cutaway"), "disabled", False)
    net, image = Network(module), torch.ones(1, 3, 16, 16)
    found = cw.attribution.Occlusion(size=4, stride=4)(net, image, class_logit(1))
    assert "whole network" in always_followed.text
    assert (reason or "save nothing") in always_followed.text
    whole = by_hand(module, image, image * 0, (4, 4), [0, 4, 8, 12], [0, 4, 8, 12])
    with torch.no_grad():
        fall = module(image)[0, 1] - whole[:, 1]
    torch.testing.assert_close(found.flatten(), fall, rtol=1e-5, atol=1e-6)


class TwoHeads(nn.Module):
    """Another classifier for dark images."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.light, self.dark = nn.Linear(3, 4), nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return (self.light if float(x.mean()) > 0.95 else self.dark)(x.mean((2, 3)))


def test_masked_images_that_take_another_way_are_run_anew(always_followed) -> None:
    """Leaving out the classes that nobody asks for stands on one pass: what it finds is compared with others."""
    module, image = TwoHeads(), torch.ones(1, 3, 16, 16)
    method = cw.attribution.LIME(samples=40, parts="grid")
    plain = cw.Objective("class 2", ("@logits",), lambda a: a["@logits"][:, 2])
    found = method(Network(module), image, class_logit(2))
    assert "run anew" in always_followed.text
    torch.testing.assert_close(found, method(Network(module), image, plain), rtol=1e-5, atol=1e-6)


def test_shared_memory_that_is_written_to_is_refused() -> None:
    class Sharing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = x * 1
            row = y[:, :, 0]
            y.relu_()
            return row.mean((1, 2))[:, None] + y.mean((1, 2, 3))[:, None]

    with pytest.raises(Unfollowable, match="shares its memory"):
        record_tape(Sharing(), torch.randn(1, 3, 8, 8))


class Shared(nn.Module):
    """A ReLU reads a map whose numbers another value shows too: a part of it, or the whole under another name."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.shown = shown
        self.conv, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        if self.shown == "part":
            return self.last(torch.cat([F.relu(y[:, :4]), y[:, :4]], 1)).mean((2, 3))
        other = F.adaptive_avg_pool2d(y, y.shape[-1]) if self.shown == "pool" else y[:, :8]
        return self.last(F.relu(y) + other).mean((2, 3))


@pytest.mark.parametrize("shown", ["part", "pool", "slice"])
def test_no_value_is_written_into_that_shares_its_numbers(always_followed, shown: str) -> None:
    torch.manual_seed(0)
    module, image = Shared(shown).double(), torch.randn(1, 3, 24, 24).double()
    tops = [0, 7, 14, 20]
    found = score_hidden(
        Network(module), image, image * 0, (5, 5), tops, tops, lambda a: a["@output"], ["@output"]
    )
    torch.testing.assert_close(found, by_hand(module, image, image * 0, (5, 5), tops, tops))
    assert not always_followed.text


@pytest.mark.parametrize("size", [(6, 6), (9, 14), (15, 11)])
def test_winograd_is_the_convolution(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    weight, bias, image = torch.randn(32, 64, 3, 3), torch.randn(32), torch.randn(3, 64, *size)
    own = F.conv2d(image.double(), weight.double(), bias.double())
    torch.testing.assert_close(
        Winograd(weight, bias)(image).double(), own, rtol=0, atol=3e-5 * float(own.abs().max())
    )


def test_leaves_the_threads_as_they_were(always_followed) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        image = torch.randn(1, 3, 64, 64)
        two = cw.attribution.Occlusion(size=8, stride=4)(net, image, class_logit(1))
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        one = cw.attribution.Occlusion(size=8, stride=4)(net, image, class_logit(1))
        assert torch.equal(one, two)
        assert not always_followed.text
    finally:
        torch.set_num_threads(before)
