"""The loop: losses fall, a training that was stopped ends as one that was not, and what may go wrong."""

from __future__ import annotations

import os
import signal

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

import cutaway as cw
from cutaway.network.progress import watched
from cutaway.training.fit import fit


def model(seed: int = 0) -> nn.Module:
    """All that has a state: weights, running means, and numbers drawn in every step."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 1))


def batches(step: int) -> torch.Tensor:
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(step))


def loss(module: nn.Module, batch: torch.Tensor, step: int) -> dict[str, torch.Tensor]:
    found = module(batch)
    return {"square": (found - batch[:, :1]).square().mean(), "size": 0.01 * found.abs().mean()}


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_losses_fall_and_add_up():
    made = fit(model(), batches, loss, steps=200, rate=0.02)
    history = made.history
    assert sum(history["loss"][-50:]) < 0.7 * sum(history["loss"][:50])
    for whole, *parts in zip(history["loss"], history["square"], history["size"], strict=True):
        assert whole == pytest.approx(sum(parts), rel=1e-6)
    assert not made.stopped


def test_steps_are_adams_with_a_falling_rate():
    """Against torch's own Adam and its schedule of half a cosine, step for step."""
    torch.manual_seed(1)
    one, other = nn.Linear(4, 1), nn.Linear(4, 1)
    other.load_state_dict(one.state_dict())
    fit(one, batches, loss, steps=20, rate=0.1)
    adam = torch.optim.Adam(other.parameters(), lr=0.1)
    falls = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 20)
    for step in range(20):
        adam.zero_grad()
        sum(loss(other, batches(step), step).values()).backward()
        adam.step()
        falls.step()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("stop", [1, 7, 10, 19])
def test_stopped_and_taken_up_it_ends_with_the_same_bits(stop, tmp_path):
    whole, again = model(), model()
    expected = fit(whole, batches, loss, steps=20, seed=3)
    path = tmp_path / "a.safetensors"
    settings = {"steps": 20, "seed": 3, "checkpoint": path, "every": 4}
    first = fit(again, batches, loss, **settings, preview=lambda step, _: step == stop, preview_every=1)
    assert (first.stopped, first.steps) == (True, stop)
    fresh = model(9)  # what it begins from does not matter any more
    second = fit(fresh, batches, loss, **settings)
    assert same(fresh, whole)
    assert second.history == expected.history
    third = fit(model(8), batches, loss, **settings)
    assert third.history == expected.history


def test_what_was_drawn_before_does_not_matter_and_nothing_is_left_behind():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, other = model(), model()
    torch.set_rng_state(before)
    fit(one, batches, loss, steps=5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    with torch.inference_mode():
        fit(other, batches, loss, steps=5)
    assert same(one, other)
    assert all(p.grad is None for p in one.parameters())
    assert not one.training


def test_ctrl_c_inside_a_step_waits_until_it_is_whole(interruptible, tmp_path):
    """Asked for while the weights move, the end comes after all of them have."""
    path = tmp_path / "a.safetensors"
    seen = []

    def alarm(*_):
        seen.append(1)
        if len(seen) == 4:
            os.kill(os.getpid(), signal.SIGINT)

    hook = register_optimizer_step_pre_hook(alarm)
    try:
        stopped = model()
        made = fit(stopped, batches, loss, steps=9, checkpoint=path)
    finally:
        hook.remove()
    assert (made.stopped, made.steps) == (True, 4)
    expected = model()
    fit(expected, batches, loss, steps=9, preview=lambda step, _: step == 4, preview_every=1)
    assert same(stopped, expected)
    kept = load_file(path)
    assert torch.equal(kept["module.0.weight"], stopped[0].weight)
    assert len(kept["history.loss"]) == 4


def test_ctrl_c_elsewhere_keeps_the_last_whole_step(tmp_path):
    def pressed(step):
        if step == 3:
            raise KeyboardInterrupt
        return batches(step)

    made = fit(model(), pressed, loss, steps=9, checkpoint=tmp_path / "a.safetensors")
    assert (made.stopped, made.steps) == (True, 3)
    assert len(load_file(tmp_path / "a.safetensors")["history.loss"]) == 3


def test_a_loss_that_is_no_number_is_refused(tmp_path):
    def bad(module, batch, step):
        found = loss(module, batch, step)
        return found | ({"size": found["size"] * torch.nan} if step == 5 else {})

    path = tmp_path / "a.safetensors"
    with pytest.raises(cw.NonFinite, match="at step 6: the loss size is nan.*lower rate"):
        fit(model(), batches, bad, steps=9, checkpoint=path, every=2)
    assert len(load_file(path)["history.loss"]) == 4


def test_progress_is_told():
    seen = []
    with watched(lambda *told: seen.append(told)):
        fit(model(), batches, loss, steps=3, what="learning")
    assert seen == [("learning", 1, 3), ("learning", 2, 3), ("learning", 3, 3)]


def test_half_precision_learns_too():
    made = fit(model(), batches, loss, steps=200, rate=0.02, mixed=True)
    assert sum(made.history["loss"][-50:]) < 0.75 * sum(made.history["loss"][:50])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"steps": 0}, "at least 1"),
        ({"rate": 0.0}, "above 0"),
        ({"seed": -1}, "seed at least 0"),
        ({"every": 0}, "at least 1"),
    ],
)
def test_wrong_settings_say_what_to_do(settings, words):
    with pytest.raises(cw.BadSetting, match=words):
        fit(model(), batches, loss, **({"steps": 2} | settings))


def test_a_checkpoint_needs_its_folder(tmp_path):
    with pytest.raises(cw.BadSetting, match="no folder"):
        fit(model(), batches, loss, steps=2, checkpoint=tmp_path / "nowhere" / "a.safetensors")


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    fit(model(), batches, loss, steps=4, checkpoint=path, settings={"layer": "fire9"})
    with pytest.raises(cw.BadSetting, match=r"layer fire9 \(asked for: fire5\); rate 0.001"):
        fit(model(), batches, loss, steps=4, checkpoint=path, settings={"layer": "fire5"}, rate=0.1)


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "text"])
def test_a_damaged_checkpoint_is_refused(damage, tmp_path):
    path = tmp_path / "a.safetensors"
    fit(model(), batches, loss, steps=4, checkpoint=path)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[-20] ^= 1
    elif damage == "text":
        data = bytearray(b"not a file of tensors")
    path.write_bytes(data)
    if damage == "other":
        from safetensors.torch import save_file

        save_file({"a": torch.ones(1)}, path)
    with pytest.raises(cw.WeightsUnavailable, match="Remove it to begin anew"):
        fit(model(), batches, loss, steps=4, checkpoint=path)
