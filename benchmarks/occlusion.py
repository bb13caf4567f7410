"""Occlusion of SqueezeNet, patch 32, stride 8, against Captum: the same falls.

Twice: with the allocator as it comes, and with its freed memory kept for both (`cutaway.keep_freed`, which the
command line turns on).
"""

from __future__ import annotations

import torch
from captum.attr import Occlusion as CaptumOcclusion
from interleaved import allocator, compare

import cutaway as cw

suffix = allocator()
torch.set_num_threads(1)
net = cw.load("squeezenet1_1")
images = net.prepare("examples/photos/chelsea.png").as_subclass(torch.Tensor)[:, :, :, 56:280].contiguous()
method, objective = cw.attribution.Occlusion(size=32, stride=8), cw.class_logit(285)
captum = CaptumOcclusion(net.module)


def theirs() -> torch.Tensor:
    return captum.attribute(
        images, (3, 32, 32), (3, 8, 8), baselines=0, target=285, perturbations_per_eval=16
    )


falls = method(net, images, objective)[0, 0]
total, count = torch.zeros(224, 224), torch.zeros(224, 224)
for r in range(falls.shape[0]):
    for c in range(falls.shape[1]):
        total[8 * r : 8 * r + 32, 8 * c : 8 * c + 32] += falls[r, c]
        count[8 * r : 8 * r + 32, 8 * c : 8 * c + 32] += 1
peer = theirs()[0, 0]
gap = float((total / count - peer).abs().max() / peer.abs().max())
compare(
    f"occlusion{suffix}",
    {"cutaway Occlusion": lambda: method(net, images, objective), "captum Occlusion, 16 at once": theirs},
    rounds=5,
    warm=0,
    equal=f"per-pixel map against Captum: {gap:.1g} of the largest value",
)
