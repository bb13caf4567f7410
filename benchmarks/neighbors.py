"""How often a photo's nearest have its label: features of two networks, against pixels; and channels of one category.

    python benchmarks/neighbors.py FOLDER [LABELS]

FOLDER holds some hundred photos; LABELS is a table as for `cutaway scan --labels` ("photos.csv:category"), or nothing
where the names of folders are the labels.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import cutaway as cw
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.neighbors import directions, precision_at
from cutaway.errors import CutawayError

# A label of five photos has four others at most: the five nearest cannot all have it.
K, LEAST, TOP, PURE = 5, 8, 9, 7
NETWORKS = {"squeezenet1_1": ["fire8", "fire9"], "efficientnet_lite0": None}


def main() -> None:
    """Print and keep the figures."""
    if len(sys.argv) < 2:
        print(__doc__)
        return
    folder, labels = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "folders"
    told: dict[str, object] = {}
    for name, layers in NETWORKS.items():
        try:
            net = cw.load(name)
        except CutawayError as error:
            print(f"{name}: {error}")
            continue
        with tempfile.TemporaryDirectory() as place:
            index = cw.scan(net, folder, Path(place) / "index", layers=layers, labels=labels)
            layer = index.manifest["features"]
            pixels = index.pixels().reshape(len(index), -1).astype(np.float32)
            pixels[~index.present] = np.nan
            counts = Counter(index.labels)
            frequent = [label if counts[label] >= LEAST else None for label in index.labels]
            for what, values in (
                (f"{name} {layer}, mean over space", index.means(layer)),
                ("16 × 16 pixels", pixels),
            ):
                base = directions(values)
                told[what] = precision_at(base, frequent, K)
                told[f"{what}, rare labels too"] = precision_at(base, index.labels, K)
                print(
                    f"{told[what]:6.3f}   precision@{K}   {what}   ({told[f'{what}, rare labels too']:.3f} with labels "
                    f"of fewer than {LEAST} photos, {sum(label is None for label in frequent)} of {len(index)})"
                )
            for kept in index.layers if layers else ():
                pure = sum(purity(index, kept, channel) >= PURE for channel in range(index.channels(kept)))
                told[f"{name} {kept}, channels with {PURE} of {TOP} from one label"] = pure
                print(
                    f"{pure:6}   of {index.channels(kept)} channels of {kept} have {PURE} of their {TOP} from one label"
                )
    Path(__file__).with_name("results").joinpath("neighbors.json").write_text(
        json.dumps(told, indent=2) + "\n"
    )


def purity(index: ActivationIndex, layer: str, channel: int) -> int:
    """How many of a channel's strongest photos have the most frequent label among them."""
    names = [index.labels[row.photo] for row in index.top(layer, channel, TOP)]
    return Counter(name for name in names if name is not None).most_common(1)[0][1]


if __name__ == "__main__":
    main()
