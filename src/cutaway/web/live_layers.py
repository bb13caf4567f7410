"""What a layer's channels answer to one frame of a webcam: all of them small, one of them large."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.attribution import layer_lattice
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.capture import capture
from cutaway.network.head import LOGITS, before_classifier
from cutaway.network.main_layers import main_layers
from cutaway.network.map_layer import as_map
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.network.receptive_field import Lattice
from cutaway.network.token_grid import token_grid
from cutaway.network.trace import Call, Trace
from cutaway.recipes.answer import Answer
from cutaway.web.coarse import coarser, in_blocks
from cutaway.web.frames import NOTHING, Channels, Frame, Reply
from cutaway.web.live import frame_photo, in_shares, most_probable

__all__ = ["MOST_CHANNELS", "looked_at_channels", "shown_layers"]

MOST_CHANNELS = 64
# 64 channels of so many cells, each a byte, are some 15 kB.
MOST_SMALL_CELLS = 240
MOST_LARGE_CELLS = 48


def shown_layers(network: Network) -> list[dict[str, Any]]:
    """List the layers whose channels are maps, for an image of the usual size.

    Raises:
        UnsupportedMethod: where there is none.

    Args:
        network: whose layers; those through which everything goes are marked as main, and one as usual: the last
            before the classes.

    >>> from torch import nn
    >>> shown_layers(Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())))
    [{'name': '0', 'channels': 4, 'rows': 222, 'columns': 222, 'main': True, 'usual': True}]
    """
    trace = network.trace(network.example_inputs())
    main = set(main_layers(network))
    usual = _usual(network, trace)
    found: list[dict[str, Any]] = []
    for call in trace.calls:
        shape = _shape(trace, call)
        if shape is not None and shape[1] * shape[2] > 1:
            channels, rows, columns = shape
            found.append(
                {"name": call.name, "channels": channels, "rows": rows, "columns": columns}
                | {"main": call.name in main, "usual": call is usual}
            )
    return found


def looked_at_channels(network: Network, frame: Frame) -> Reply:
    """Read a layer's channels, and what the network sees, in one pass.

    For "channels" the answer holds 64 of them from `first` on, and the one that `target` names at its own size; for
    "strongest" the channel that `target` names, else the one with the largest value.

    Raises:
        BadImage: for a frame that is no JPEG.
        BadSetting, UnknownLayer, UnsupportedMethod: with what to do instead.
    """
    started = time.perf_counter()
    photo = frame_photo(frame)
    images = network.prepare(photo)
    trace = network.trace(images)
    call = network.find(frame.name, trace) if frame.name else _usual(network, trace)
    if _shape(trace, call) is None:
        raise UnsupportedMethod(
            f"{call.name} of {network.name} has shape {call.shape}: no channels with a map. Choose another layer"
        )
    lattice = layer_lattice(network, images, call.name)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {call.name} have no place in the photo. Choose another layer")
    before = time.perf_counter()
    asks = [call.name, LOGITS] if network.class_count else [call.name]
    found = capture(network, images, asks)
    passed = time.perf_counter() - before
    maps = as_map(network, images, call, found[call.name]).float()
    total = int(maps.shape[1])
    strongest = int(maps[0].flatten(1).amax(1).argmax())
    wanted = frame.target if frame.target is not None or frame.way == "channels" else strongest
    if wanted is not None and wanted >= total:
        raise BadSetting(f"{call.name} of {network.name} has channels 0 to {total - 1}, got {wanted}")
    classes = most_probable(Answer.of(network, images, found[LOGITS][0], None)) if LOGITS in found else ()
    small = _small(maps, frame.first if frame.way == "channels" else total, total, strongest)
    values, place = _large(maps, wanted, lattice, images)
    target = NOTHING if wanted is None else wanted
    seconds = (passed, time.perf_counter() - started)
    placement = in_shares(images, place, photo)
    return Reply(frame.way, frame.number, values, placement, target, classes, seconds, small.packed())


def _small(maps: Float[Tensor, "1 c h w"], first: int, total: int, strongest: int) -> Channels:
    shown = maps[:, first : first + MOST_CHANNELS]
    h, w = (int(side) for side in maps.shape[2:])
    block = 1
    while -(-h // block) * -(-w // block) > MOST_SMALL_CELLS:
        block += 1
    if not shown.shape[1]:
        return Channels(np.zeros((0, 0, 0), np.float32), block, first, total, strongest)
    return Channels(in_blocks(shown, block)[0].cpu().numpy(), block, first, total, strongest)


def _large(
    maps: Float[Tensor, "1 c h w"], wanted: int | None, lattice: Lattice, images: Images
) -> tuple[Float[np.ndarray, "rows columns"], Lattice]:
    if wanted is None:
        return np.zeros((0, 0), np.float32), lattice
    one, place = coarser(maps[:, wanted : wanted + 1], lattice, MOST_LARGE_CELLS)
    return one[0, 0].cpu().numpy(), place


def _usual(network: Network, trace: Trace) -> Call:
    """Find the last layer of maps before the classes, else the last of all."""
    spread = [call for call in trace.calls if (shape := _shape(trace, call)) and shape[1] * shape[2] > 1]
    if not spread:
        raise UnsupportedMethod(f"{network.name} has no layer of channels with maps")
    last = network.find(before_classifier(network), trace)
    return next((call for call in reversed(spread) if call.index <= last.index), spread[-1])


def _shape(trace: Trace, call: Call) -> tuple[int, int, int] | None:
    """Give (channels, rows, columns) where a layer's values are maps, or tokens of patches on a grid."""
    grid = token_grid(trace, call)
    if grid is not None:
        return int(call.shape[-1]), grid.rows, grid.columns
    if len(call.shape) != 4 or call.sight.field is None:
        return None
    return int(call.shape[1]), int(call.shape[2]), int(call.shape[3])
