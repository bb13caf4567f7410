"""A channel of its own for each image of a batch, also of different layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective

__all__ = ["channels"]


def channels(units: Sequence[tuple[str, int]]) -> Objective:
    """Score each image by the mean of its own channel over all places: image i by the i-th.

    Args:
        units: a layer and a channel of it for each image.

    Raises:
        BadSetting: at scoring, for another number of images, or a channel that the layer does not have.

    >>> maps = {"conv1": torch.arange(24.0).view(2, 2, 2, 3), "conv2": torch.ones(2, 4, 1, 1)}
    >>> channels([("conv2", 3), ("conv1", 0)]).score(maps)
    tensor([ 1.0000, 14.5000])
    """
    rows: dict[str, list[int]] = {}
    for row, (layer, _) in enumerate(units):
        rows.setdefault(layer, []).append(row)
    if not rows:
        raise BadSetting("channels() needs at least one channel, got none")

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        found: list[Tensor] = []
        for layer, own in rows.items():
            values, wanted = activations[layer], [units[row][1] for row in own]
            if len(values) != len(units):
                raise BadSetting(f"{len(units)} channels were given for a batch of {len(values)} images")
            most = values.shape[1] if values.dim() > 1 else 0
            if not 0 <= min(wanted) <= max(wanted) < most:
                raise BadSetting(f"{layer} has {most} channels, numbered from 0, got {wanted}")
            # All at once: a slice for each image would need a gradient as large as the whole batch's for each.
            chosen = values[
                torch.tensor(own, device=values.device), torch.tensor(wanted, device=values.device)
            ]
            found.append(chosen.flatten(1).mean(1) if values.dim() > 2 else chosen)
        order = torch.tensor([row for own in rows.values() for row in own], device=found[0].device)
        return torch.cat(found)[order.argsort()]

    name = ", ".join(f"{layer}:{channel}" for layer, channel in units)
    return Objective(name, tuple(rows), score)
