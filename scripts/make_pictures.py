"""Draw every picture of the README and the docs, into docs/pictures/."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import torch
from PIL import Image

import cutaway as cw
from cutaway.recipes.invert import READING
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT / "examples" / "photos"
OUT = ROOT / "docs" / "pictures"
# Photos of scikit-image without copyright, as skimage.data says, with what is on them.
SUBJECTS = {
    "astronaut.png": "astronaut",
    "brick.png": "bricks",
    "camera.png": "photographer",
    "chelsea.png": "cat",
    "coffee.png": "coffee",
    "coins.png": "coins",
    "grass.png": "grass",
    "gravel.png": "gravel",
    "hubble_deep_field.jpg": "galaxies",
    "rocket.jpg": "rocket",
}
CUT = 0.55


def cuts(folder: Path) -> None:
    """Write nine cuts of each of ten photos, in a folder for each: a data set small enough to look at."""
    for name, label in SUBJECTS.items():
        path = distribution("scikit-image").locate_file(f"skimage/data/{name}")
        photo = cw.read(str(path))
        h, w = (round(side * CUT) for side in photo.size)
        (folder / label).mkdir()
        for k in range(9):
            top, left = (
                round(side * (1 - CUT) * at / 2) for side, at in zip(photo.size, divmod(k, 3), strict=True)
            )
            photo.cropped((top, left, top + h, left + w)).fitted(400).save(
                folder / label / f"{label}-{k}.png"
            )


def main() -> None:
    """Write the pictures."""
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    net = cw.load("squeezenet1_1")
    cat, coffee = PHOTOS / "chelsea.png", PHOTOS / "coffee.png"
    scanned = Path(tempfile.mkdtemp())
    (scanned / "photos").mkdir()
    cuts(scanned / "photos")
    index = cw.scan(net, scanned / "photos", scanned / "index")
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
        "unit": cw.unit_page(index, "fire7:180"),
        "correspondence": correspondence(net, cat),
        "invert": cw.invert(net, cat, size=160),
        "invert-vgg16": inversions(cw.load("vgg16"), cat),
        "texture": textures(cw.load("vgg16")),
        "texture-methods": statistics(cw.load("vgg16")),
        "deconv-overlay": cw.deconv(
            net, cat, ["conv1", "fire3", "fire5", "fire7", "fire9"], top=512, how="overlay"
        ),
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


def correspondence(net: cw.Network, cat: Path) -> Viewable:
    """Hide eyes and nose of one cat in five cuts of its photo."""
    middles = {"left eye": (116, 172), "right eye": (139, 319), "nose": (244, 261)}
    whole = cw.read(cat)
    corners = ((0, 60, 300), (0, 110, 290), (10, 60, 285), (0, 90, 275), (20, 120, 280))
    cuts = [whole.cropped((top, left, top + side, left + side)) for top, left, side in corners]
    photos = [Picture(cut.pixels) for cut in cuts]
    parts = {
        name: [(y - top - 24, x - left - 24, y - top + 24, x - left + 24) for top, left, _ in corners]
        for name, (y, x) in middles.items()
    }
    return cw.correspondence(net, photos, parts, pooled=True)


def inversions(net: cw.Network, cat: Path) -> Viewable:
    """Make the middle of a cat's photo again from two layers, and in two ways."""
    photo = replace(cw.read(cat).cropped((0, 75, 300, 375)), path="chelsea.png, the middle")
    first = cw.invert(net, photo, "relu2_2", size=176)
    ways = {
        "fourier": cw.invert(net, photo, "relu4_3", size=144),
        "paper": cw.invert(net, photo, "relu4_3", size=144, method="paper"),
        "pixels, no penalty": cw.invert(
            net, photo, "relu4_3", size=144, method="paper", total_variation=0, alpha_norm=0
        ),
    }
    cells = list(first.sheet.rows[0])
    for way, found in ways.items():
        tile = found.sheet.rows[0][1]
        assert isinstance(tile, Picture)
        cells.append(replace(tile, caption=tile.caption.replace("relu4_3", f"relu4_3: {way}")))
    caption = (
        f"{READING} Fourier moves a spectrum; paper moves pixels, and subtracts total variation and the α-norm. 100 "
        "evaluations each."
    )
    tiles = [replace(tile.resized((240, 240)), raw=tile.raw) for tile in cells if isinstance(tile, Picture)]
    return cw.Grid(rows=(tuple(tiles),), title="vgg16: made again from layers", caption=caption)


def photographed(name: str, side: int) -> Picture:
    """Give the upper left square of a photo of scikit-image."""
    photo = cw.read(str(distribution("scikit-image").locate_file(f"skimage/data/{name}")))
    least = min(photo.size)
    return replace(photo.cropped((0, 0, least, least)).resized((side, side)), path=name)


def textures(net: cw.Network) -> Viewable:
    """Make textures of two pictures by ever more layers, beside copied patches."""
    rows = []
    for name in ("ihc.png", "gravel.png"):
        source = photographed(name, 128)
        made = cw.texture(net, source, source_size="photo", method=["gram", "quilting"], steps=100)
        assert isinstance(made.sheet, cw.Grid)
        rows.append((*made.sheet.rows[0], made.sheet.rows[1][1]))
    return cw.Grid(
        rows=tuple(rows),
        title="vgg16: textures by the Gram matrices of ever more layers, and by copied patches",
        caption=made.sheet.caption,
    )


def statistics(net: cw.Network) -> Viewable:
    """Make one texture by each of three statistics of five layers, wider than its picture."""
    source = photographed("ihc.png", 128)
    methods = ["gram", "covariance", "mean", "quilting"]
    made = cw.texture(
        net, source, source_size="photo", method=methods, sets="together", size=(128, 192), steps=100
    )
    (first, *tiles), *others = made.sheet.rows
    row = (first, *tiles, *(cell for row in others for cell in row if cell is not None))
    return cw.Grid(rows=(row,), title="vgg16: three statistics, and copied patches", caption=made.caption)


if __name__ == "__main__":
    main()
