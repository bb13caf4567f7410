"""A scan of nine layers, with the places of the strongest, against the network's plain forward pass.

    python benchmarks/scan.py FOLDER

FOLDER holds some hundred photos (without it the three of examples/photos, too few to tell much). Each is cut in six
ways, so that some thousand images go by, none twice: among few, every second one is among the strongest of something.
Both sides see each once, in batches of 32, channels last, on one thread.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from interleaved import compare
from PIL import Image

import cutaway as cw
from cutaway.dataset.listing import Listing
from cutaway.dataset.plan import Plan, _Folded
from cutaway.dataset.scan import planned
from cutaway.errors import BadImage
from cutaway.images.folder import photos

torch.set_num_threads(1)
cw.keep_freed()
LAYERS = ["relu1", *(f"fire{k}" for k in range(2, 10))]
net = cw.load("squeezenet1_1")
found = photos(sys.argv[1] if len(sys.argv) > 1 else "examples/photos")

with tempfile.TemporaryDirectory() as folder:
    for number, path in enumerate(found):
        try:
            photo = Image.fromarray(cw.read(path).pixels)
        except BadImage:
            continue
        for cut in range(6):
            w, h = photo.size
            left, top = w * (cut % 3) // 8, h * (cut // 3) // 4
            part = photo.crop((left, top, left + w * 3 // 4, top + h * 3 // 4)).resize((500, 375))
            part.save(Path(folder) / f"{number:04d}-{cut}.jpg", quality=90)
    listing = Listing.of(folder, None)
    whole = planned(net, listing, LAYERS)
    plan: Plan = replace(whole, shard=len(listing))
    ready = list(plan._batches(0, {}))

    def forward() -> None:
        with torch.no_grad():
            for _, images in ready:
                net.module(images.as_subclass(torch.Tensor))

    def fold() -> _Folded:
        folded = _Folded(plan, plan.photos(0))
        for ids, images in ready:
            folded.add(ids, images)
        return folded

    first = fold()._top["fire9.cat"]
    with torch.no_grad():
        maxima = torch.cat(
            [
                cw.capture(net, images.as_subclass(torch.Tensor), "fire9", keep=lambda _, a: a.amax((2, 3)))[
                    "fire9"
                ]
                for _, images in ready
            ]
        )
    same = torch.equal(first.values, maxima.sort(dim=0, descending=True, stable=True).values[:9])
    ratios = compare(
        "scan",
        {
            "the plain forward pass, photos decoded before": forward,
            "cutaway scan, nine layers, photos decoded before": fold,
            "cutaway scan, nine layers, from JPEG files of 500 × 375": lambda: plan.make(0),
        },
        rounds=3,
        warm=1,
        equal=f"the nine strongest of every channel of fire9 are those of all maxima sorted: {same}",
    )
    print(
        f"  {len(listing)} photos; share of the plain pass: {', '.join(f'{1 / r:.2f}' for r in ratios.values())}"
    )
