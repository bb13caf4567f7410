"""What would excite a layer's channels: images made by ascending the gradient, on sheets of 64."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.main_layers import main_layers
from cutaway.network.network import Network
from cutaway.network.selection import select_layers
from cutaway.recipes.filter_sheet import filter_sheet
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

# Of a layer, where nothing is said: eight rows of eight.
USUAL = 64


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
    if prior is not None:
        if recipe is not None:
            raise BadSetting("a prior moves features, not pixels: leave the recipe out")
        making, size = prior_making(model, prior, size)
    else:
        making = making_of(recipe or "fourier")
    names = _layers(model, layers)
    scan = None if index is None else indexed(index)
    if scan is not None:
        scanned_network(scan, model)  # refuses an index of other weights
        if not any(name in scan.layers for name in names):
            scan.layer(names[0])  # says which it has
    if patches and scan is None:
        raise BadSetting("patches come from a scan: give its index")
    if scan is not None and not 0 <= patches <= scan.kept:
        raise BadSetting(f"the index keeps {scan.kept} patches of a channel, got patches={patches}")
    wanted = {name: _channels(model, name, channels, alone=len(names) == 1) for name in names}
    side = making.size if size is None else size
    count = making.steps if steps is None else steps
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
    )
    sheets: list[Grid] = []
    told: list[dict[str, object]] = []
    stopped = False
    for name in names:
        made, stopped = made_filters(model, name, wanted[name], making, side, count, seed, preview)
        sheet, numbers = filter_sheet(model, made, making, count, scan, patches)
        if stopped:
            left = len(wanted[name]) - len(made)
            more = f", {left} channels left out" if left else ""
            sheet = replace(sheet, caption=f"{sheet.caption} Stopped before its end{more}.")
        sheets.append(sheet)
        told += numbers
        if stopped:
            break
    where = origin(model, code, recipe=making.name, size=side, steps=count, seed=seed)
    where |= {"filters": told, "stopped": stopped}
    if len(sheets) == 1:
        return sheets[0].with_provenance(**where)
    return Album(
        tuple(sheets), title=f"{model.name}: what excites {names[0]} to {names[-1]}", provenance=where
    )


def _layers(network: Network, wanted: str | Sequence[str]) -> list[str]:
    """The layers asked for; of a range those that everything goes through, before their ReLU where a filter made it."""
    trace = network.trace(network.example_inputs())
    main: list[str] = []
    for name in main_layers(network):
        if name.startswith("@"):
            continue
        call = network.find(name, trace)
        before = trace.calls[call.parents[0]] if len(call.parents) == 1 and call.parents[0] >= 0 else None
        own = before is not None and call.kind in ACTIVATIONS and before.kind == "conv2d"
        main.append(before.name if own and before is not None else name)
    found: list[str] = []
    for part in [wanted] if isinstance(wanted, str) else wanted:
        inside = select_layers(network, part)
        several = part == "all" or ".." in part
        found += [name for name in main if name in inside] or inside if several else inside
    if not found:
        raise BadSetting('layers needs at least one layer, such as "fire5" or "conv1..fire4"')
    return list(dict.fromkeys(found))


def _channels(network: Network, layer: str, wanted: Sequence[int] | None, *, alone: bool) -> list[int]:
    shape = network.find(layer, network.trace(network.example_inputs())).shape
    if len(shape) not in (2, 4):
        raise BadSetting(f"{layer} is {' × '.join(map(str, shape[1:]))}: filters needs a layer with channels")
    most = shape[1]
    if wanted is None:
        return list(range(min(USUAL, most)))
    asked = [int(np.int64(k)) for k in wanted]
    there = [k for k in asked if 0 <= k < most]
    if not there or (alone and len(there) < len(asked)):
        outside = next((k for k in asked if k not in there), "none")
        raise BadSetting(f"{layer} has channels 0 to {most - 1}, got {outside}")
    return there
