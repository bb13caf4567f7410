"""The proof of projections over the hundred strongest units of a layer: how far activations fall.

Run: python benchmarks/proof.py FOLDER-OF-PHOTOS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

import cutaway as cw
from cutaway.attribution.deconvnet import Deconvnet
from cutaway.attribution.guided_backprop import RULES
from cutaway.attribution.projection import project
from cutaway.attribution.proof import prove
from cutaway.images.folder import photos
from cutaway.objectives.objective import Unit

LAYERS = {"squeezenet1_1": ("fire3", "fire5", "fire7"), "alexnet": ("relu2", "relu3", "relu4")}
UNITS = 100
WAYS = {"deconvnet": Deconvnet().rules, "guided": RULES, "gradient": {}}

torch.set_num_threads(1)
cw.keep_freed()
folder = sys.argv[1] if len(sys.argv) > 1 else "examples/photos"
paths = photos([folder])
paths = paths[:: max(1, len(paths) // 40)]
told: dict[str, object] = {"photos": len(paths)}
for name, layers in LAYERS.items():
    net = cw.load(name)
    images = [net.prepare(path) for path in paths]
    for layer in layers:
        strongest = []
        for i, one in enumerate(images):
            values = cw.capture(net, one, layer)[layer][0]
            peaks, places = values.flatten(1).max(1)
            for c in peaks.topk(10).indices.tolist():
                unit = Unit(layer, c, *divmod(int(places[c]), values.shape[2]))
                strongest.append((float(peaks[c]), i, unit))
        strongest = sorted(strongest, key=lambda one: -one[0])[:UNITS]
        for way, rules in WAYS.items():
            falls = []
            for _, i, unit in strongest:
                found = project(net, images[i], [(0, unit)], rules)
                falls += [(proof.shown, proof.others) for proof in prove(net, images[i], found)]
            shown, others = torch.tensor(falls).mean(0).tolist()
            right = sum(a > b for a, b in falls)
            told[f"{name} {layer} {way}"] = {
                "shown": shown,
                "others": others,
                "right": right,
                "units": len(falls),
            }
            print(
                f"{name:14} {layer:6} {way:10} shown {shown:6.1%}  others {others:6.1%}  {right} of {len(falls)}"
            )
(Path(__file__).parent / "results" / "proof.json").write_text(json.dumps(told, indent=2) + "\n")
