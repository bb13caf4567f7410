"""Say where NaN and infinity come from, before anyone believes a map made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from cutaway.errors import NonFinite
from cutaway.network.calls import Calls, Key, Visit, tensors
from cutaway.network.inputs import Inputs, input_tensors, run
from cutaway.network.network import Network
from cutaway.network.reader import Stop
from cutaway.network.trace import Target
from cutaway.network.undisturbed import undisturbed

__all__ = ["check_finite"]


def check_finite(network: Network, images: Inputs, values: Mapping[str, Tensor]) -> None:
    """Refuse values that are NaN or infinite.

    Args:
        network: that they come from.
        images: that it was given.
        values: by the name to tell.

    Raises:
        NonFinite: naming the first layer that goes wrong.

    >>> check_finite(Network(nn.Identity()), torch.zeros(1, 3), {"@output": torch.zeros(1, 3)})
    """
    for name, value in values.items():
        # One finite sum proves all finite; a sum that overflowed proves nothing.
        if bool(torch.isfinite(value.sum())) or bool(torch.isfinite(value).all()):
            continue
        raise NonFinite(
            f"{network.name}: {name} holds NaN or infinite numbers. {_first_bad(network, images)}"
        )


def _first_bad(network: Network, images: Inputs) -> str:
    """Say where the first NaN or infinity comes up."""
    if not all(bool(torch.isfinite(t).all()) for t in input_tensors(images)):
        return "They are in the images themselves"
    with undisturbed(network.module), torch.no_grad():
        finder = _FirstBad(network.module)
        trace = network.trace(images)
        try:
            with finder:
                run(network.module, network.ready(images))
        except Stop:
            pass
    call = trace.at(Target(finder.found, 0)) if finder.found else None
    if call is None:
        return "They come from outside its layers"
    bad = [n for n in call.weights if not bool(torch.isfinite(network.module.get_parameter(n)).all())]
    return f"The first bad layer is {call.name}" + (
        f": its weights {', '.join(bad)} are not finite" if bad else ""
    )


class _FirstBad(Calls):
    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.found: Key | None = None

    def call(self, visit: Visit) -> Any:
        result = visit.run()
        for tensor in tensors(result):
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                self.found = visit.key
                raise Stop
        return result
