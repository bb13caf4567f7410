"""How small a change fools a network: random photos of a folder, random targets, each judged on the file that is saved.

python benchmarks/fooling.py FOLDER
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

import torch

import cutaway as cw
from cutaway.images.folder import photos

PAIRS, SEED = 10, 0
LEAST, MOST = 0.9, 4.0
OUT = Path(__file__).parent / "results" / "fooling.json"


def judged(net: cw.Network, picture: cw.Picture, target: int) -> float:
    """Give the target's probability for the picture as it is read again from its file."""
    with tempfile.TemporaryDirectory() as folder:
        again = cw.read(picture.save(Path(folder) / "fooled.png"))
    logits = cw.capture(net, net.prepare(again), "@logits")["@logits"]
    return float(torch.softmax(logits.double(), 1)[0, target])


def main(folder: str) -> None:
    """Measure."""
    torch.set_num_threads(1)
    draw = random.Random(SEED)
    paths = draw.sample(sorted(photos([folder])), PAIRS)
    targets = draw.sample(range(1000), PAIRS)
    found = []
    for name in ("squeezenet1_1", "efficientnet_lite0"):
        net = cw.load(name)
        for norm in ("l2", "linf"):
            for path, target in zip(paths, targets, strict=True):
                begun = time.perf_counter()
                made = cw.fool(net, path, target, norm=norm)
                seconds = time.perf_counter() - begun
                share = judged(net, made.picture, target)
                mean, most = 255 * made.norms["mean"], 255 * made.norms["linf"]
                row = {
                    "network": name,
                    "norm": norm,
                    "photo": Path(path).name,
                    "target": net.class_name(target),
                    "before": float(made.probabilities[0, target]),
                    "after": share,
                    "mean": mean,
                    "linf": most,
                    "l2": made.norms["l2"],
                    "steps": made.steps,
                    "seconds": round(seconds, 2),
                    "fooled": share >= LEAST and mean <= MOST,
                }
                found.append(row)
                print(
                    f"{name:18} {norm:4} {row['photo']:9} {row['target'][:22]:22} {share:.3f} "
                    f"mean {mean:.2f} L∞ {most:.0f} L2 {row['l2']:.2f} {made.steps} steps {seconds:.1f} s"
                )
    for name in ("squeezenet1_1", "efficientnet_lite0"):
        for norm in ("l2", "linf"):
            rows = [row for row in found if (row["network"], row["norm"]) == (name, norm)]
            print(f"{name} {norm}: fooled {sum(row['fooled'] for row in rows)} of {len(rows)}, "
                  f"mean change {sum(row['mean'] for row in rows) / len(rows):.2f}, "
                  f"largest mean {max(row['mean'] for row in rows):.2f} of 255")  # fmt: skip
    OUT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
