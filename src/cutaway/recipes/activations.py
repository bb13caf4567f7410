"""What a layer answers to a photo: all its channels as a sheet, or chosen ones beside the photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import Source, read_all
from cutaway.network.capture import capture
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.network.receptive_field import Lattice
from cutaway.network.selection import select_layers
from cutaway.network.trace import Call
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.view.album import Album
from cutaway.view.grid import Grid
from cutaway.view.heatmap import Heatmap
from cutaway.view.montage import Montage
from cutaway.view.picture import Picture
from cutaway.view.scale import Range, Scale
from cutaway.view.viewable import Viewable

__all__ = ["activations"]

SIGNED = "White: strongly positive, black: strongly negative."
GATED = "White: strong, black: no answer, as after a ReLU nothing is negative."
READING = (
    "A place in a map is the same place in the photo; "
    "early layers answer to edges and colours, late ones to parts and objects."
)
Photos = Source | Iterable[Source]


@dataclass(frozen=True)
class _Reading:
    """One photo's activation of one layer, ready to draw."""

    photo: Picture
    values: Float[np.ndarray, "c h w"]
    lattice: Lattice | None
    images: Images


@dataclass(frozen=True)
class _Look:
    """How maps are drawn, as the person asked."""

    scale: str
    colormap: str
    columns: int | None
    tile: tuple[int, int] | None


def activations(
    network: Network | str | nn.Module,
    photos: Photos,
    layer: str | Sequence[str],
    *,
    channels: Sequence[int] | None = None,
    strongest: int | None = None,
    beside: bool | None = None,
    relu: bool = False,
    scale: str = "layer",
    colormap: str = "gray",
    columns: int | None = None,
    tile: int | tuple[int, int] | None = None,
    size: int | tuple[int, int] | Literal["photo"] | None = None,
) -> Grid | Album:
    """Draw the channels of a layer for a photo, or the same channels for several photos on one scale.

    Args:
        network: the network to look into.
        photos: one or several, as Pictures or paths; one row each.
        layer: a layer's name, several, a range "conv1..fire4", or "all"; several give an Album from one pass per photo.
        channels: 0-based; None draws them all.
        strongest: draw the channels with the largest values, this many, the strongest first.
        beside: enlarge the maps to the photo's size and put the photo first; by default where channels are chosen.
        relu: draw each channel before and after the ReLU, also where the ReLU is a function or in place.
        scale: "layer" (all drawn maps together), "cell", "symmetric", "percentile" or "channel" (standardised).
        colormap: "gray", "viridis", "inferno", "jet" or "diverging".
        columns: of the sheet; nearly square by default.
        tile: enlarge each map of a sheet to this size, an int for the height and width or (h, w).
        size: another input size: an int for the shortest side, (h, w) exactly, "photo" for the photo's own. A larger
            input gives larger maps; nothing larger than the training size is recognised.

    Returns:
        A Grid whose `values` are the raw activations (k,h,w); an Album of them for several layers.

    Raises:
        UnknownLayer, BadSetting, UnsupportedMethod: with what is there.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=16))
    >>> activations(net, Picture(np.zeros((20, 30, 3), np.uint8)), "0", channels=[1, 3]).values.shape
    (2, 14, 22)
    """
    network = opened(network).at(size)
    pictures = read_all(photos)
    names = select_layers(network, layer)
    stages = {name: _around_relu(network, pictures[0], name) if relu else (("", name),) for name in names}
    captured = list(dict.fromkeys(stage for pair in stages.values() for _, stage in pair))
    readings = [_read(network, picture, captured) for picture in pictures]
    paths = [picture.path or "photo" for picture in pictures]
    code = spelled(
        activations,
        network_spelled(network),
        repr(paths if len(paths) > 1 else paths[0]),
        repr(names if len(names) > 1 else names[0]),
        channels=None if channels is None else list(channels),
        strongest=strongest,
        beside=beside,
        relu=relu,
        scale=scale,
        colormap=colormap,
        columns=columns,
        tile=tile,
        size=size,
    )
    look = _Look(scale, colormap, columns, (tile, tile) if isinstance(tile, int) else tile)
    pages = []
    for name in names:
        chosen = _chosen(network, name, readings, stages[name], channels, strongest)
        told = origin(network, code, layer=name, channels=chosen, scale=scale)
        near = (chosen is not None) if beside is None else beside
        rows = _rows(stages[name], readings, chosen, look, near)
        source = f" · {_title(pictures[0])}" if len(pictures) == 1 and not near else ""
        shape = " × ".join(map(str, readings[0][name].values.shape))
        page = Grid(
            rows=rows,
            title=f"{network.name} · {name} ({shape}){source}",
            row_titles=tuple(stage for _ in pictures for stage, _ in stages[name]) if relu else (),
            caption=_told([one[stage].values for one in readings for _, stage in stages[name]], colormap),
            provenance=told,
        )
        pages.append(page)
    if len(pages) == 1:
        return pages[0]
    of = "one photo" if len(pictures) == 1 else f"{len(pictures)} photos"
    told = origin(network, code, layers=names, scale=scale)
    return Album(pages=tuple(pages), title=f"{network.name}: {len(names)} layers, {of}", provenance=told)


def _told(several: Sequence[np.ndarray], colormap: str) -> str:
    """Say what white and black mean: after a ReLU black is silence, not refusal. Colours have their bar."""
    if colormap != "gray":
        return READING
    negative = any(bool((values < 0).any()) for values in several)
    return f"{SIGNED if negative else GATED} {READING}"


def _rows(
    stages: Sequence[tuple[str, str]],
    readings: Sequence[dict[str, _Reading]],
    chosen: list[int] | None,
    look: _Look,
    beside: bool,
) -> tuple[tuple[Viewable, ...], ...]:
    """A row for each photo and stage, on one scale: the photo and its maps, or all maps as one sheet."""
    taken = [(reading[name], stage, name) for reading in readings for stage, name in stages]
    picked = [one.values if chosen is None else one.values[chosen] for one, _, _ in taken]
    rule = Scale(look.scale)
    together: Range | None = None if rule.each else rule.fit_all(picked)
    rows: list[tuple[Viewable, ...]] = []
    for (one, stage, name), values in zip(taken, picked, strict=True):
        wanted = range(len(values)) if chosen is None else chosen
        if not beside:
            caption = "" if len(readings) == 1 else _title(one.photo)
            labels = tuple(f"channel {k}" for k in wanted)
            scale = together or look.scale
            rows.append(
                (Montage(values, labels, look.columns, scale, look.colormap, look.tile, caption=caption),)
            )
            continue
        several = len(readings) > 1
        cells = [
            replace(_cell(one, k, stage, name, look.colormap, several), scale=together or look.scale)
            for k in wanted
        ]
        h, w = one.photo.size
        photo = replace(one.photo, caption=f"{_title(one.photo)}\n{w} × {h} pixels")
        rows.append((photo, *cells))
    return tuple(rows)


def _read(network: Network, photo: Picture, names: Sequence[str]) -> dict[str, _Reading]:
    images = network.prepare(photo)
    check_fits(network, images)
    found = capture(network, images, names)
    readings = {}
    for name in names:
        field = network.layer(name, images).field
        readings[name] = _Reading(photo, _maps(name, found[name]), field.lattice if field else None, images)
    return readings


def _maps(name: str, activation: Tensor) -> Float[np.ndarray, "c h w"]:
    values: np.ndarray = activation[0].float().cpu().numpy()
    if values.ndim == 1:
        return values[:, None, None]
    if values.ndim != 3:
        raise UnsupportedMethod(
            f"{name} has shape {tuple(activation.shape)}: no channels with a map. Read it with cutaway.capture"
        )
    return values


def _around_relu(network: Network, photo: Picture, name: str) -> tuple[tuple[str, str], tuple[str, str]]:
    trace = network.trace(network.prepare(photo))
    call = network.find(name, trace)
    gates = ("relu", "relu6", "leaky_relu", "silu", "hardswish", "gelu", "elu", "prelu", "mish")

    def pair(before: Call, after: Call) -> tuple[tuple[str, str], tuple[str, str]]:
        return (f"before {after.name}", before.name), (f"after {after.name}", after.name)

    if call.kind in gates:
        return pair(trace.calls[call.parents[0]], call)
    following = [child for child in trace.children(call.index) if child.kind in gates]
    if not following:
        raise UnsupportedMethod(f"no ReLU reads {name} of {network.name}. See which do: cutaway layers")
    return pair(call, following[0])


def _chosen(
    network: Network,
    name: str,
    readings: Sequence[dict[str, _Reading]],
    stages: Sequence[tuple[str, str]],
    channels: Sequence[int] | None,
    strongest: int | None,
) -> list[int] | None:
    values = readings[0][stages[-1][1]].values
    if channels is not None and strongest is not None:
        raise BadSetting("give channels or strongest, not both")
    if channels is not None:
        for k in channels:
            if not 0 <= k < len(values):
                raise BadSetting(f"{name} of {network.name} has channels 0 to {len(values) - 1}, got {k}")
        return list(channels)
    if strongest is not None:
        if strongest < 1:
            raise BadSetting(f"strongest must be at least 1, got {strongest}")
        peaks = values.reshape(len(values), -1).max(1)
        return [int(k) for k in np.argsort(-peaks, kind="stable")[:strongest]]
    return None


def _cell(reading: _Reading, k: int, stage: str, name: str, colormap: str, several: bool) -> Heatmap:
    values = reading.values[k]
    y, x = np.unravel_index(int(values.argmax()), values.shape)
    which = f"{_title(reading.photo)} · " if several else ""
    return Heatmap(
        values,
        photo=reading.photo,
        placement=reading.images.places[0].placement(reading.lattice) if reading.lattice else None,
        colormap=colormap,
        look="plain",
        caption=f"{which}channel {k}\n{stage or name} · max {values.max():.3g} at ({y}, {x})",
    )


def _title(photo: Picture) -> str:
    return Path(photo.path).name if photo.path else "photo"
