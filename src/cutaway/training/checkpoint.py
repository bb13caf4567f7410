"""A training that was stopped: weights, Adam's memory, the losses so far, and what was being trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cutaway.errors import BadSetting, WeightsUnavailable
from cutaway.network.tensor_file import read_tensors, write_tensors

__all__ = ["History", "differences", "keep", "take_up"]

# The losses of each step, by their names.
History = dict[str, list[float]]
_KIND = "training"


def keep(
    path: Path,
    module: nn.Module,
    adam: torch.optim.Adam,
    history: History,
    step: int,
    settings: Mapping[str, Any],
) -> None:
    """Write all that it takes to go on, whole or not at all.

    Every step draws from a seed of its own, so that the number of steps done is also the state of the random numbers.

    Args:
        path: of the file, .safetensors.
        module: its parameters and buffers.
        adam: that moves it.
        history: of the losses.
        step: how many are done.
        settings: of the training; another one does not go on from it.

    Raises:
        OutOfSpace: where the disk is full, or nothing may be written.
    """
    tensors = {f"module.{name}": value for name, value in module.state_dict().items()}
    for number, kept in adam.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": value for name, value in kept.items()}
    for name, losses in history.items():
        tensors[f"history.{name}"] = torch.tensor(losses, dtype=torch.float64)
    write_tensors(path, tensors, {"kind": _KIND, "step": step, "settings": dict(settings)})


def take_up(
    path: Path, module: nn.Module, adam: torch.optim.Adam, settings: Mapping[str, Any]
) -> tuple[History, int]:
    """Bring a module and its Adam to where they were, and give the losses and how many steps are done.

    Args:
        path: of the file that `keep` wrote.
        module: of the same shapes.
        adam: new, over the module's parameters.
        settings: of the training.

    Raises:
        BadSetting: where it is of a training with other settings, with what differs.
        WeightsUnavailable: where it is damaged, or no checkpoint.
    """
    try:
        tensors, told = read_tensors(path)
    except WeightsUnavailable as error:
        raise WeightsUnavailable(f"{error}. Remove it to begin anew") from None
    if told.get("kind") != _KIND:
        raise WeightsUnavailable(f"{path} is no checkpoint of a training: give another name, or remove it")
    other = differences(told["settings"], settings)
    if other:
        raise BadSetting(
            f"{path} is the checkpoint of another training: {other}. Give the same settings to go on, another name, or "
            "remove it to begin anew"
        )
    parameters = list(module.parameters())
    state: dict[int, dict[str, Tensor]] = {}
    history: History = {}
    weights: dict[str, Tensor] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        if part == "module":
            weights[rest] = value
        elif part == "history":
            history[rest] = value.tolist()
        else:
            number, _, kept = rest.partition(".")
            # Laid out in memory as its parameter is: sums in another order round otherwise.
            like = value if kept == "step" else torch.empty_like(parameters[int(number)]).copy_(value)
            state.setdefault(int(number), {})[kept] = like.detach()
    module.load_state_dict(weights)
    adam.load_state_dict({"state": state, "param_groups": adam.state_dict()["param_groups"]})
    return history, int(told["step"])


def differences(there: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Tell in words what differs between settings; nothing where they are the same.

    >>> differences({"steps": 5, "seed": 0, "held": [1]}, {"steps": 9, "seed": 0, "held": [2]})
    'steps 5 (asked for: 9); held other than asked for'
    """
    told = []
    for name in {**there, **asked}:
        before, now = there.get(name), asked.get(name)
        if before != now:
            short = all(isinstance(one, str | int | float | None) for one in (before, now))
            told.append(f"{name} {before} (asked for: {now})" if short else f"{name} other than asked for")
    return "; ".join(told)
