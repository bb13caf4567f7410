"""The loop: it rises, repeats, stops when it is told to, and leaves the network as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cutaway as cw
from cutaway.errors import BadSetting, NonFinite
from cutaway.objectives.channels import channels
from cutaway.objectives.objective import Objective
from cutaway.synthesis import (
    LBFGS,
    Adam,
    Fourier,
    Jitter,
    L2Decay,
    Normalised,
    Pad,
    Pixels,
    Plain,
    Rotate,
    Scale,
    ascend,
)
from tests.synthesis.networks import Alarm, same, small, state

STARTS = {
    "pixels": lambda count=1, seed=0: Pixels.noise(count, (14, 18), seed=seed),
    "fourier": lambda count=1, seed=0: Fourier.noise(count, (14, 18), seed=seed),
}
RATES = {
    "pixels": {"plain": Plain(100000.0), "normalised": Normalised(2.0), "adam": Adam(2.0), "lbfgs": LBFGS()},
    "fourier": {"plain": Plain(5.0), "normalised": Normalised(0.05), "adam": Adam(0.05), "lbfgs": LBFGS()},
}
SHAKEN = (Pad(2), Jitter(2, wrap=False), Scale([0.9, 1.0, 1.1]), Rotate([-5, 0, 5]), Jitter(1))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("optimizer", ["plain", "normalised", "adam", "lbfgs"])
def test_objective_rises(start, optimizer):
    made = ascend(
        small(), cw.channel("2", [0, 3]), STARTS[start](2), steps=12, optimizer=RATES[start][optimizer]
    )
    assert made.history.shape == (12, 2)
    assert not made.stopped
    best = made.history.max(0).values if optimizer == "lbfgs" else made.history[-1]
    assert (best > made.history[0] + 0.1).all()


@pytest.mark.parametrize("start", STARTS)
def test_score_told_is_the_networks(start):
    """The last image scores what the network itself says of it."""
    net = small()
    made = ascend(net, cw.channel("2", 1), STARTS[start](), steps=6, optimizer=RATES[start]["adam"])
    again = ascend(net, cw.channel("2", 1), Pixels(255 * made.images), steps=1)
    with torch.no_grad():
        own = net.module(net.preprocessing.normalize(made.images))[:, 1].mean()
    assert torch.allclose(again.history[0, 0], own, atol=1e-5)
    assert own > made.history[-1, 0]


@pytest.mark.parametrize("start", STARTS)
def test_same_seed_gives_same_bytes(start):
    def made(seed: int) -> torch.Tensor:
        return ascend(
            small(),
            cw.channel("2", 0),
            STARTS[start](),
            steps=5,
            optimizer=RATES[start]["adam"],
            transforms=SHAKEN,
            seed=seed,
        ).images

    assert torch.equal(made(4), made(4))
    assert not torch.equal(made(4), made(5))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("optimizer", ["plain", "normalised", "adam"])
def test_image_is_the_same_alone_and_in_a_batch(start, optimizer):
    units = [("2", 2), ("1", 5), ("2", 0)]
    settings = {"steps": 4, "optimizer": RATES[start][optimizer], "transforms": SHAKEN}
    batch = ascend(small(), channels(units), STARTS[start](3, seed=[7, 8, 7]), **settings)
    for n, (unit, seed) in enumerate(zip(units, [7, 8, 7], strict=True)):
        alone = ascend(small(), channels([unit]), STARTS[start](1, seed=[seed]), **settings)
        # Adam's first steps go by signs, which rounding can turn where a gradient is all but zero.
        assert (batch.images[n] - alone.images[0]).abs().mean() < 1e-4
        assert torch.allclose(batch.history[:, n], alone.history[:, 0], rtol=1e-3, atol=1e-4)


def test_ascents_gradient_is_a_finite_difference():
    """Through normalisation, spectrum, colours, sigmoid and every transform."""
    found = {}

    class Probe:
        def run(self, parameters, evaluate, steps, after):
            (one,) = parameters
            start = one.detach().clone()
            loss = evaluate()
            found["slope"] = one.grad.clone()
            for direction in range(3):
                source = torch.Generator().manual_seed(direction)
                way = torch.randn(start.shape, generator=source)
                ends = []
                for sign in (1, -1):
                    with torch.no_grad():
                        one.copy_(start + sign * 2e-3 * way)
                    ends.append(evaluate())
                measured = float(ends[0] - ends[1]) / 4e-3
                found[direction] = measured, float((found["slope"] * way).sum()), float(loss)

    fixed = (Pad(2), Pad(1, mirror=True), Scale([1.1]), Rotate([7]))
    start = Fourier.noise(1, (11, 14), spread=0.5, seed=2)
    ascend(
        small(dtype=torch.float64), cw.channel("2", 1), start, steps=7, optimizer=Probe(), transforms=fixed
    )
    for direction in range(3):
        measured, told, _ = found[direction]
        assert measured == pytest.approx(told, rel=2e-2, abs=1e-4)
    assert max(abs(found[n][0]) for n in range(3)) > 1e-2


@pytest.mark.parametrize("end", ["done", "error", "ctrl-c", "preview"])
def test_network_is_left_as_found(end):
    alarm = Alarm()
    net = small(nn.BatchNorm2d(4), nn.Dropout(0.5), alarm)
    net.module.train()
    net.module[3].eval()
    net.module[0].weight.requires_grad_(False)
    net.module[2].weight.grad = torch.ones_like(net.module[2].weight)
    start = Pixels.noise(1, 16)
    ascend(net, cw.channel("4", 0), start, steps=0)
    before = state(net.module)
    error = {"error": RuntimeError("broken"), "ctrl-c": KeyboardInterrupt()}.get(end)
    if error is not None:
        alarm.arm(error, after=2)
    stops = (lambda step, images: step == 3) if end == "preview" else None
    settings = {"steps": 6, "transforms": SHAKEN, "preview": stops}
    objective = Objective("all", ("@output",), lambda a: a["@output"].mean((1, 2, 3)))
    if end == "error":
        with pytest.raises(Exception, match="broken"):
            ascend(net, objective, start, **settings)
    else:
        made = ascend(net, objective, start, **settings)
        assert made.stopped == (end != "done")
    assert same(before, state(net.module))
    assert all(one.grad is None for one in start.parameters())


def test_ctrl_c_keeps_the_picture_of_that_moment():
    alarm = Alarm()
    net = small(alarm)
    start = Pixels.noise(1, 16)
    ascend(net, cw.channel("2", 0), start, steps=0)
    alarm.arm(KeyboardInterrupt(), after=3)
    everything = Objective("all", ("@output",), lambda a: a["@output"][:, 0].mean((1, 2)))
    made = ascend(net, everything, start, steps=50, optimizer=Normalised(1.0))
    alarm.error = None
    three = ascend(net, everything, Pixels.noise(1, 16), steps=3, optimizer=Normalised(1.0))
    assert made.stopped
    assert torch.equal(made.images, three.images)


def test_preview_sees_each_step_and_stops():
    seen = []

    def preview(step, images):
        seen.append((step, images.clone()))
        return step == 4

    made = ascend(small(), cw.channel("2", 0), Pixels.noise(1, 12), steps=9, preview=preview)
    assert [step for step, _ in seen] == [1, 2, 3, 4]
    assert made.stopped
    assert made.steps == 4
    assert torch.equal(made.images, seen[-1][1])


def test_a_failing_forward_raises():
    alarm = Alarm()
    net = small(alarm)
    everything = Objective("all", ("@output",), lambda a: a["@output"].mean((1, 2, 3)))
    ascend(net, everything, Pixels.noise(1, 12), steps=1)
    alarm.arm(RuntimeError("the forward broke"), after=1)
    with pytest.raises(Exception, match="the forward broke"):
        ascend(net, everything, Pixels.noise(1, 12), steps=5)


def test_not_a_number_raises():
    """Also in the middle of a run, when there is a picture already."""
    calls = []

    def score(activations):
        calls.append(1)
        value = activations["2"].mean((1, 2, 3))
        return value * float("nan") if len(calls) > 3 else value

    with pytest.raises(NonFinite):
        ascend(small(), Objective("breaks", ("2",), score), Pixels.noise(1, 12), steps=9)
    assert len(calls) == 4


def test_layers_behind_the_deepest_never_run():
    alarm = Alarm()
    net = small(alarm, nn.Conv2d(4, 2, 1))
    start = Pixels.noise(1, 12)
    ascend(net, cw.channel("2", 0), start, steps=0)  # the layers of this size are found once, in a whole pass
    alarm.arm(AssertionError("a layer behind the objective's deepest ran"))
    assert ascend(net, cw.channel("2", 0), start, steps=4, transforms=(Jitter(2),)).steps == 4
    assert ascend(net, cw.channel("0", 0) + cw.channel("2", 1), start, steps=4).steps == 4


def test_no_weight_collects_a_gradient():
    net = small()
    assert all(p.requires_grad for p in net.module.parameters())
    seen = []
    for parameter in net.module.parameters():
        parameter.register_hook(lambda gradient: seen.append(gradient))
    ascend(net, cw.channel("2", 0), Pixels.noise(1, 12), steps=3)
    assert not seen
    assert all(p.grad is None for p in net.module.parameters())


def test_works_inside_no_grad_and_inference_mode():
    for around in (torch.no_grad, torch.inference_mode):
        start, net = Pixels.noise(1, 12), small()
        with around():
            made = ascend(net, cw.channel("2", 0), start, steps=4, optimizer=Normalised(2.0))
        assert made.history[-1] > made.history[0]


@pytest.mark.parametrize("steps", [1, 2, 7, 30])
def test_lbfgs_never_evaluates_more_often_than_told(steps):
    calls = []

    def score(activations):
        calls.append(1)
        return activations["2"][:, 0].mean((1, 2)) - 1e-3 * activations["@input"].square().sum((1, 2, 3))

    made = ascend(
        small(), Objective("f", ("2", "@input"), score), Fourier.noise(1, 12), steps=steps, optimizer=LBFGS()
    )
    assert len(calls) == made.steps <= steps


def test_lbfgs_ends_at_its_best_point():
    net = small()
    objective = cw.channel("2", 0)
    made = ascend(net, objective, Fourier.noise(1, 12), steps=9, optimizer=LBFGS(rate=5.0))
    with torch.no_grad():
        own = net.module(net.preprocessing.normalize(made.images))[:, 0].mean()
    assert float(own) == pytest.approx(float(made.history.max()), abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"steps": -1}, "steps must be at least 0"),
        ({"regularizers": [L2Decay()], "start": "fourier"}, "regularizers edit pixels"),
        ({"regularizers": [L2Decay()], "optimizer": LBFGS()}, "regularizers"),
    ],
)
def test_settings_that_do_not_go_together(settings, words):
    start = STARTS[settings.pop("start", "pixels")]()
    with pytest.raises(BadSetting, match=words):
        ascend(small(), cw.channel("2", 0), start, **settings)


@pytest.mark.parametrize(
    "settings", [{"channels": "BGR"}, {"value_range": 255.0, "mean": (100.0, 110.0, 120.0)}]
)
def test_any_preprocessing(settings):
    made = ascend(small(**settings), cw.channel("2", 1), Fourier.noise(1, 12), steps=8, optimizer=Adam(0.1))
    assert made.history[-1] > made.history[0]


def test_gray_network():
    torch.manual_seed(0)
    gray = cw.Preprocessing(size=12, mean=(0.5,), std=(0.5,), channels="gray")
    net = cw.Network(nn.Conv2d(1, 2, 3), gray)
    made = ascend(
        net,
        Objective("f", ("@output",), lambda a: a["@output"][:, 0].mean((1, 2))),
        Pixels.noise(1, 12),
        steps=4,
    )
    assert made.images.shape == (1, 3, 12, 12)
    assert made.history[-1] > made.history[0]
