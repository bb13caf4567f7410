"""The one loop that trains a small network: Adam along the gradient of losses, stopped and taken up at will."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cutaway.errors import BadSetting, NonFinite, OutOfMemory
from cutaway.network.inputs import short_of_memory
from cutaway.network.progress import report
from cutaway.training.checkpoint import History, keep, take_up
from cutaway.training.several import averaged, is_first, mean_gradients, place

__all__ = ["Fit", "fit"]

# From the module, a batch and the number of the step to what is to become small, by names; their sum is.
Loss = Callable[[nn.Module, Tensor, int], Mapping[str, Tensor]]
# From the number of steps done and the module to whether to stop.
Watch = Callable[[int, nn.Module], bool | None]


@dataclass(frozen=True)
class Fit:
    """How a training went.

    Args:
        history: the losses of each step, by their names; "loss" is their sum.
        stopped: whether it was ended before its last step.
    """

    history: History
    stopped: bool

    @property
    def steps(self) -> int:
        """How many are done."""
        return len(self.history.get("loss", []))


def fit(
    module: nn.Module,
    batches: Callable[[int], Tensor],
    loss: Loss,
    *,
    steps: int,
    rate: float = 1e-3,
    warm: int = 0,
    seed: int = 0,
    checkpoint: Path | None = None,
    every: int = 50,
    settings: Mapping[str, Any] | None = None,
    preview: Watch | None = None,
    preview_every: int = 100,
    mixed: bool | None = None,
    what: str = "training",
) -> Fit:
    """Train a module in place.

    With a checkpoint, the same call goes on where it was stopped, by Ctrl-C, a preview, an error or a dead machine, and
    on one thread of a CPU ends with the same bits. Ctrl-C leaves the module as the last whole step made it. Inside
    `several.together` several processes train it as one, each on batches of its own; only the first one of them writes
    and shows.

    Args:
        module: where it is, on its device; afterwards in evaluation mode.
        batches: gives the batch of a step; it must be told by its number alone.
        loss: gives the losses of a batch, by their names. The module it is given may compute in half precision, and
            gives full precision.
        steps: of Adam.
        rate: of Adam at the beginning, in units of the weights; it falls to 0 along half a cosine.
        warm: steps in which it first rises to that: early gradients are large, and Adam knows nothing of them yet.
        seed: of whatever the module or the loss draws; each step has its own.
        checkpoint: the file; it stays when the training is done.
        every: so many steps a checkpoint is written, and at the end.
        settings: what else makes the training what it is, as JSON can hold it; a checkpoint of others is refused.
        preview: called every `preview_every` steps with their number and the module; True stops.
        preview_every: steps.
        mixed: whether the module computes in bfloat16; None does where a GPU can.
        what: the progress tells of.

    Raises:
        BadSetting: for settings outside what is allowed, or a checkpoint of others.
        NonFinite: where a loss is no number.
        OutOfMemory: where a batch is too large.
        WeightsUnavailable: where the checkpoint is damaged.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization" (2015); Loshchilov and Hutter, "SGDR: stochastic
    gradient descent with warm restarts" (2017), for the rate.

    >>> line = nn.Linear(1, 1)
    >>> x = torch.linspace(-1, 1, 8)[:, None]
    >>> lost = lambda module, x, step: {"square": (module(x) - 2 * x).square().mean()}
    >>> made = fit(line, lambda step: x, lost, steps=200, rate=0.1)
    >>> round(line.weight.item(), 3), made.steps
    (2.0, 200)
    """
    if steps < 1 or every < 1 or preview_every < 1 or seed < 0 or warm < 0:
        raise BadSetting(
            "steps, every and preview_every must be at least 1, warm and seed at least 0, got "
            f"{steps}, {every}, {preview_every}, {warm} and {seed}"
        )
    if not 0 < rate < math.inf:
        raise BadSetting(f"rate must be above 0, got {rate}")
    if checkpoint is not None and not checkpoint.parent.is_dir():
        raise BadSetting(
            f"there is no folder {checkpoint.parent} for the checkpoint {checkpoint.name}: make it"
        )
    parameters = list(module.parameters())
    device = parameters[0].device
    adam = torch.optim.Adam(parameters, lr=rate)
    told = {**(settings or {}), "steps": steps, "rate": rate, "warm": warm, "seed": seed}
    history: History = {}
    done = written = 0
    stopped = False
    if checkpoint is not None and checkpoint.exists():
        history, done = take_up(checkpoint, module, adam, told)
        written = done
    half = torch.cuda.is_bf16_supported() if mixed is None and device.type == "cuda" else bool(mixed)
    run = _Half(module) if half else module

    def save() -> None:
        nonlocal written
        if checkpoint is not None and written < done and is_first():
            keep(checkpoint, module, adam, history, done, told)
            written = done

    devices = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices), torch.inference_mode(False), torch.enable_grad():
            for step in range(done, steps):
                torch.manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))
                for group in adam.param_groups:
                    group["lr"] = rate * _share(step, steps, warm)
                module.train()
                adam.zero_grad()
                number, count = place()
                numbers = _backward(run, batches(step * count + number).to(device), loss, step)
                mean_gradients(parameters)
                numbers = averaged(numbers, device)
                with _undivided():
                    adam.step()
                    for name, value in numbers.items():
                        history.setdefault(name, []).append(value)
                    done = step + 1
                    if done % every == 0 or done == steps:
                        save()
                report(what, done, steps)
                if preview is not None and (done % preview_every == 0 or done == steps):
                    module.eval()
                    with torch.no_grad():
                        stopped = is_first() and bool(preview(done, module))
                    stopped = averaged({"stopped": float(stopped)}, device)["stopped"] > 0
                    if stopped:
                        break
    except KeyboardInterrupt:
        stopped = True
    finally:
        module.eval()
        for one in parameters:
            one.grad = None
    with _undivided():
        save()
    return Fit(history, stopped and done < steps)


def _share(step: int, steps: int, warm: int) -> float:
    """The part of the rate that a step has."""
    return min(1.0, (step + 1) / (warm + 1)) * (1 + math.cos(math.pi * step / steps)) / 2


def _backward(run: nn.Module, batch: Tensor, loss: Loss, step: int) -> dict[str, float]:
    """Put gradients into the module, and give the losses with their sum."""
    try:
        terms = loss(run, batch, step)
        total = torch.stack([term.float() for term in terms.values()]).sum()
        numbers = {
            "loss": float(total.detach()),
            **{name: float(term.detach()) for name, term in terms.items()},
        }
        bad = [name for name, value in numbers.items() if not math.isfinite(value)]
        if bad:
            raise NonFinite(f"the loss {bad[-1]} is {numbers[bad[-1]]}")
        total.backward()  # type: ignore[no-untyped-call]
    except NonFinite as error:
        raise NonFinite(
            f"at step {step + 1}: {error}. Nothing can be learnt from that: give a lower rate"
        ) from None
    except RuntimeError as error:
        if short_of_memory(error):
            raise OutOfMemory(f"memory ran out at step {step + 1}: give a smaller batch or size") from error
        raise
    return numbers


class _Half(nn.Module):
    """A module that computes in bfloat16, and gives full precision."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *given: Tensor) -> Tensor:
        with torch.autocast(given[0].device.type, torch.bfloat16):
            found: Tensor = self.module(*given)
        return found.float()


@contextmanager
def _undivided() -> Iterator[None]:
    """Let Ctrl-C wait until a step is whole: weights of which some have moved are those of no step."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    heard: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *told: heard.append(told))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        before(*heard[0])
