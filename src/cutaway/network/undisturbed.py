"""Run the user's model and leave it exactly as it was found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from cutaway.errors import UnsupportedNetwork

__all__ = ["check_openable", "undisturbed"]


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Put a model into evaluation for the time of `with`; afterwards each module's mode and all RNGs are as before.

    Works inside `no_grad` and `inference_mode`, whose effect ends inside. Gradients are never accumulated:
    nothing in cutaway calls `backward`.

    >>> net = nn.Sequential(nn.Dropout(), nn.BatchNorm2d(3).eval())
    >>> with undisturbed(net):
    ...     inside = [child.training for child in net.modules()]
    >>> inside, [child.training for child in net.modules()]
    ([False, False, False], [True, True, False])
    """
    # The attribute is set directly: a user's own train() may do more than set flags.
    in_training = [child for child in module.modules() if child.training]
    devices: list[int] = []
    if torch.cuda.is_available():
        devices = sorted({p.device.index or 0 for p in module.parameters() if p.device.type == "cuda"})
    drawn = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=devices), torch.inference_mode(False), torch.enable_grad():
        try:
            for child in in_training:
                child.training = False
            yield
        finally:
            for child in in_training:
                child.training = True
            random.setstate(drawn[0])
            np.random.set_state(drawn[1])


def check_openable(module: nn.Module) -> None:
    """Refuse what cannot be opened: compiled, scripted and parallel wrappers.

    >>> check_openable(nn.DataParallel(nn.ReLU()))
    Traceback (most recent call last):
    cutaway.errors.UnsupportedNetwork: DataParallel runs copies of the network in threads...
    """
    if not isinstance(module, nn.Module):
        raise UnsupportedNetwork(
            f"a network must be a torch.nn.Module, got {type(module).__name__}. For a file: cutaway.load(path)"
        )
    for path, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if is_lazy(tensor):
            raise UnsupportedNetwork(
                f"{path!r} has no size yet: a lazy module takes it from its first input. Run the network once before"
            )
    for path, child in module.named_modules():
        where = f" (at {path})" if path else ""
        if isinstance(child, torch.jit.ScriptModule | torch.jit.ScriptFunction):
            raise UnsupportedNetwork(
                f"TorchScript hides its operations{where}. Pass the Python module that it was made from"
            )
        if type(child).__name__ == "OptimizedModule":
            raise UnsupportedNetwork(
                f"torch.compile fuses operations{where}. Pass the module as it was before compiling: net._orig_mod"
            )
        if isinstance(child, nn.DataParallel | nn.parallel.DistributedDataParallel):
            raise UnsupportedNetwork(
                f"{type(child).__name__} runs copies of the network in threads{where}. "
                "Pass the network inside it: net.module"
            )
