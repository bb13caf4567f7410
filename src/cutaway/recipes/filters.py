"""What would excite a layer's channels: images made by ascending the gradient, on sheets of 64."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.network.network import Network
from cutaway.recipes.filter_choice import USUAL, chosen_channels, chosen_layers
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.filter_sheet import filter_sheet
from cutaway.recipes.kept_filters import as_kept, foldered, kept_channels, kept_filters
from cutaway.recipes.made_filters import made_filters
from cutaway.recipes.making import making_of
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.patches import indexed
from cutaway.recipes.prior import prior_making
from cutaway.recipes.scanned_network import scanned_network
from cutaway.synthesis.ascend import Preview
from cutaway.view.album import Album
from cutaway.view.grid import Grid

__all__ = ["filters"]


def filters(
    network: Network | str | nn.Module,
    layers: str | Sequence[str],
    *,
    channels: Sequence[int] | None = None,
    size: int | tuple[int, int] | None = None,
    steps: int | None = None,
    recipe: str | None = None,
    prior: str | os.PathLike[str] | None = None,
    seed: int = 0,
    index: ActivationIndex | str | os.PathLike[str] | None = None,
    patches: int = 0,
    made: FilterFolder | str | os.PathLike[str] | None = None,
    negative: bool = False,
    preview: Preview | None = None,
) -> Grid | Album:
    """Make the image that excites each channel most, by ascending the gradient of its mean.

    Where a channel is silent in nearly all places of the image it would begin from, its ReLU lets no gradient through;
    what the ReLU reads is then pushed up instead, and the caption says so. Ctrl-C keeps what is there.

    Args:
        network: the network, or its name.
        layers: a layer, several, or a range such as "conv1..fire4", of which the layers that everything goes through
            are taken.
        channels: 0-based; None takes the first 64. Of several layers, each takes those that it has.
        size: of an image, in pixels: its side, or (h, w); None takes the recipe's own.
        steps: of the ascent; None takes the recipe's own.
        recipe: "fourier" (the default: spectra of decorrelated colours, shifted, zoomed and turned between 128 steps
            of Adam, 128 × 128) or "classic" (pixels from gray with noise, gradient over its root mean square, 40 steps
            of 1, 150 × 150).
        prior: the file of a generator that `invert_generator` trained for this network: its features are moved instead
            of pixels, so that only what it can make is found.
        seed: of the noise and of the changes between steps; an image is the same whichever others are made.
        index: of a scan, or its folder: what each image reaches is then told beside the strongest photo.
        patches: so many of the channel's strongest patches of the index beside each image.
        made: a folder that `filters_into` made, or its path: its images are drawn, in its recipe, steps, size and seed,
            and none are made; `channels` None takes the first 64 that are there.
        negative: the images that push each channel's mean down as far as they can, instead.
        preview: called after each step with its number and the images of the batch; True stops.

    Returns:
        A Grid for one layer, an Album for several. `provenance["filters"]` has the numbers of every image.

    Raises:
        BadIndex, BadSetting, NonFinite, UnknownLayer, WeightsUnavailable: with what to do instead.

    Source: Erhan et al., "Visualizing higher-layer features of a deep network" (2009); classic: Chollet, "How
    convolutional neural networks see the world" (2016); fourier: Olah et al., "Feature visualization" (Distill 2017).

    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=32))
    >>> sheet = filters(net, "1", size=16, steps=4, recipe="classic")
    >>> [one["channel"] for one in sheet.provenance["filters"]]
    [0, 1, 2, 3]
    """
    model = opened(network)
    kept = None if made is None else foldered(made)
    if kept is not None:
        kept.check(model)
        if negative:
            raise BadSetting("a folder holds images that excite: leave made out, or negative")
    if prior is not None:
        if recipe is not None or kept is not None:
            raise BadSetting("a prior moves features, not pixels: leave the recipe out, and made")
        making, size = prior_making(model, prior, size)
    else:
        making = making_of(recipe or "fourier") if kept is None else kept.making
    # Of a range what is there; a single layer that is not there is told.
    there = None if kept is None else [layer for layer in kept.layers if kept.channels(layer)]
    names = chosen_layers(model, layers, there)
    scan = None if index is None else indexed(index)
    if scan is not None:
        scanned_network(scan, model)  # refuses an index of other weights
        if not any(name in scan.layers for name in names):
            scan.layer(names[0])  # says which it has
    if patches and scan is None:
        raise BadSetting("patches come from a scan: give its index")
    if scan is not None and not 0 <= patches <= scan.kept:
        raise BadSetting(f"the index keeps {scan.kept} patches of a channel, got patches={patches}")
    way: dict[str, Any] = {
        "recipe": making.name,
        "size": making.size if size is None else size,
        "steps": making.steps if steps is None else steps,
        "seed": seed,
    }
    if kept is not None:
        way = as_kept(kept, recipe=recipe, size=size, steps=steps, seed=seed)
    alone = len(names) == 1
    wanted = {
        name: kept_channels(kept, name)[:USUAL]
        if kept is not None and channels is None
        else chosen_channels(model, name, channels, alone=alone, usual=USUAL)
        for name in names
    }
    code = spelled(
        filters,
        network_spelled(model),
        repr(names[0] if len(names) == 1 else names),
        channels=None if channels is None else [int(k) for k in channels],
        size=size,
        steps=steps,
        recipe=recipe,
        prior=None if prior is None else os.fspath(prior),
        seed=seed,
        index=None if scan is None else str(scan.folder),
        patches=patches,
        made=None if kept is None else str(kept.folder),
        negative=negative,
    )
    sheets: list[Grid] = []
    told: list[dict[str, object]] = []
    stopped = False
    for name in names:
        if kept is None:
            images, stopped = made_filters(
                model, name, wanted[name], making, way["size"], way["steps"], seed, preview, negative=negative
            )
        else:
            images = kept_filters(model, kept, name, wanted[name])
        sheet, numbers = filter_sheet(model, images, making, way["steps"], scan, patches)
        if stopped:
            left = len(wanted[name]) - len(images)
            more = f", {left} channels left out" if left else ""
            sheet = replace(sheet, caption=f"{sheet.caption} Stopped before its end{more}.")
        sheets.append(sheet)
        told += numbers
        if stopped:
            break
    where = origin(model, code, **way)
    where |= {"filters": told, "stopped": stopped}
    if len(sheets) == 1:
        return sheets[0].with_provenance(**where)
    return Album(
        tuple(sheets), title=f"{model.name}: what excites {names[0]} to {names[-1]}", provenance=where
    )
