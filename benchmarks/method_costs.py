"""What each method of attribution costs: CPU time over that of one forward pass, on one thread.

Run: python benchmarks/method_costs.py
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

import cutaway as cw
from cutaway.attribution.methods import METHODS

PHOTO = Path(__file__).parents[1] / "examples" / "photos" / "coffee.png"
LONG, ROUNDS = 1.0, 9


def spent(run: Callable[[], object]) -> float:
    """CPU seconds of a run: the median of several, of one where it is long."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
        if times[-1] > LONG:
            break
    return statistics.median(times)


torch.set_num_threads(1)
cw.keep_freed()
net = cw.load("squeezenet1_1")
images, objective = net.prepare(PHOTO), cw.class_logit(967)


def forward() -> object:
    """One pass."""
    return cw.capture(net, images, "@logits")


forward()
unit = spent(forward)
told: dict[str, float] = {}
for name, kind in METHODS.items():
    try:
        kind()(net, images, objective)
    except cw.CutawayError as refusal:  # an extra that is not installed
        print(f"{name:22} left out: {refusal}")
        continue
    told[name] = spent(lambda kind=kind: kind()(net, images, objective)) / unit
    print(f"{name:22} {told[name]:7.1f} forward passes")
results = {"forward_ms": 1000 * unit, "network": net.name, "forward_passes": told}
(Path(__file__).parent / "results" / "method_costs.json").write_text(json.dumps(results, indent=2) + "\n")
