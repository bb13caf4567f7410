"""Style transfer against a plain loop: losses at equal evaluations on three pairs, and the time of one step.

    python benchmarks/style.py FOLDER

FOLDER holds the paintings as pictures: board7.png (Hokusai, The Great Wave), starry_night.png (van Gogh) and
board19.png (Kandinsky, Composition VIII). The plain loop is written the usual way: VGG-16's features in full, weights
that collect gradients, channels first, pixels moved by L-BFGS with a line search. Losses and weights are the same.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from interleaved import RESULTS, compare
from torch import Tensor, nn

import cutaway as cw
from cutaway.network.quick_convolutions import QuickConvolutions
from cutaway.objectives.style_loss import Style, gram_sums, grams, style_loss
from cutaway.synthesis.ascend import ascend
from cutaway.synthesis.optimizers import LBFGS
from cutaway.synthesis.parametrization.fourier import Fourier

ROOT = Path(__file__).parents[1]
PAIRS = [
    ("coffee.png", "board7.png", "The Great Wave"),
    ("chelsea.png", "starry_night.png", "The Starry Night"),
    ("camera.png", "board19.png", "Composition VIII"),
]
STYLE, CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), "relu4_2"
SIZE, STEPS, WEIGHT = (128, 192), 100, 10.0


class Plain:
    """The loop that one finds in public scripts."""

    def __init__(self, network: cw.Network, photo: Tensor, painting: Tensor) -> None:
        self.layers = list(network.module.features)
        for weight in network.module.parameters():
            weight.requires_grad_(True)
        self.images = photo.clone().requires_grad_(True)
        numbers = [k for k, layer in enumerate(self.layers) if isinstance(layer, nn.ReLU)]
        self.style, self.content = [numbers[k] for k in (0, 2, 4, 7, 10)], numbers[8]
        with torch.no_grad():
            self.photo = self.maps(photo)[self.content]
            self.grams = {k: self.gram(one) for k, one in self.maps(painting).items() if k in self.style}
        self.told: list[tuple[float, float]] = []

    def maps(self, images: Tensor) -> dict[int, Tensor]:
        found = {}
        for k, layer in enumerate(self.layers):
            images = layer(images)
            if k in self.style or k == self.content:
                found[k] = images.clone()
        return found

    @staticmethod
    def gram(maps: Tensor) -> Tensor:
        flat = maps.flatten(2)[0]
        return flat @ flat.T / flat.shape[1]

    def run(self, steps: int) -> None:
        optimizer = torch.optim.LBFGS(
            [self.images], max_iter=steps, max_eval=steps, history_size=20, line_search_fn="strong_wolfe"
        )

        def closure() -> Tensor:
            optimizer.zero_grad()
            found = self.maps(self.images)
            content = (found[self.content] - self.photo).square().sum() / self.photo.square().sum()
            parts = [
                (self.gram(found[k]) - goal).square().sum() / goal.square().sum()
                for k, goal in self.grams.items()
            ]
            style = torch.stack(parts).mean()
            total = content + WEIGHT * style
            total.backward()
            self.told.append((float(content.detach()), float(style.detach())))
            return total

        optimizer.step(closure)

    def cut(self, network: cw.Network) -> tuple[float, float]:
        """Tell the losses of the picture that is left when colours outside black and white are cut."""
        settings = network.preprocessing
        assert settings is not None
        with torch.no_grad():
            found = self.maps(settings.normalize(settings.pixels(self.images).clamp(0, 1)))
            content = (found[self.content] - self.photo).square().sum() / self.photo.square().sum()
            parts = [
                (self.gram(found[k]) - goal).square().sum() / goal.square().sum()
                for k, goal in self.grams.items()
            ]
        return float(content), float(torch.stack(parts).mean())


def prepared(network: cw.Network, picture: cw.Picture, size: tuple[int, int]) -> Tensor:
    assert network.preprocessing is not None
    return network.preprocessing.normalized(picture.resized(size).pixels[None]).contiguous()


def cropped(path: Path) -> cw.Picture:
    """A painting; The Starry Night without the black frame of its photo."""
    found = cw.read(path)
    h, w = found.size
    return found.cropped((22, 22, h - 22, w - 22)) if path.stem == "starry_night" else found


def one_pair(network: cw.Network, photo: cw.Picture, painting: cw.Picture) -> dict[str, object]:
    """Run both loops for as many evaluations, and tell their losses and times."""
    start = time.process_time()
    size = painting.shortest(min(SIZE))
    plain = Plain(network, prepared(network, photo, SIZE), prepared(network, painting, size))
    plain.run(STEPS)
    of_plain = time.process_time() - start
    for weight in network.module.parameters():
        weight.requires_grad_(False)
        weight.grad = None
    start = time.process_time()
    made = cw.style(photo, painting, network=network, size=SIZE, steps=STEPS, scales=1, style_weight=WEIGHT)
    of_ours = time.process_time() - start
    told = np.array(plain.told[:STEPS])
    # What it would hand over: the best of its points, and that with its colours cut to what a file holds.
    found: dict[str, object] = {"evaluations": STEPS, "cpu_s": {"plain": of_plain, "ours": of_ours}}
    run = made.runs[0]
    mine = np.minimum.accumulate(run.content + WEIGHT * run.style)
    content, style = told[int((told @ [1, WEIGHT]).argmin())]
    cut = plain.cut(network)
    pairs = {"plain": (content, style), "plain, colours cut": cut, "ours": made.losses}
    found["losses"] = {
        name: {"content": float(one), "style": float(other), "weighted sum": float(one + WEIGHT * other)}
        for name, (one, other) in pairs.items()
    }
    for name in ("plain", "plain, colours cut"):
        goal = pairs[name][0] + WEIGHT * pairs[name][1]
        there = np.flatnonzero(mine <= goal)
        steps = int(there[0]) + 1 if len(there) else None
        times = of_plain / (of_ours * steps / STEPS) if steps else None
        found[f"ours until the weighted sum of {name}"] = {
            "evaluations": steps,
            "times faster by CPU time": times,
        }
    print(json.dumps(found), flush=True)
    found["history"] = {
        "plain": told[::5].tolist(),
        "ours": np.stack([run.content, run.style], 1)[::5].tolist(),
    }
    return found


def step_time(network: cw.Network, photo: cw.Picture, painting: cw.Picture, steps: int = 4) -> None:
    """Time one step of each at 256 × 256, and a bare forward and backward pass of the truncated network."""
    images, paint = (prepared(network, one, (256, 256)) for one in (photo, painting))
    plain = Plain(network, images, paint)
    layers = [*STYLE, CONTENT]
    found, seen = (cw.capture(network, one, layers) for one in (images, paint))
    objective = style_loss(
        {CONTENT: found[CONTENT]}, [Style(grams(gram_sums(seen, STYLE)))], style_weight=WEIGHT
    )
    rules = QuickConvolutions().rules()
    features = list(network.module.features)[: plain.style[-1] + 1]
    last = images.contiguous(memory_format=torch.channels_last)

    def ours() -> None:
        assert network.preprocessing is not None
        for weight in network.module.parameters():
            weight.requires_grad_(False)
        start = Fourier.matching(network.preprocessing.pixels(images))
        ascend(network, objective, start, steps=steps, optimizer=LBFGS(), rules=rules)

    def usual() -> None:
        for weight in network.module.parameters():
            weight.requires_grad_(True)
        plain.run(steps)

    def bare() -> None:
        for weight in network.module.parameters():
            weight.requires_grad_(False)
        for _ in range(steps):
            maps = given = last.clone().requires_grad_(True)
            for layer in features:
                maps = layer(maps)
            torch.autograd.grad(maps, given, torch.ones_like(maps))

    jobs = {
        f"plain loop, {steps} steps": usual,
        "ours": ours,
        "truncated network, forward and backward": bare,
    }
    compare("style_step", jobs, rounds=5, warm=1, equal="same losses; gradients of both agree, see the tests")


def main(folder: Path) -> None:
    """Measure both."""
    torch.set_num_threads(1)
    cw.keep_freed()
    network = cw.load("vgg16")
    photos = [cw.read(ROOT / "examples" / "photos" / name) for name, _, _ in PAIRS]
    paintings = [cropped(folder / name) for _, name, _ in PAIRS]
    step_time(network, photos[1], paintings[1])
    told = {}
    for (photo, _, title), one, other in zip(PAIRS, photos, paintings, strict=True):
        told[f"{photo} in the style of {title}"] = one_pair(network, one, other)
        (RESULTS / "style.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
