"""The pictures that need a generator, which learns from a person's own photos: CUTAWAY_PHOTOS names their folder."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import cutaway as cw
from cutaway.recipes.generator_sheet import ascended, inversions, sheet_of
from cutaway.synthesis.parametrization.generator_file import read_generator
from cutaway.training.photos import PhotoCrops
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable


@cache
def generator(net: cw.Network) -> Path:
    """Train a generator on a person's own photos; one that was trained before is taken."""
    file = Path(tempfile.gettempdir()) / "cutaway-fire9.safetensors"
    cw.invert_generator(net, "fire9", os.environ["CUTAWAY_PHOTOS"], out=file, ascent=0)
    return file


def regenerated(net: cw.Network) -> Viewable:
    """Make photos again by a generator that saw none of them, and by ascent."""
    made_by, about = read_generator(generator(net), net)
    names = ("chelsea.png", "coffee.png", "astronaut.png", "coins.png", "rocket.jpg")
    paths = [Path(str(distribution("scikit-image").locate_file(f"skimage/data/{name}"))) for name in names]
    paths, photos = PhotoCrops(paths, made_by.size[0]).middles()
    made, scores = inversions(net, made_by, "fire9", photos)
    rows = {
        "generator": ([one.permute(1, 2, 0).numpy() for one in made], scores),
        "ascent": ascended(net, "fire9", photos, 100),
    }
    return replace(
        sheet_of(paths, rows, photos),
        title="squeezenet1_1: made again from fire9",
        caption=f"By a generator in one pass, after {about['done']:,} steps on {about['photos']} photos of which these "
        "are none; and by ascent of a spectrum, 100 evaluations of L-BFGS each.",
    )


def with_prior(net: cw.Network) -> Viewable:
    """Make images of six classes with a generator, and without."""
    names = ["goldfish", "hummingbird", "lion", "castle", "banana", "espresso"]
    ways = {
        "prior": cw.class_image(net, names, prior=generator(net)),
        "fourier": cw.class_image(net, names, size=128),
    }
    return compared(ways, "squeezenet1_1: made to be six classes, in a generator's features and as spectra")


def filters_with_prior(net: cw.Network) -> Viewable:
    """Make images of channels with a generator, and without."""
    chosen = [64, 128, 192, 256, 384, 480]
    ways = {
        "prior": cw.filters(net, "fire9", channels=chosen, prior=generator(net)),
        "fourier": cw.filters(net, "fire9", channels=chosen),
    }
    return compared(
        ways, "squeezenet1_1 · fire9: what excites its channels, in a generator's features and as spectra"
    )


def compared(ways: dict[str, cw.Grid | cw.Album], title: str) -> Viewable:
    """Lay the tiles of sheets out in a row for each way, all of one size."""
    rows = []
    for made in ways.values():
        assert isinstance(made, cw.Grid)
        tiles = [cell for row in made.rows for cell in row if isinstance(cell, Picture)]
        rows.append(tuple(replace(tile.resized((224, 224)), raw=tile.raw) for tile in tiles))
    words = " ".join(f"{name.capitalize()}: {made.caption}" for name, made in ways.items())
    return cw.Grid(tuple(rows), title, row_titles=tuple(ways), caption=words)
