"""The picture that needs a painter, which learns from a person's own photos: CUTAWAY_PHOTOS names their folder."""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import cutaway as cw
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

PAINTING = Path(__file__).parent.parent / "examples" / "paintings" / "great_wave.jpg"


def painter() -> Path:
    """Train a painter on a person's own photos; one that was trained before is taken."""
    file = Path(tempfile.gettempdir()) / "cutaway-wave.safetensors"
    cw.train_style(PAINTING, os.environ["CUTAWAY_PHOTOS"], out=file)
    return file


def painted() -> Viewable:
    """Paint photos that the painter never saw."""
    file = painter()
    names = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg")
    paths = [Path(str(distribution("scikit-image").locate_file(f"skimage/data/{name}"))) for name in names]
    made = [cw.stylize(path, file, size=256) for path in paths]
    photos = tuple(Picture(one.photo.pixels, name) for one, name in zip(made, names, strict=True))
    return Grid(
        (photos, tuple(Picture(one.picture.pixels, "one pass") for one in made)),
        title=f"A painter in the style of {PAINTING.name}",
        row_titles=("photo", "painted"),
        caption="Trained by the preset small: 3,000 steps of a cut of 192 × 192 pixels, from photos among which these "
        "are not. Photos are 256 pixels at their shortest side, as the painting was.",
    )
