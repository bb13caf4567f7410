"""What reading one layer costs, as a share of a full forward pass of the same module."""

from __future__ import annotations

import torch
from interleaved import compare

import cutaway as cw
from cutaway.network.undisturbed import undisturbed

torch.set_num_threads(1)
net = cw.load("squeezenet1_1")
images = net.prepare(cw.read("examples/photos/chelsea.png"))
plain = images.as_subclass(torch.Tensor)


def forward() -> torch.Tensor:
    with torch.no_grad():
        return net.module(plain)


hooked: dict[str, torch.Tensor] = {}
handle = net.module.get_submodule("features.0").register_forward_hook(
    lambda m, a, out: hooked.update(conv1=out.clone())
)
with undisturbed(net.module):
    forward()
handle.remove()
gap = float((hooked["conv1"] - cw.capture(net, images, "conv1")["conv1"]).abs().max())
compare(
    "capture",
    {
        "the whole network, plain": forward,
        "capture conv1": lambda: cw.capture(net, images, "conv1"),
        "capture fire4": lambda: cw.capture(net, images, "fire4"),
        "capture conv10": lambda: cw.capture(net, images, "conv10"),
        "capture every fire module": lambda: cw.capture(net, images, [f"fire{i}" for i in range(2, 10)]),
    },
    equal=f"conv1 against a plain forward hook: largest difference {gap:.1g}",
)
