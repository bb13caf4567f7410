"""What `explain` costs over the bare passes that it needs: one forward for the classes, one for each map."""

from __future__ import annotations

import numpy as np
import torch
from interleaved import compare
from PIL import Image

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


def script() -> torch.Tensor:
    """What a plain script does with the photo before that: resize, normalise."""
    h, w = photo.size
    small = Image.fromarray(photo.pixels).resize(
        (round(w * 224 / min(h, w)), round(h * 224 / min(h, w))), Image.BILINEAR
    )
    tensor = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float().div_(255)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    ready = tensor.sub_(mean.view(1, 3, 1, 1)).div_(std.view(1, 3, 1, 1))
    with torch.no_grad():
        found = net.module.classifier[:3](
            net.module.features(ready.contiguous(memory_format=torch.channels_last))
        )
    return found[0, found.mean((2, 3))[0].topk(3).indices]


maps = bare()
grid = cw.explain(net, photo)
top = maps.mean((2, 3)).argsort(descending=True)[0, :3]
gap = float(np.abs(grid.values - maps[0, top].numpy()).max())
compare(
    "explain",
    {
        "the bare forward pass": bare,
        "a plain script: resize, normalise, forward, maps": script,
        "cutaway.explain": lambda: cw.explain(net, photo),
        "cutaway.explain, drawn": lambda: cw.explain(net, photo).to_image(),
        "cutaway.explain, drawn and written": lambda: cw.explain(net, photo).save("build/bench-explain.png"),
    },
    equal=f"maps against the bare pass: largest difference {gap:.1g}",
)
