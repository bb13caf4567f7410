"""Draw every picture of the README and the docs, or those named: python scripts/make_pictures.py [NAME …].

They go into docs/pictures/. It takes some ten minutes, and the weights of vgg16 (cutaway models). Those with a
generator or a painter need a folder of photos to learn from, CUTAWAY_PHOTOS=photos/, and another three quarters of an
hour, once; none of its photos is shown. Without it they are left out, and so are pages without
Chromium.
"""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import torch
from generator_pictures import filters_with_prior, regenerated, with_prior
from page_pictures import browser_of_units, chromium, report_of_data, report_of_photo
from painter_pictures import painted
from PIL import Image

import cutaway as cw
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.recipes.dream import Dream
from cutaway.recipes.invert import READING
from cutaway.recipes.style import Styled
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT / "examples" / "photos"
OUT = ROOT / "docs" / "pictures"
PAINTINGS = ROOT / "examples" / "paintings"
STARRY, WAVE = PAINTINGS / "starry_night.jpg", PAINTINGS / "great_wave.jpg"
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
LEARNT = {"invert-generator", "prior", "prior-filters", "stylize"}
PAGES = {"report-photo", "report-data", "widget"}


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


def biased_suspect() -> cw.Viewable:
    """Find the mark in the photos that examples/biased_photos.py makes, and give the suspect's sheet."""
    example = runpy.run_path(str(ROOT / "examples" / "biased_photos.py"))
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        example["draw_photos"](photos, "mark")
        network = example["train"](photos)
        index = cw.scan(network, photos, Path(folder) / "index", engine="serial")
        return cw.audit(index, network=network).report.pages[0]


def main(*wanted: str) -> None:
    """Write the pictures, or those of these names."""
    torch.set_num_threads(1)
    cw.keep_freed()
    OUT.mkdir(parents=True, exist_ok=True)
    pictures = recipes(cw.load("squeezenet1_1"), PHOTOS / "chelsea.png", PHOTOS / "coffee.png")
    unknown = set(wanted) - set(pictures)
    if unknown:
        raise SystemExit(f"no picture is named {', '.join(unknown)}. There are: {', '.join(pictures)}")
    if "CUTAWAY_PHOTOS" not in os.environ:
        if set(wanted) & LEARNT:
            raise SystemExit(
                "generators and painters learn from photos: CUTAWAY_PHOTOS=FOLDER python scripts/make_pictures.py …"
            )
        pictures = {name: recipe for name, recipe in pictures.items() if name not in LEARNT}
    if chromium() is None and not set(wanted) & PAGES:
        pictures = {name: recipe for name, recipe in pictures.items() if name not in PAGES}
    for name in wanted or pictures:
        image = pictures[name]().to_image()
        # The docs show them at most this wide.
        widest = {"conv1": 1200, "filters-classic": 900}.get(name, 1600)
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
        print(path, image.size, f"{path.stat().st_size / 1000:.0f} kB", flush=True)


def recipes(net: cw.Network, cat: Path, coffee: Path) -> dict[str, Callable[[], Viewable]]:
    """Say how each picture is made."""
    # LRP and SHAP come from other packages.
    every = [name for name in cw.attribution.METHODS if name not in ("lrp", "shap")]
    layers = ["conv1", "fire3", "fire5", "fire7", "fire9"]
    classes = ["Egyptian cat", "espresso", "goldfish", "tarantula"]
    return {
        "explain": lambda: cw.explain(net, cat),
        "camshow": lambda: cw.explain(net, coffee, top=1, look="camshow"),
        "true": lambda: cw.explain(net, coffee, true="coffee mug"),
        "conv1": lambda: cw.activations(net, cat, "conv1"),
        "strongest": lambda: cw.activations(net, cat, "fire4", strongest=2, colormap="viridis"),
        "relu": lambda: cw.activations(net, cat, "relu1", channels=[14, 26], relu=True),
        "two-photos": lambda: cw.activations(net, [cat, coffee], "fire6-relu_squeeze1x1", channels=[3, 5]),
        "weights": lambda: cw.weights(net),
        "compare": lambda: cw.compare(net, cat),
        "methods": lambda: cw.compare(net, coffee, methods=every, columns=5),
        "trust": lambda: cw.explain(net, coffee, top=1, method="grad-cam", trust="full"),
        "segment": lambda: cw.segment(net, coffee, truth=(20, 100, 380, 480)),
        "deconv": lambda: cw.deconv(net, cat, "fire5"),
        "deconv-overlay": lambda: cw.deconv(net, cat, layers, top=512, how="overlay"),
        "invariance": lambda: cw.invariance(net, cat),
        "correspondence": lambda: correspondence(net, cat),
        "unit": lambda: cw.unit_page(scanned(net), "fire7:180"),
        "audit": biased_suspect,
        "filters": lambda: cw.filters(net, "fire6", channels=range(0, 384, 24)),
        "filters-classic": lambda: cw.filters(net, "fire3", recipe="classic"),
        "filters-kernels": lambda: cw.filters(net, "conv1", channels=range(16)),
        "filters-patches": lambda: cw.filters(
            net, "fire9", channels=[64, 128, 192, 480], index=scanned(net), patches=9
        ),
        "filters-vgg16": lambda: cw.filters("vgg16", ["conv4_3", "conv5_3"], channels=range(8)),
        "facets": lambda: cw.facets(net, scanned(net), "Petri dish", photos=36),
        "facets-channel": lambda: cw.facets(net, scanned(net), "fire8:100", photos=36),
        "class-image": lambda: cw.class_image(net, classes),
        "class-image-all": lambda: cw.class_image(net, "Egyptian cat", regularizer="all"),
        "dream": lambda: dreams(net),
        "dream-guided": lambda: guided(net),
        "fool": lambda: cw.fool(net, cat, "goldfish"),
        "invert": lambda: cw.invert(net, cat, size=160),
        "invert-vgg16": lambda: inversions(cw.load("vgg16"), cat),
        "invert-generator": lambda: regenerated(net),
        "prior": lambda: with_prior(net),
        "prior-filters": lambda: filters_with_prior(net),
        "stylize": painted,
        "report-photo": lambda: report_of_photo(net, cat),
        "report-data": lambda: report_of_data(scanned(net)),
        "widget": lambda: browser_of_units(net, scanned(net)),
        "style": lambda: styled([(cat, "starry_night.jpg"), (coffee, "great_wave.jpg")]),
        "style-weights": lambda: cw.style_sheet(
            cat, STARRY, {"content_weight": [0.1, 1, 3, 10]}, size=180, steps=80
        ),
        "style-scales": lambda: cw.style_sheet(cat, STARRY, {"style_scale": [0.5, 1, 2]}, size=180, steps=80),
        "style-colours": lambda: coloured(coffee),
        "style-masks": lambda: halves(cat),
        "texture": lambda: textures(cw.load("vgg16")),
        "texture-methods": lambda: statistics(cw.load("vgg16")),
    }


@cache
def scanned(net: cw.Network) -> ActivationIndex:
    """Scan the cuts of ten photos."""
    folder = Path(tempfile.mkdtemp())
    (folder / "photos").mkdir()
    cuts(folder / "photos")
    return cw.scan(net, folder / "photos", folder / "index", engine="serial")


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


def dreams(net: cw.Network) -> Viewable:
    """Dream of three layers in three photos, and come closer and closer to one of the dreams."""
    rows = []
    for name in ("chelsea.png", "hubble_deep_field.jpg", "rocket.jpg"):
        photo = skimage_photo(name)
        made = [cw.dream(net, photo, layer, steps=12) for layer in ("fire6", "fire8", "fire9")]
        rows.append((replace(photo, caption=name), *(captioned(one) for one in made)))
    frames = cw.dream(net, skimage_photo("rocket.jpg"), "fire8", steps=4, frames=28, zoom=1.08).frames
    rows.append(
        tuple(replace(frames[k], caption=f"closer, fire8\nframe {k + 1} of 28") for k in (3, 11, 19, 27))
    )
    return cw.Grid(
        tuple(rows),
        title=f"{net.name} dreams",
        caption="12 steps at each of 4 octaves; the lowest row is a film, 4 steps at each octave, × 1.08 closer each "
        "frame. Below each dream: how many times the layer's mean square grew in the last octave.",
    )


def guided(net: cw.Network) -> Viewable:
    """Dream of what is on a second photo."""
    photo = skimage_photo("rocket.jpg")
    rows = [[replace(photo, caption="the photo")], *([] for _ in range(2))]
    for row, name in zip(rows, (None, "coffee.png", "brick.png"), strict=True):
        guide = None if name is None else skimage_photo(name)
        if guide is not None:
            row.append(replace(guide, caption=f"a guide: {name}"))
        for layer in ("fire4", "fire6"):
            made = cw.dream(net, photo, layer, guide=guide, steps=12)
            row.append(
                replace(made.picture, caption=f"{layer}, {'without a guide' if name is None else name}")
            )
    return cw.Grid(
        tuple(map(tuple, rows)),
        title=f"{net.name} dreams of a second photo",
        caption="Each place of the layer becomes more like the place of the guide that fits it best.",
    )


def skimage_photo(name: str) -> Picture:
    """Read a photo that scikit-image has, and cut 300 × 450 pixels out of its middle."""
    photo = cw.read(str(distribution("scikit-image").locate_file(f"skimage/data/{name}")))
    h, w = photo.size
    size = (300, round(w * 300 / h)) if 2 * w >= 3 * h else (round(h * 450 / w), 450)
    top, left = (size[0] - 300) // 2, (size[1] - 450) // 2
    return Picture(photo.resized(size).cropped((top, left, top + 300, left + 450)).pixels)


def captioned(made: Dream) -> Picture:
    """Write below a dream what it is of, and by how much the answer grew."""
    last = made.history[-12:]
    return replace(
        made.picture, caption=f"{made.provenance['layer']}\n× {last[-1] / last[0]:.2g} in the last octave"
    )


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


def styled(pairs: list[tuple[Path, str]]) -> Viewable:
    """Give photos a painting's style each, and draw both beside the result."""
    rows = [cw.style(photo, PAINTINGS / name).beside().rows[0] for photo, name in pairs]
    caption = "150 steps each. Content and style: squared distances over the targets' own squares."
    return cw.Grid(tuple(rows), title="vgg16: photos, paintings, and both", caption=caption)


def losses(made: Styled) -> str:
    """Tell the losses of a styled photo, for a caption."""
    return "content {:.2f} · style {:.4f}".format(*made.losses)


def coloured(photo: Path) -> Viewable:
    """Give a photo a painting's style in its three kinds of colours."""
    tiles = []
    for colours in ("style", "histogram", "luminance"):
        made = cw.style(photo, WAVE, colours=colours, size=180, steps=80)
        tiles.append(Picture(made.picture.pixels, f"colours: {colours}\n{losses(made)}"))
    caption = "The painting's colours; the painting moved to the photo's beforehand; the photo's own."
    return cw.Grid((tuple(tiles),), title="coffee.png in the style of great_wave.jpg", caption=caption)


def halves(photo: Path) -> Viewable:
    """Give a photo one style on its left half and another on its right, with a soft border between."""
    h, w = cw.read(photo).size
    left = torch.linspace(4, -3, w).clamp(0, 1).expand(h, w).numpy()
    made = cw.style(photo, [WAVE, STARRY], masks=[left, 1 - left], size=240, steps=120)
    tiles = [
        Picture(one.resized(one.shortest(240)).pixels, Path(one.path or "").name)
        for one in map(cw.read, (WAVE, STARRY))
    ]
    return cw.Grid(
        ((*tiles, Picture(made.picture.pixels, f"both, each on its side\n{losses(made)}")),),
        title="vgg16: two paintings on one photo",
        caption="The masks run from white to black in the middle seventh of the photo.",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
