"""The pictures of benchmarks/filters.py side by side: the same channels by cutaway at its own size, and by Lucent.

    PYTHONPATH=…/lucent python benchmarks/filters_pictures.py docs/pictures/filters-lucent.jpg

Different settings, and labelled so: both make 128 px; cutaway shows the network that, Lucent enlarges it to 224 px.
Changes between steps, optimiser and number of steps are the same; the starts and the spectra are each one's own.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
from filters import SIZE, changes
from lucent.optvis import objectives, param, render

import cutaway as cw
from cutaway.recipes.making import MAKINGS
from cutaway.view.album import Album
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture

torch.set_num_threads(1)
STEPS = MAKINGS["fourier"].steps
WANTED = {
    "squeezenet1_1": {"fire5": "features_7", "fire9": "features_12"},
    "vgg16": {"conv3_3": "features_14", "conv5_3": "features_28"},
}
CHANNELS = 4


def theirs(network: cw.Network, layer: str) -> list[np.ndarray]:
    """Make images with Lucent, (h,w,3) each, 0..1."""
    torch.manual_seed(0)
    module = WANTED[network.name][layer]
    made = render.render_vis(
        network.module,
        objectives.Objective.sum([objectives.channel(module, c, batch=c) for c in range(CHANNELS)]),
        lambda: param.image(128, batch=CHANNELS),
        transforms=changes(torch.Generator().manual_seed(0)),
        thresholds=(STEPS,),
        progress=False,
        show_image=False,
        fixed_image_size=SIZE,
    )
    return list(made[-1])


def ours(network: cw.Network, layer: str) -> list[np.ndarray]:
    """Make images with cutaway."""
    return list(cw.filters(network, layer, channels=range(CHANNELS), steps=STEPS).values)


def told(network: cw.Network, layer: str, images: list[np.ndarray]) -> list[Picture]:
    """Write below each image what it reaches, as it is."""
    plain = torch.from_numpy(np.stack(images)).float().permute(0, 3, 1, 2).clamp(0, 1)
    values = cw.capture(network, network.preprocessing.normalize(plain), layer)[layer]
    return [
        Picture(Picture.of_values(image).pixels, f"{layer}:{k}\nmean {float(values[k, k].mean()):.3g}")
        for k, image in enumerate(images)
    ]


def sheet(name: str) -> Grid:
    """Lay out what both make of a network's channels."""
    network = cw.load(name)
    rows, titles = [], []
    for words, make in (("cutaway\nshown at 128 px", ours), (f"Lucent\nshown at {SIZE} px", theirs)):
        cells: list[Picture] = []
        start = time.process_time()
        for layer in WANTED[name]:
            cells += told(network, layer, make(network, layer))
        spent = (time.process_time() - start) / len(cells)
        rows.append(tuple(cells))
        titles.append(f"{words}\n{spent:.1f} s each")
    return Grid(
        tuple(rows),
        title=f"{name}: the same channels, {STEPS} steps",
        row_titles=tuple(titles),
        caption="Two settings: the network sees 128 px, or the same enlarged to 224 px. Changes between steps and Adam "
        "are the same. Mean: of the channel, for the image as it is. Seconds of CPU, one thread.",
    )


if __name__ == "__main__":
    Album(tuple(sheet(name) for name in WANTED)).save(sys.argv[1])
