"""What `explain` costs over the bare passes that it needs: one forward for the classes, one for each map."""

from __future__ import annotations

import numpy as np
import torch
from interleaved import compare

import cutaway as cw

torch.set_num_threads(1)
net = cw.load("squeezenet1_1")
photo = cw.read("examples/photos/chelsea.png")
images = net.prepare(photo)
plain = images.as_subclass(torch.Tensor)


def bare() -> torch.Tensor:
    """One forward pass gives the classes and, for class activation mapping, all the maps."""
    with torch.no_grad():
        return net.module.classifier[:3](net.module.features(plain))


maps = bare()
grid = cw.explain(net, photo)
top = maps.mean((2, 3)).argsort(descending=True)[0, :3]
gap = float(np.abs(grid.values - maps[0, top].numpy()).max())
compare(
    "explain",
    {
        "the bare forward pass": bare,
        "cutaway.explain": lambda: cw.explain(net, photo),
        "cutaway.explain, drawn": lambda: cw.explain(net, photo).to_image(),
        "cutaway.explain, drawn and written": lambda: cw.explain(net, photo).save("build/bench-explain.png"),
    },
    equal=f"maps against the bare pass: largest difference {gap:.1g}",
)
