"""Occlusion of deeper networks, patch 32, stride 8, against plain batches of the whole network in the usual format.

Captum's own loop is such a plain loop, and takes minutes here: so some of the 625 positions stand for all of them.
The weights are random where the package index has none; what is computed does not depend on them.
"""

from __future__ import annotations

import copy
import sys

import torch
from interleaved import compare
from torch import nn

import cutaway as cw
from cutaway.network.zoo.registry import ENTRIES

torch.set_num_threads(1)
cw.keep_freed()
SAMPLED = {"resnet18": 50, "resnet50": 25, "vgg16_full": 10}
method, objective = cw.attribution.Occlusion(size=32, stride=8), cw.class_logit(3)


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    module = ENTRIES[name].build().eval()
    for child in module.modules():
        if isinstance(child, nn.Conv2d | nn.Linear):
            # The usual beginning lets deep networks without norms fall silent.
            nn.init.kaiming_normal_(child.weight, nonlinearity="relu")
        if isinstance(child, nn.BatchNorm2d):
            nn.init.normal_(child.running_mean, std=0.1)
            nn.init.uniform_(child.running_var, 0.5, 1.5)
    return module


for name in sys.argv[1:] or list(SAMPLED):
    module, count = built(name), SAMPLED[name]
    net, image = cw.Network(module), torch.randn(1, 3, 224, 224)
    places = [(8 * (7 * i % 25), 8 * (11 * i % 25)) for i in range(count)]

    def plain(module: nn.Module = module, image: torch.Tensor = image, places: list = places) -> torch.Tensor:
        found = []
        image = image.to(next(module.parameters()))
        for start in range(0, len(places), 16):
            batch = image.repeat(len(places[start : start + 16]), 1, 1, 1)
            for hidden, (top, left) in zip(batch, places[start : start + 16], strict=True):
                hidden[:, top : top + 32, left : left + 32] = 0
            with torch.no_grad():
                found.append(module(batch)[:, 3])
        return torch.cat(found)

    falls = method(net, image, objective)[0, 0]
    with torch.no_grad():
        whole = module(image)[0, 3]
    ours = torch.stack([falls[top // 8, left // 8] for top, left in places])
    exactly = copy.deepcopy(module).double()
    with torch.no_grad():
        right = exactly(image.double())[0, 3] - plain(exactly)
    spread = float(falls.max() - falls.min())
    gap, own, its = (
        float((one - other).abs().max()) / spread
        for one, other in ((ours, whole - plain()), (ours, right), (whole - plain(), right))
    )
    ratios = compare(
        f"occlusion_{name}",
        {
            "cutaway Occlusion, 625 positions": lambda net=net, image=image: method(net, image, objective),
            f"plain batches of 16, {count} positions": plain,
        },
        rounds=2,
        warm=0,
        equal=f"the {count} positions: {gap:.1g} of the range of falls; from double precision, {own:.1g}, and the "
        f"plain batches themselves {its:.1g}",
    )
    print(f"  for as many positions: {list(ratios.values())[1] * 625 / count:.2f} ×")
