"""Whether a network's weights are numbers at all."""

from __future__ import annotations

import torch
from torch import nn

from cutaway.errors import NonFinite, UnsupportedNetwork

__all__ = ["check_weights"]


def check_weights(module: nn.Module, name: str) -> None:
    """Refuse weights, and running statistics, that make every map nonsense.

    Args:
        module: whose weights.
        name: of the network, for the message.

    Raises:
        NonFinite: where one is NaN or infinite.
        UnsupportedNetwork: where they are on the meta device, which has shapes only.

    >>> check_weights(nn.Linear(2, 3, device="meta"), "tiny")
    Traceback (most recent call last):
    cutaway.errors.UnsupportedNetwork: tiny: 'weight' has no numbers (it is on the meta device)...
    """
    # Other buffers may hold -inf on purpose, as attention masks do.
    statistics = ((n, b) for n, b in module.named_buffers() if n.endswith(("running_mean", "running_var")))
    for path, value in [*module.named_parameters(), *statistics]:
        if value.is_meta:
            raise UnsupportedNetwork(
                f"{name}: {path!r} has no numbers (it is on the meta device). Load the weights first"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            count = int((~torch.isfinite(value)).sum())
            raise NonFinite(
                f"{name}: {count} of {value.numel()} numbers in {path!r} are NaN or infinite. "
                "Every map would be nonsense; load sound weights"
            )
