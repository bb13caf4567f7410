"""What a generator trained on one's own photos gives: inversions beside ascent, class images beside spectra.

    CUTAWAY_PHOTOS=photos/ python benchmarks/generator_prior.py

Trains for fire9 of SqueezeNet on that folder, if that was not done before (a quarter of an hour), and writes
benchmarks/results/generator_prior.json. Needs the weights of efficientnet_lite0, which judges what SqueezeNet made.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import cutaway as cw
from cutaway.images.folder import photos
from cutaway.recipes.generator_sheet import ascended, inversions, mean_likeness
from cutaway.recipes.generator_training import codes
from cutaway.synthesis.parametrization.generator_file import read_generator
from cutaway.training.photos import PhotoCrops

RESULTS = Path(__file__).parent / "results"
FILE = Path(tempfile.gettempdir()) / "cutaway-fire9.safetensors"
LAYER, CLASSES, HELD = "fire9.cat", 24, 12


def pooled(net: cw.Network, images: Tensor) -> Tensor:
    """The mean features of images, each of length 1."""
    return torch.nn.functional.normalize(codes(net, LAYER, images).mean((2, 3)))


def judged(judge: cw.Network, image: np.ndarray, k: int) -> int:
    """At which place another network has the class; 0 is the first."""
    picture = cw.Picture.of_values(image)
    logits = cw.capture(judge, judge.prepare(picture), "@logits")["@logits"][0]
    return int((logits > logits[k]).sum())


def main() -> None:
    """Train or read, measure, write."""
    folder = os.environ.get("CUTAWAY_PHOTOS")
    if folder is None:
        print("left out: CUTAWAY_PHOTOS names no folder of photos")
        return
    torch.set_num_threads(1)
    cw.keep_freed()
    net, judge = cw.load("squeezenet1_1"), cw.load("efficientnet_lite0")
    cw.invert_generator(net, "fire9", folder, out=FILE, ascent=0)
    generator, about = read_generator(FILE, net)
    paths = photos(folder)
    held = PhotoCrops([paths[k] for k in about["settings"]["held"]], 128).middles()[1]
    seen = PhotoCrops(
        [path for k, path in enumerate(paths) if k not in about["settings"]["held"]], 128
    ).middles()[1]
    start = time.perf_counter()
    _, scores = inversions(net, generator, LAYER, held)
    once = (time.perf_counter() - start) / len(held)
    start = time.perf_counter()
    _, slow = ascended(net, LAYER, held[:HELD], 50)
    found = {
        "held_out": len(held),
        "generator": mean_likeness(scores)._asdict() | {"seconds": once},
        "generator_of_the_same": mean_likeness(scores[:HELD])._asdict(),
        f"ascent_of_{HELD}": mean_likeness(slow)._asdict()
        | {"seconds": (time.perf_counter() - start) / HELD},
        "curve_end": about["loss"],
    }
    mean = pooled(net, seen)
    found["held_out_photos_nearest"] = float((pooled(net, held) @ mean.T).amax(1).mean())
    classes = np.random.default_rng(0).choice(1000, CLASSES, replace=False).tolist()
    for name, settings in (("prior", {"prior": FILE}), ("fourier", {"size": 128})):
        start = time.perf_counter()
        made = cw.class_image(net, classes, **settings)
        seconds = (time.perf_counter() - start) / CLASSES
        images = np.stack([cell.values for row in made.rows for cell in row])
        places = [judged(judge, image, k) for image, k in zip(images, classes, strict=True)]
        given = torch.from_numpy(images).permute(0, 3, 1, 2).clamp(0, 1)
        told = made.provenance["images"]
        found[name] = {
            "first_to_the_network": sum(one["first"]["index"] == one["index"] for one in told),
            "first_to_another": sum(place == 0 for place in places),
            "among_five_to_another": sum(place < 5 for place in places),
            "median_place_to_another": float(np.median(places)),
            "nearest_photo": float((pooled(net, given) @ mean.T).amax(1).mean()),
            "seconds": seconds,
            "classes": CLASSES,
        }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "generator_prior.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
