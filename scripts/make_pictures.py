"""Draw every picture of the README and the docs, into docs/pictures/."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path

import torch
from PIL import Image

import cutaway as cw

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT / "examples" / "photos"
OUT = ROOT / "docs" / "pictures"


def biased_suspect() -> cw.Viewable:
    """Find the mark in the photos that examples/biased_photos.py makes, and give the suspect's sheet."""
    example = runpy.run_path(str(ROOT / "examples" / "biased_photos.py"))
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        example["draw_photos"](photos, "mark")
        network = example["train"](photos)
        index = cw.scan(network, photos, Path(folder) / "index", engine="serial")
        return cw.audit(index, network=network).report.pages[0]


def main() -> None:
    """Write the pictures."""
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    net = cw.load("squeezenet1_1")
    cat, coffee = PHOTOS / "chelsea.png", PHOTOS / "coffee.png"
    drawn = {
        "explain": cw.explain(net, cat),
        "camshow": cw.explain(net, coffee, top=1, look="camshow"),
        "true": cw.explain(net, coffee, true="coffee mug"),
        "conv1": cw.activations(net, cat, "conv1"),
        "strongest": cw.activations(net, cat, "fire4", strongest=2, colormap="viridis"),
        "relu": cw.activations(net, cat, "relu1", channels=[14, 26], relu=True),
        "two-photos": cw.activations(net, [cat, coffee], "fire6-relu_squeeze1x1", channels=[3, 5]),
        "weights": cw.weights(net),
        "compare": cw.compare(net, cat),
        "methods": cw.compare(
            # Every method by its name; LRP and SHAP come from other packages.
            net,
            coffee,
            methods=[name for name in cw.attribution.METHODS if name not in ("lrp", "shap")],
            columns=5,
        ),
        "trust": cw.explain(net, coffee, top=1, method="grad-cam", trust="full"),
        "segment": cw.segment(net, coffee),
        "deconv": cw.deconv(net, cat, "fire5"),
        "invariance": cw.invariance(net, cat),
        "deconv-overlay": cw.deconv(
            net, cat, ["conv1", "fire3", "fire5", "fire7", "fire9"], top=512, how="overlay"
        ),
        "audit": biased_suspect(),
    }
    for name, result in drawn.items():
        image = result.to_image()
        # The docs show them at most this wide.
        widest = 1200 if name == "conv1" else 1600
        if image.width > widest:
            image = image.resize(
                (widest, round(image.height * widest / image.width)), Image.Resampling.LANCZOS
            )
        if name in ("conv1", "weights"):
            path = OUT / f"{name}.png"
            image.quantize(256).save(path, optimize=True)
        else:
            path = OUT / f"{name}.jpg"
            image.save(path, quality=90, subsampling=0)
        print(path, image.size, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
