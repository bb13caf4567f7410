"""What is told of one unit, a channel of a layer, for the page: what made it fire, its filter, the classes it moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.capture import capture
from cutaway.network.layer import Layer
from cutaway.network.map_layer import as_map
from cutaway.network.memory import check_fits
from cutaway.network.network import Network
from cutaway.network.resume import resumed
from cutaway.objectives.class_logit import class_logit
from cutaway.recipes.answer import Answer
from cutaway.recipes.channel_filter import ChannelFilter
from cutaway.recipes.colours import in_rgb
from cutaway.recipes.deconv import deconv
from cutaway.recipes.origin import network_spelled, spelled
from cutaway.recipes.weights import weights
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.projection import symmetric
from cutaway.web.maps import packed

__all__ = ["WAYS", "check_unit", "filter_of", "projected", "votes"]

WAYS = ("deconvnet", "guided")
# Inputs of a deeper filter that are drawn, and classes that are told.
_INPUTS, _CLASSES = 16, 5


def check_unit(layer: Layer, unit: int, channels: int) -> None:
    """Refuse a channel that a layer does not have.

    Raises:
        BadSetting: with those that it has.
    """
    if not 0 <= unit < channels:
        has = f"channels 0 to {channels - 1}" if channels else "no channels"
        raise BadSetting(f"{layer.name} has {has}, got {unit}")


def projected(
    network: Network, photo: Picture, layer: str, unit: int, method: str, at: tuple[int, int] | None
) -> bytes:
    """Project one place of a channel back to the photo's pixels, with its proof, as `cutaway.deconv` does.

    Args:
        network: asked.
        photo: shown to it.
        layer: its name.
        unit: the channel.
        method: out of WAYS.
        at: the place; None takes the strongest.

    Raises:
        BadSetting, UnsupportedMethod: with what to do instead.
    """
    sheet = deconv(network, photo, layer, channels=[unit], at=at, method=method)
    (told,) = sheet.provenance["units"]
    tiles = sheet.rows[1][0]
    assert isinstance(tiles, Grid)
    drawn = tiles.rows[0][1]
    assert isinstance(drawn, Picture)
    assert drawn.raw is not None
    values = np.asarray(drawn.raw, np.float32).transpose(2, 0, 1)
    values = np.broadcast_to(values, (3, *values.shape[1:]))
    scale = symmetric(values)
    top, left, bottom, right = told["box"]
    h, w = values.shape[1:]
    size = bottom - top, right - left
    head = {
        **told,
        "method": method,
        "shape": list(values.shape),
        # Its own patch is the photo that it is drawn on.
        "photo": list(size),
        "start": [size[0] / h / 2, size[1] / w / 2],
        "step": [size[0] / h, size[1] / w],
        "window": [0, 0, *size],
        "low": scale.low,
        "high": scale.high,
        "rule": scale.rule,
        "code": f"import cutaway\n\n{sheet.provenance['code']}.show()",
    }
    return packed(head, values)


def filter_of(network: Network, layer: str, unit: int) -> bytes:
    """Give the filter that made a channel: in colour where it reads the photo, else the inputs it weighs most.

    Args:
        network: whose.
        layer: its name.
        unit: the channel.
    """
    made = ChannelFilter(network, layer, unit)
    values = made.values()
    told = made.told()
    if values is None:
        return packed({**told, "shape": [0, 0, 0], "colours": False}, np.zeros((0, 0, 0), np.float32))
    call, channel, _ = made.maker
    assert call is not None
    colours = len(values) == 3 and call.parents == (-1,)
    whole = list(values.shape)
    inputs = made.inputs()
    if colours:
        values = in_rgb(network, values, 0)
    else:
        first = min(k for k, _ in inputs)
        values = values[[k - first for k, _ in inputs[:_INPUTS]]]
    most = float(np.abs(values).max())
    code = spelled(weights, network_spelled(network), repr(call.name), channels=[channel])
    head = {
        **told,
        "shape": list(values.shape),
        "whole_shape": whole,
        "colours": colours,
        "low": float(values.min()) if colours else -most,
        "high": float(values.max()) if colours else most,
        "code": f"import cutaway\n\n{code}.show()",
    }
    return packed(head, values)


def votes(network: Network, photo: Picture, layer: str, unit: int) -> dict[str, Any]:
    """Tell how the classes' scores fall when one channel is set to zero: those that it helps, and those that it hurts.

    What follows the layer runs once more without the channel, as Ablation-CAM does it.

    Args:
        network: asked.
        photo: shown to it.
        layer: its name.
        unit: the channel.

    Raises:
        UnsupportedMethod: where what follows the layer cannot be carried out again.
    """
    images = network.prepare(photo)
    check_fits(network, images)
    plain = images.as_subclass(Tensor)
    probe = class_logit(0)
    probe.score(capture(network, plain, probe.layers))  # refuses an output that holds no classes
    (reads,) = probe.layers
    ready, _ = resumed(network, plain, layer, [reads], once=True)
    call = network.find(layer, network.trace(images))
    values = ready.activation
    maps = as_map(network, images, call, values)
    if maps.dim() not in (2, 4):
        raise UnsupportedMethod(f"{layer} has shape {tuple(values.shape)}: no channels to leave out")
    without = values.clone()
    # The channels of a map stand first, those of tokens last.
    channels = 1 if maps.shape == values.shape else -1
    without.movedim(channels, 1)[:, unit] = 0
    with torch.no_grad():
        # One by one: a network may take no batch.
        logits, left = (ready.run(one)[reads][0] for one in (values, without))
    falls = (logits - left).double()
    answer = Answer.of(network, images, logits, None)
    top = answer.order[0]
    falling = torch.argsort(falls, descending=True, stable=True).tolist()

    def told(k: int) -> dict[str, Any]:
        return {
            "index": k,
            "label": network.class_name(k),
            "fall": float(falls[k]),
            "score": float(logits[k]),
        }

    return {
        "top": told(top),
        "helps": [told(k) for k in falling[:_CLASSES] if falls[k] > 0],
        "hurts": [told(k) for k in falling[::-1][:_CLASSES] if falls[k] < 0],
    }
