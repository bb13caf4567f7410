"""A network that answers backwards: from a layer's features to a photo in one pass, learnt from a folder of photos."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.dataset.listing import Listing
from cutaway.errors import BadSetting
from cutaway.network.known_preprocessing import known_preprocessing
from cutaway.network.network import Network
from cutaway.recipes.generator_sheet import (
    ascended,
    inversions,
    mean_likeness,
    sheet_of,
    told_likeness,
)
from cutaway.recipes.generator_training import training_of
from cutaway.recipes.loss_curve import loss_curve
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.view.grid import Grid

__all__ = ["invert_generator"]

LOSSES = {"pixels": 1.0, "features": 2.0, "variation": 0.0}


def invert_generator(
    network: Network | str | nn.Module,
    layer: str,
    photos: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str],
    steps: int = 3000,
    size: int = 128,
    batch: int = 8,
    width: int = 128,
    rate: float = 1e-3,
    features: str | None = None,
    total_variation: float = 0.0,
    held: float = 0.1,
    shown: int = 6,
    ascent: int = 50,
    seed: int = 0,
    preview: Callable[[int, Float[Tensor, "n 3 h w"]], bool | None] | None = None,
) -> Grid:
    """Train a small network that makes photos from a layer's features, and show what it makes of photos it never saw.

    It learns from random cuts of the photos to come near their pixels, and near the features that an earlier layer has
    for them. The file is a prior: `class_image` and `filters` take it, and then search for features instead of pixels.
    Stopped at any moment, the same call goes on where it was; Ctrl-C also writes what is there.

    Args:
        network: the network, or its name; it is not changed.
        layer: whose features to read, (c,h,w) or (c).
        photos: their folder; those that cannot be read are left out and told.
        out: the file to write, .safetensors. One that is there and has the same settings is shown.
        steps: of training.
        size: side of the images made, in pixels.
        batch: photos in a step.
        width: channels of the generator at its coarsest.
        rate: of Adam at the beginning, in units of the weights.
        features: the layer whose features are compared; None takes a middle one before `layer`.
        total_variation: weight of the squared differences between neighbours, beside pixels 1 and features 2.
        held: the part of the photos that is held out and only used to judge; 64 at most.
        shown: so many of these on the sheet.
        ascent: evaluations with which `invert` makes the same photos, for comparison; 0 leaves it out.
        seed: of the weights, of which photos are held out, and of the cuts.
        preview: called every 20 steps with their number and what is made of the photos shown; True stops.

    Returns:
        A Grid: held-out photos, what was made of them, and the losses. `provenance["generator"]` tells the training,
        `provenance["held_out"]` the figures over all held-out photos, `provenance["photos"]` those of each shown.

    Raises:
        BadImage, BadSetting, NonFinite, OutOfSpace, UnknownLayer, WeightsUnavailable: with what to do instead.

    Source: Dosovitskiy and Brox, "Inverting visual representations with convolutional networks" (CVPR 2016), and
    "Generating images with perceptual similarity metrics based on deep networks" (NeurIPS 2016) for the features.

    >>> import tempfile
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU()), Preprocessing(size=32))
    >>> file = tempfile.mkdtemp() + "/a.safetensors"
    >>> made = invert_generator(
    ...     net, "1", "examples/photos", out=file, steps=3, size=16, width=8, shown=1, ascent=2
    ... )
    >>> made.provenance["generator"]["photos"], Path(file).is_file()
    (2, True)
    """
    model = opened(network)
    known_preprocessing(model.preprocessing, model.name)
    path = _checked(Path(out))
    for name, value, least in (
        ("steps", steps, 1),
        ("size", size, 8),
        ("batch", batch, 1),
        ("width", width, 1),
        ("shown", shown, 1),
        ("ascent", ascent, 0),
        ("seed", seed, 0),
    ):
        if not float(value).is_integer() or value < least:
            raise BadSetting(f"{name} must be a whole number of at least {least}, got {value!r}")
    if total_variation < 0:
        raise BadSetting(f"total_variation must be at least 0, got {total_variation}")
    job = training_of(
        model,
        layer,
        Listing.of(photos, None),
        held,
        features,
        size=size,
        width=width,
        batch=batch,
        steps=steps,
        rate=rate,
        weights=LOSSES | {"variation": float(total_variation)},
        seed=seed,
    )
    unseen = job.crops(held=True)
    paths, squares = unseen.middles()
    # Drawn once more, so that not the first of a folder are shown.
    order = np.random.default_rng([seed, 3]).permutation(len(paths))[:shown]
    some = squares[torch.from_numpy(order)]

    def watch(step: int, module: nn.Module) -> bool | None:
        return preview(step, inversions(model, module, job.layer, some)[0]) if preview is not None else None  # type: ignore[arg-type]

    generator, about, skipped = job.made(path, watch if preview is not None else None)
    made, scores = inversions(model, generator, job.layer, squares)
    whole = mean_likeness(scores)
    picked = [int(k) for k in order]
    rows = {
        "generator": (
            [made[k].permute(1, 2, 0).numpy() for k in picked],
            [scores[k] for k in picked],
        )
    }
    stopped = about["done"] < steps
    if ascent and not stopped:
        rows["ascent"] = ascended(model, job.layer, some, ascent)
    told = [
        {"photo": paths[k].name, **{way: told_likeness(found[1][n]) for way, found in rows.items()}}
        for n, k in enumerate(picked)
    ]
    words = (
        f"Photos that the generator never saw, and what it makes of their features at {job.layer} in one pass. It "
        f"was trained on {about['photos']} photos for {about['done']:,} steps of {batch}, to be near their pixels and "
        f"their features at {job.features}. Over all {len(paths)} held out: correlation {whole.correlation:.2f}, "
        f"{whole.psnr:.1f} dB, features {100 * whole.error:.0f} % off."
    )
    if "ascent" in rows:
        words += f" Ascent: a spectrum moved by L-BFGS, {ascent} evaluations for each photo."
    left_out = [*skipped, *unseen.skipped]
    if left_out:
        words += f" {len(left_out)} photos could not be read."
    code = spelled(
        invert_generator,
        network_spelled(model),
        repr(layer),
        repr(os.fspath(photos)),
        f"out={os.fspath(out)!r}",
        steps=steps,
        size=size,
        batch=batch,
        width=width,
        rate=rate,
        features=features,
        total_variation=total_variation,
        held=held,
        shown=shown,
        ascent=ascent,
        seed=seed,
    )
    sheet = replace(sheet_of([paths[k] for k in picked], rows, some), title="made again from features")
    return Grid(
        (
            (sheet,),
            (
                loss_curve(
                    about["curve"],
                    LOSSES | {"variation": total_variation},
                    about["done"],
                    _wide(len(picked)),
                    "1 is as far from the photo as their mean is",
                ),
            ),
        ),
        title=f"{model.name}: a generator for {job.layer}",
        caption=words + (" Stopped before its end: the same call goes on." if stopped else ""),
        provenance=origin(model, code, layer=job.layer, steps=steps, size=size, seed=seed)
        | {
            "generator": {key: value for key, value in about.items() if key not in ("curve", "settings")},
            "file": str(path),
            "held_out": {"photos": len(paths), **told_likeness(whole)},
            "photos": told,
            "skipped": [{"path": str(one), "reason": reason} for one, reason in left_out],
            "stopped": stopped,
        },
    )


def _wide(tiles: int) -> int:
    """The width of so many tiles beside each other."""
    return min(1000, max(420, 250 * tiles))


def _checked(out: Path) -> Path:
    if out.suffix != ".safetensors":
        raise BadSetting(f"out takes a name ending in .safetensors, got {str(out)!r}")
    if not out.parent.is_dir():
        raise BadSetting(f"there is no folder {str(out.parent)!r} to write {out.name} into: make it")
    return out
