"""What a layer answers to a photo: all its channels as a sheet, or chosen ones beside the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.images.read import read
from cutaway.network.capture import capture
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.network.receptive_field import Lattice
from cutaway.network.selection import select_layers
from cutaway.network.trace import Call
from cutaway.recipes.origin import origin
from cutaway.view.album import Album
from cutaway.view.grid import Grid
from cutaway.view.heatmap import Heatmap
from cutaway.view.picture import Picture
from cutaway.view.scale import Range, Scale
from cutaway.view.viewable import Viewable

__all__ = ["activations"]

READING = (
    "White: strongly positive, black: strongly negative. A place in a map is the same place in the photo; "
    "early layers answer to edges and colours, late ones to parts and objects."
)
Photos = Picture | str | Path | Sequence[Picture | str | Path]


@dataclass(frozen=True)
class _Reading:
    """One photo's activation of one layer, ready to draw."""

    photo: Picture
    values: Float[np.ndarray, "c h w"]
    lattice: Lattice | None
    images: Images


def activations(
    network: Network,
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
        layer: a layer's name, several, a range "conv1..fire4", or "all"; several give an Album from one forward pass.
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
    network = network.at(size)
    several = [photos] if isinstance(photos, Picture | str | Path) else list(photos)
    if not several:
        raise BadSetting("activations needs at least one photo, got none")
    pictures = [read(photo) for photo in several]
    names = select_layers(network, layer)
    if len(names) > 1:
        return _album(network, pictures[0], names, scale, colormap, columns, tile)
    name = names[0]
    stages = _around_relu(network, pictures[0], name) if relu else (("", name),)
    readings = [_read(network, picture, [stage for _, stage in stages]) for picture in pictures]
    chosen = _chosen(network, name, readings, stages, channels, strongest)
    beside = (chosen is not None) if beside is None else beside
    code = (
        f"cutaway.activations(cutaway.load({network.name!r}), {[p.path or '' for p in pictures]!r}, {name!r})"
    )
    provenance = origin(network, code, layer=name, channels=chosen, scale=scale)
    if len(pictures) == 1 and len(stages) == 1 and not beside:
        return _sheet(name, readings[0][name], chosen, scale, colormap, columns, tile, provenance)
    wanted = chosen if chosen is not None else list(range(len(readings[0][name].values)))
    rows, titles = [], []
    for picture, reading in zip(pictures, readings, strict=True):
        for stage, stage_name in stages:
            cells = [
                _cell(reading[stage_name], k, stage, stage_name, colormap, beside, len(pictures))
                for k in wanted
            ]
            rows.append([picture, *cells] if beside else cells)
            titles.append(stage)
    ranges = _ranges(rows, scale)
    drawn = tuple(
        tuple(
            replace(cell, scale=ranges[id(cell)]) if isinstance(cell, Heatmap) else _titled(cell)
            for cell in row
        )
        for row in rows
    )
    shape = " × ".join(map(str, readings[0][name].values.shape))
    return Grid(
        rows=drawn,
        title=f"{network.name} · {name} ({shape})",
        row_titles=tuple(titles) if len(stages) > 1 else (),
        caption=READING,
        provenance=provenance,
    )


def _read(network: Network, photo: Picture, names: Sequence[str]) -> dict[str, _Reading]:
    images = network.prepare(photo)
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


def _cell(
    reading: _Reading, k: int, stage: str, name: str, colormap: str, beside: bool, photo_count: int
) -> Heatmap:
    values = reading.values[k]
    y, x = np.unravel_index(int(values.argmax()), values.shape)
    which = f"{Path(reading.photo.path).name} · " if photo_count > 1 and reading.photo.path else ""
    caption = f"{which}channel {k}\n{stage or name} · max {values.max():.3g} at ({y}, {x})"
    placement = reading.images.places[0].placement(reading.lattice) if beside and reading.lattice else None
    photo = reading.photo if beside else None
    return Heatmap(
        values,
        photo=photo,
        placement=placement,
        colormap=colormap,
        look="plain",
        caption=caption,
        colorbar=beside,
    )


def _ranges(rows: Sequence[Sequence[Viewable]], scale: str) -> dict[int, Range]:
    cells = [cell for row in rows for cell in row if isinstance(cell, Heatmap)]
    if scale in ("cell", "channel"):
        return {id(cell): Scale(scale).fit(cell.values) for cell in cells}
    together = Scale(scale).fit(np.concatenate([cell.values.ravel() for cell in cells]))
    return {id(cell): together for cell in cells}


def _sheet(
    name: str,
    reading: _Reading,
    chosen: list[int] | None,
    scale: str,
    colormap: str,
    columns: int | None,
    tile: int | tuple[int, int] | None,
    provenance: dict[str, object],
) -> Grid:
    wanted = list(range(len(reading.values))) if chosen is None else chosen
    values = reading.values if chosen is None else reading.values[wanted]
    shape = " × ".join(map(str, reading.values.shape))
    source = Path(reading.photo.path).name if reading.photo.path else "photo"
    return Grid.of_maps(
        values,
        names=tuple(f"channel {k}" for k in wanted),
        columns=columns,
        scale=scale,
        colormap=colormap,
        tile=(tile, tile) if isinstance(tile, int) else tile,
        title=f"{provenance.get('network')} · {name} ({shape}) · {source}",
        caption=READING,
        provenance=provenance,
    )


def _album(
    network: Network,
    photo: Picture,
    names: Sequence[str],
    scale: str,
    colormap: str,
    columns: int | None,
    tile: int | tuple[int, int] | None,
) -> Album:
    readings = _read(network, photo, names)
    provenance = origin(
        network,
        f"cutaway.activations(cutaway.load({network.name!r}), {photo.path!r}, {list(names)!r})",
        layers=list(names),
        scale=scale,
    )
    pages = tuple(
        _sheet(name, readings[name], None, scale, colormap, columns, tile, provenance) for name in names
    )
    return Album(pages=pages, title=f"{network.name}: {len(names)} layers, one photo", provenance=provenance)


def _titled(cell: Viewable) -> Viewable:
    if not isinstance(cell, Picture):
        return cell
    h, w = cell.size
    return replace(cell, caption=f"{Path(cell.path).name if cell.path else 'photo'}\n{w} × {h} pixels")
