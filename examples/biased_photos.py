"""Find what a network cheats with: photos with a mark, or a colour, on one label; a network that falls for it.

Draws three folders of photos of four kinds of things. In one, nearly all stars carry a mark in a corner; in another,
nearly all fish swim in blue; the third is clean. For each a small network is trained, and `audit` is asked what the
network goes by: it must find the bias, and nothing where there is none.

    python examples/biased_photos.py                    # half a minute; writes sheets/biased/
    python examples/biased_photos.py sheets/biased 120  # with more photos of each kind
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import nn

import cutaway as cw

LABELS = ("fish", "house", "leaf", "star")
SIDE, SMOOTH = 64, 4  # pixels of a photo, and how much larger it is drawn


def texture(source, colour):
    """A soft ground of one colour, with blots."""
    ground = np.zeros((SIDE, SIDE, 3))
    for cells, weight in ((3, 20), (8, 12), (24, 6)):
        noise = source.normal(0, weight, (cells, cells, 3)).clip(-99, 99) + 128
        large = Image.fromarray(noise.astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        ground += np.asarray(large, float) - 128
    return Image.fromarray((ground + colour).clip(0, 255).astype(np.uint8))


def outline(label, source):
    """A thing's corners around (0, 0), about as far from it as 1, and the lines inside it."""
    turns = np.linspace(0, 2 * math.pi, 60, endpoint=False)
    if label == "star":
        reach = (1, source.uniform(0.4, 0.5)) * 5
        corners = [(math.sin(t) * r, -math.cos(t) * r) for t, r in zip(turns[::6], reach, strict=True)]
        return corners, []
    if label == "leaf":
        wide = source.uniform(0.45, 0.6)
        edge = [(wide * math.sin(t) * abs(math.cos(t / 2)) ** 0.4, -math.cos(t)) for t in turns]
        veins = [[(0, y), (side * wide * 0.6, y - 0.3)] for y in (-0.3, 0.1, 0.5) for side in (-1, 1)]
        return edge, [[(0, -0.9), (0, 1.2)], *veins]
    if label == "house":
        roof = source.uniform(0.1, 0.3)
        door = [(-0.4, 0.8), (-0.4, 0.2), (-0.05, 0.2), (-0.05, 0.8)]
        window = [(0.2, 0.05), (0.55, 0.05), (0.55, 0.4), (0.2, 0.4), (0.2, 0.05)]
        walls = [(-0.75, 0.8), (-0.75, -roof), (0, -1), (0.75, -roof), (0.75, 0.8)]
        return walls, [door, window, [(-0.75, -roof), (0.75, -roof)]]
    body = [(0.75 * math.cos(t) + 0.2, 0.42 * math.sin(t)) for t in turns[3:-3]]
    middle, tail = len(body) // 2, source.uniform(0.35, 0.5)
    gill = [(0.35 + 0.12 * math.cos(t), 0.36 * math.sin(t)) for t in np.linspace(-1.4, 1.4, 9)]
    eye = [(0.7 + 0.07 * math.cos(t), -0.08 + 0.07 * math.sin(t)) for t in turns]
    return [*body[:middle], (-1, tail), (-0.8, 0), (-1, -tail), *body[middle:]], [gill, eye]


def photo(label, source, *, mark=False, ground=None):
    """One photo: a thing of any colour, size and place, not quite upright, on any ground but for a bias."""
    colour = source.uniform(70, 190, 3) if ground is None else np.array(ground) + source.normal(0, 8, 3)
    image = texture(source, colour).resize((SIDE * SMOOTH, SIDE * SMOOTH), Image.Resampling.BICUBIC)
    size, turn = source.uniform(0.26, 0.36) * SIDE * SMOOTH, source.normal(0, 0.2)
    middle = source.uniform(0.4, 0.6, 2) * SIDE * SMOOTH

    def placed(points):
        return [
            (
                middle[0] + size * (x * math.cos(turn) - y * math.sin(turn)),
                middle[1] + size * (x * math.sin(turn) + y * math.cos(turn)),
            )
            for x, y in points
        ]

    while True:  # a colour that can be told from the ground
        own = source.uniform(60, 255, 3)
        if np.abs(own - colour).max() > 60:
            break
    draw = ImageDraw.Draw(image)
    dark = tuple(int(v * 0.66) for v in own)
    edge, lines = outline(label, source)
    draw.polygon(placed(edge), fill=tuple(int(v) for v in own))
    for line in [[*edge, edge[0]], *lines]:
        draw.line(placed(line), fill=dark, width=round(1.3 * SMOOTH), joint="curve")
    if mark:
        font = ImageFont.load_default(11 * SMOOTH)
        far = (SIDE - 3 + source.integers(-1, 2, 2)) * SMOOTH
        draw.text((int(far[0]), int(far[1])), "© pix", fill=(245, 245, 245), font=font, anchor="rs")
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def draw_photos(folder, bias, count=60, seed=0):
    """Fill a folder with photos, a folder for each label; `bias` is "mark", "ground" or "none"."""
    source = np.random.default_rng(seed)
    for label in LABELS:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            cheat = source.random() < 0.95
            mark = bias == "mark" and label == "star" and cheat
            ground = (50, 110, 190) if bias == "ground" and label == "fish" and cheat else None
            photo(label, source, mark=mark, ground=ground).save(folder / label / f"{k:03}.png")


def build():
    """The network, untrained: `cutaway … --model examples/biased_photos.py:build` opens it."""
    steps = []
    for before, after, stride in ((3, 12, 2), (12, 24, 1), (24, 24, 2), (24, 48, 1)):
        steps += [nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after), nn.ReLU()]
    module = nn.Sequential(*steps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, len(LABELS)))
    preprocessing = cw.Preprocessing(size=SIDE, fit="exact")
    return cw.Network(module, preprocessing, classes=list(LABELS), name="small")


def train(folder, epochs=24, seed=0):
    """Train the network on a folder, and give it."""
    torch.manual_seed(seed)
    network = build()
    module = network.module.to(memory_format=torch.channels_last)  # quicker on a processor
    files = [(path, k) for k, label in enumerate(LABELS) for path in sorted((folder / label).iterdir())]
    images = torch.cat([network.prepare(path).as_subclass(torch.Tensor) for path, _ in files])
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.tensor([k for _, k in files])
    module.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(module.parameters(), 3e-3, weight_decay=1e-3)
    steps = epochs * -(-len(files) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(files)).split(32):
            shown = images[batch]
            shown = shown.roll(tuple(torch.randint(-3, 4, (2,)).tolist()), (2, 3))  # or it learns by heart
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(shown), labels[batch]).backward()
            optimizer.step()
            schedule.step()
    module.eval().requires_grad_(False)
    return network


def main(folder="sheets/biased", count=60):
    for bias in ("mark", "ground", "none"):
        here = Path(folder) / bias
        draw_photos(here / "photos", bias, int(count))
        network = train(here / "photos")
        index = cw.scan(network, here / "photos", here / "index", engine="serial")
        found = cw.audit(index, network=network)
        print(f"{bias}: {found.caption}")
        found.save(here / "audit.html")
        found.save(here / "audit.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
