"""Images for channels against Lucent, per step and channel: the same network, size, changes between steps, and Adam.

Lucent (torch-lucent 0.1.8, on the path by PYTHONPATH) imports names of kornia, IPython and torchvision
that are not used here, so that it gets stand-ins for them.
"""

from __future__ import annotations

import sys
import types

import torch

_library = torch.library.Library("torchvision", "DEF")
_library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
_library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
for _name in ("kornia", "kornia.geometry", "kornia.geometry.transform", "IPython", "IPython.display"):
    sys.modules[_name] = types.ModuleType(_name)
sys.modules["kornia"].__version__ = "0.4.1"  # type: ignore[attr-defined]
sys.modules["kornia.geometry.transform"].translate = None  # type: ignore[attr-defined]

from interleaved import compare  # noqa: E402
from lucent.optvis import objectives, param, render  # noqa: E402

import cutaway as cw  # noqa: E402
from cutaway.recipes.making import TRANSFORMS  # noqa: E402
from cutaway.synthesis import Adam, Ascent, Fourier, ascend  # noqa: E402

torch.set_num_threads(1)
STEPS, CHANNELS, SIZE = 4, 4, 224
# Lucent enlarges what is smaller than 224, cutaway shows the network what it makes: 128 is another setting for each.
LAYERS = {
    "squeezenet1_1": {
        "early": ("conv1", "features_0"),
        "mid": ("fire5", "features_7"),
        "late": ("fire9", "features_12"),
    },
    "vgg16": {
        "early": ("conv1_2", "features_2"),
        "mid": ("conv3_3", "features_14"),
        "late": ("conv5_3", "features_28"),
    },
}


def changes(source: torch.Generator) -> list[object]:
    """Cutaway's changes between steps, as Lucent takes them."""
    return [lambda images, change=change: change(images, source) for change in TRANSFORMS]


def theirs(network: cw.Network, layer: str, size: int) -> list[object]:
    """Ascend with Lucent."""
    goal = objectives.Objective.sum([objectives.channel(layer, c, batch=c) for c in range(CHANNELS)])
    return render.render_vis(
        network.module,
        goal,
        lambda: param.image(size, batch=CHANNELS),
        transforms=changes(torch.Generator().manual_seed(0)),
        thresholds=(STEPS,),
        progress=False,
        show_image=False,
        fixed_image_size=SIZE,
    )


def ours(network: cw.Network, layer: str, size: int) -> Ascent:
    """Ascend with cutaway."""
    start = Fourier.noise(CHANNELS, size)
    wanted = cw.channel(layer, list(range(CHANNELS)))
    return ascend(network, wanted, start, steps=STEPS, optimizer=Adam(0.05), transforms=TRANSFORMS)


if __name__ == "__main__":
    for name in sys.argv[1:] or LAYERS:
        network = cw.load(name)
        for place, (layer, module) in LAYERS[name].items():
            jobs = {
                "cutaway, 224 px": lambda network=network, layer=layer: ours(network, layer, SIZE),
                "Lucent, 224 px": lambda network=network, module=module: theirs(network, module, SIZE),
                "cutaway at its own 128 px": lambda network=network, layer=layer: ours(network, layer, 128),
            }
            words = f"{STEPS} steps of {CHANNELS} channels, the same changes and Adam; starts of their own"
            compare(
                f"filters_{name}_{place}",
                jobs,
                rounds=5 if name == "squeezenet1_1" else 3,
                warm=1,
                equal=words,
            )
