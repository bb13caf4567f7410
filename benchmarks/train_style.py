"""A trained painter beside 100 evaluations of L-BFGS, on photos that it never saw; and the time of a frame.

    CUTAWAY_PHOTOS=… python benchmarks/train_style.py STYLE.safetensors PAINTING

The photos held out are those of the style's own training; both make 256 × 256 pixels with the style's own losses.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

import cutaway as cw
from cutaway.dataset.listing import Listing
from cutaway.faststyle.style_file import read_style
from cutaway.faststyle.stylizer import Stylizer
from cutaway.faststyle.training import StyleGoal
from cutaway.network.capture import capture
from cutaway.objectives.style_loss import Losses, style_loss
from cutaway.synthesis import LBFGS, Fourier, ascend
from cutaway.training.photos import PhotoCrops

SIDE, EVALUATIONS, PHOTOS, FRAMES = 256, 100, 6, 20


def lbfgs(goal: StyleGoal, photo: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
    """Make what the painter is to make by moving pixels, with the same losses and weights."""
    settings = goal.network.preprocessing
    content = capture(goal.network, settings.normalize(photo), [goal.content_layer])
    told: list[Losses] = []
    objective = style_loss(
        content,
        goal.styles(),
        content_weight=goal.content_weight,
        style_weight=goal.style_weight,
        told=told.append,
    )
    made = ascend(goal.network, objective, Fourier.matching(photo), steps=EVALUATIONS, optimizer=LBFGS())
    return made.images, {name: float(value) for name, value in goal.losses(photo, made.images).items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    file, painting = sys.argv[1:3]
    transformer, about = read_style(file)
    settings = about["settings"]
    side = 2 * settings["size"]
    picture = cw.read(painting)
    network = cw.load(settings["network"])
    goal = StyleGoal(
        network,
        (picture.resized(picture.shortest(side)),),
        (1.0,),
        settings["content_layer"],
        tuple(settings["style_layers"]),
        settings["content_weight"],
        settings["style_weight"],
        0.0,
    )
    listing = Listing.of(os.environ["CUTAWAY_PHOTOS"], None)
    held = [listing.path(k) for k in settings["held"][:PHOTOS]]
    paths, photos = PhotoCrops(held, SIDE).middles()
    rows = []
    for path, photo in zip(paths, photos, strict=True):
        with torch.inference_mode():
            painted = transformer(photo[None])
        ours = {name: float(value) for name, value in goal.losses(photo[None], painted.clone()).items()}
        _, theirs = lbfgs(goal, photo[None].clone())
        rows.append(
            {"photo": path.name, "painter": ours, "lbfgs": theirs, "ratio": ours["style"] / theirs["style"]}
        )
        print(
            path.name,
            f"style {ours['style']:.4f} / {theirs['style']:.4f} = {rows[-1]['ratio']:.2f}",
            f"content {ours['content']:.3f} / {theirs['content']:.3f}",
            flush=True,
        )
    frame = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    milliseconds = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        stylizer = Stylizer(file)
        stylizer(frame)
        spent = []
        for _ in range(FRAMES):
            start = time.perf_counter()
            stylizer(frame)
            spent.append(1000 * (time.perf_counter() - start))
        milliseconds[f"{threads} threads"] = statistics.median(spent)
    result = {
        "style": about["name"],
        "steps": about["done"],
        "median_ratio_of_style_losses": statistics.median(row["ratio"] for row in rows),
        "photos": rows,
        f"milliseconds_of_a_frame_{SIDE}": milliseconds,
    }
    target = Path(__file__).parent / "results" / "train_style.json"
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "photos"}, indent=2))
