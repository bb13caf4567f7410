"""A trained painter beside 100 evaluations of L-BFGS, on photos that it never saw; and the time of a frame.

    python benchmarks/train_style.py STYLE.safetensors PAINTING PHOTO…

All make 256 × 256 pixels, the middle of the photo, with the style's own losses and weights. L-BFGS is run twice: the
plain loop of benchmarks/style.py, which moves pixels from the photo on, its colours cut to what a file holds in the
end; and that of `cutaway.style`.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import style as plain_style
import torch
from interleaved import RESULTS

import cutaway as cw
from cutaway.faststyle.style_file import read_style
from cutaway.faststyle.stylizer import Stylizer
from cutaway.faststyle.training import StyleGoal
from cutaway.network.capture import capture
from cutaway.objectives.style_loss import style_loss
from cutaway.synthesis import LBFGS, Fourier, ascend
from cutaway.training.photos import PhotoCrops

SIDE, EVALUATIONS, FRAMES = 256, 100, 20


def own(goal: StyleGoal, photo: torch.Tensor) -> torch.Tensor:
    """Make what the painter is to make as `cutaway.style` does, at one size."""
    settings = goal.network.preprocessing
    content = capture(goal.network, settings.normalize(photo), [goal.content_layer])
    objective = style_loss(
        content, goal.styles(), content_weight=goal.content_weight, style_weight=goal.style_weight
    )
    made = ascend(goal.network, objective, Fourier.matching(photo), steps=EVALUATIONS, optimizer=LBFGS())
    return made.images


def plain(goal: StyleGoal, photo: torch.Tensor) -> torch.Tensor:
    """Make it as one finds it in public scripts."""
    settings = goal.network.preprocessing
    (painting,) = goal.paintings
    seen = torch.from_numpy(painting.pixels.copy()).permute(2, 0, 1)[None].float() / 255
    plain_style.WEIGHT = goal.style_weight / goal.content_weight
    loop = plain_style.Plain(goal.network, settings.normalize(photo), settings.normalize(seen))
    loop.run(EVALUATIONS)
    for weight in goal.network.module.parameters():
        weight.requires_grad_(False)
        weight.grad = None
    return settings.pixels(loop.images.detach()).clamp(0, 1)


def milliseconds(file: str) -> dict[str, float]:
    """Tell the median time of a frame."""
    frame = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    found = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        stylizer = Stylizer(file)
        stylizer(frame)
        spent = []
        for _ in range(FRAMES):
            start = time.perf_counter()
            stylizer(frame)
            spent.append(1000 * (time.perf_counter() - start))
        found[f"{threads} threads"] = statistics.median(spent)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    file, painting, *named = sys.argv[1:]
    transformer, about = read_style(file)
    settings = about["settings"]
    picture = cw.read(painting)
    network = cw.load(settings["network"])
    goal = StyleGoal(
        network,
        (picture.resized(picture.shortest(SIDE)),),
        (1.0,),
        settings["content_layer"],
        tuple(settings["style_layers"]),
        settings["content_weight"],
        settings["style_weight"],
        0.0,
    )
    paths, photos = PhotoCrops([Path(one) for one in named], SIDE).middles()
    rows = []
    for path, photo in zip(paths, photos, strict=True):
        with torch.inference_mode():
            painted = transformer(photo[None]).clone()
        given = photo[None].clone()
        made = {"painter": painted, "plain": plain(goal, given), "own": own(goal, given), "photo": given}
        told = {
            name: {loss: float(value) for loss, value in goal.losses(given, one).items()}
            for name, one in made.items()
        }
        ratios = {name: told["painter"]["style"] / told[name]["style"] for name in ("plain", "own")}
        rows.append({"photo": path.name, **told, "ratio of style losses": ratios})
        print(path.name, json.dumps(told), json.dumps(ratios), flush=True)
    result = {
        "style": about["name"],
        "steps": about["done"],
        "style weight": goal.style_weight,
        "median ratio of style losses": {
            name: statistics.median(row["ratio of style losses"][name] for row in rows)
            for name in ("plain", "own")
        },
        "photos": rows,
        f"milliseconds of a frame of {SIDE}": milliseconds(file),
    }
    (RESULTS / "train_style.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "photos"}, indent=2))
