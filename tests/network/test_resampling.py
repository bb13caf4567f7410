"""Which cells a resampling reads, against what its gradient reaches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cutaway.network.network import Network

WAYS: list[dict[str, Any]] = [
    *({"size": size} for size in (1, 2, 5, 11, 20)),
    *({"scale_factor": factor} for factor in (2, 1.5, 0.5, 0.7)),
    {"scale_factor": 0.7, "recompute_scale_factor": True},
]
MODES: list[dict[str, Any]] = [
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    *(
        {"mode": mode, "align_corners": aligned, "antialias": smooth}
        for mode in ("bilinear", "bicubic")
        for aligned, smooth in ((False, False), (True, False), (False, True))
    ),
]


class Resampled(nn.Module):
    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, **self.settings)


@pytest.mark.parametrize("size", [7, 10, 13])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode.values())))
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_cell_that_is_read_lies_in_the_box(way, mode, size):
    net = Resampled(way | mode)
    images = torch.rand(1, 1, size, size, dtype=torch.double)
    layer = Network(net).layers_for(images)[-1]
    assert layer.field is not None
    images.requires_grad_(True)
    output = net(images)
    wide = 0
    for unit in range(output.shape[2]):
        (gradient,) = torch.autograd.grad(output[0, 0, unit, unit], images, retain_graph=True)
        rows = (gradient[0, 0].abs().sum(1) > 1e-12).nonzero().flatten()
        top, _, bottom, _ = layer.field.box(unit, unit)
        assert top <= int(rows[0])
        assert bottom >= int(rows[-1]) + 1
        wide = max(wide, int(rows[-1]) + 1 - int(rows[0]))
    assert layer.receptive_field[0] <= 2 * wide + 4
