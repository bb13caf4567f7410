"""Whether a scan's memory stays flat: the process's size over 20,000 small generated images."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from PIL import Image
from torch import nn

import cutaway as cw
from cutaway.dataset.listing import Listing
from cutaway.dataset.scan import fold, planned
from cutaway.dataset.store import index_store
from cutaway.jobs.engines import serial

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
torch.set_num_threads(1)
torch.manual_seed(0)
layers = nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
net = cw.Network(nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10)), cw.Preprocessing(size=48))
source, sizes = np.random.default_rng(0), []


def resident() -> float:
    """The process's size now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


with tempfile.TemporaryDirectory() as folder:
    for number in range(COUNT):
        pixels = source.integers(0, 255, (6, 6, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((56, 48)).save(Path(folder) / f"{number:05d}.jpg", quality=80)
    plan = planned(net, Listing.of(folder, None))
    with cw.watched(lambda what, done, total: sizes.append(resident())):
        fold(plan, index_store(Path(folder) / "index"), serial)
quarter = len(sizes) // 4
first, last = mean(sizes[1 : quarter + 1]), mean(sizes[-quarter:])
told = {"images": COUNT, "first quarter, MB": first, "last quarter, MB": last, "ratio": last / first}
print(json.dumps(told))
Path(__file__).with_name("results").joinpath("scan_memory.json").write_text(json.dumps(told, indent=2) + "\n")
