"""One method's map of one photo, with what is to be said of it, as bytes for the page."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.attribution import lattice_of
from cutaway.attribution.methods import METHODS, method_named
from cutaway.attribution.trust import trust
from cutaway.errors import BadSetting, UnsupportedMethod
from cutaway.network.memory import check_fits
from cutaway.network.network import INPUT, Network
from cutaway.objectives.class_logit import class_logit, class_probability
from cutaway.recipes.answer import Answer
from cutaway.recipes.colours import in_rgb
from cutaway.recipes.compare import card_range, compare
from cutaway.recipes.origin import network_spelled, spelled
from cutaway.view.picture import Picture

__all__ = ["QUICK", "SLOW", "answered", "framed", "made_map", "packed"]

# What takes a pass or two is made while the page waits; the rest are jobs.
QUICK = ("cam", "grad-cam", "grad-cam++", "layer-cam", "saliency", "guided-backprop", "deconvnet")
SLOW = ("smooth-grad", "integrated-gradients", "occlusion", "rise")


def answered(network: Network, photo: Picture, count: int, also: list[int]) -> list[dict[str, object]]:
    """Tell a network's most probable classes for a photo, and some others.

    >>> from torch import nn
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), Preprocessing(size=2), ["cat", "dog"])
    >>> len(answered(net, Picture(np.zeros((2, 2, 3), np.uint8)), 5, []))
    2
    """
    images = network.prepare(photo)
    check_fits(network, images)
    answer = Answer.asked(network, images)
    order = answer.order
    chosen = order[:count]
    return [
        answer.told(k) | {"rank": order.index(k) + 1, "logit": _number(float(answer.logits[k]))}
        for k in [*chosen, *(k for k in also if k not in chosen)]
    ]


def made_map(network: Network, photo: Picture, name: str, target: int, *, full: bool = False) -> bytes:
    """Make a method's map of one class, and measure how far it may be believed.

    Args:
        network: asked.
        photo: about which.
        name: of the method, out of QUICK and SLOW.
        target: the class.
        full: also the costly figures.

    Raises:
        BadSetting, UnknownClass, UnsupportedMethod: with what to do instead.
    """
    if name not in METHODS:
        raise BadSetting(f"method takes {', '.join((*QUICK, *SLOW))}, got {name!r}")
    started = time.perf_counter()
    method = method_named(name)
    k = network.class_index(target)
    images = network.prepare(photo)
    check_fits(network, images)
    objective = class_logit(k)
    maps = method(network, images, objective)
    values = maps[0].float().cpu().numpy()
    layer, lattice = lattice_of(method, network, images)
    if lattice is None:
        raise UnsupportedMethod(f"the units of {layer} have no place in the photo")
    seconds = time.perf_counter() - started
    scale = card_range(values, (int(images.shape[2]), int(images.shape[3])))
    answer = Answer.asked(network, images)
    scored = class_probability(k) if full and answer.squash else objective
    (numbers,) = trust(network, images.as_subclass(Tensor), scored, method, maps, full=full)
    placement = images.places[0].placement(lattice)
    if values.shape[0] == 3:
        values = in_rgb(network, values, 0)
    code = spelled(compare, network_spelled(network), repr(photo.path or "photo"), methods=(name,), target=k)
    head = {
        "method": name,
        "title": type(method).__name__,
        "layer": "pixels" if layer == INPUT else layer,
        "shape": list(values.shape),
        "photo": list(photo.size),
        "start": list(placement.start),
        "step": list(placement.step),
        "window": list(placement.window),
        "low": scale.low,
        "high": scale.high,
        "rule": scale.rule,
        "least": float(values.min(initial=0)),
        "most": float(values.max(initial=0)),
        "trust": numbers.told(),
        "flat": numbers.flat,
        "seconds": round(seconds, 4),
        "code": f"import cutaway\n\n{code}.show()",
        "network": network_spelled(network),
        "path": photo.path or "",
        **answer.told(k),
    }
    return packed(head, values)


def packed(head: Mapping[str, Any], values: Float[np.ndarray, "d rows columns"]) -> bytes:
    r"""Write what is to be said and the raw numbers: a length, JSON, blanks up to a multiple of four, float32.

    >>> packed({}, np.zeros((1, 1, 1)))
    b'\x04\x00\x00\x00{}  \x00\x00\x00\x00'
    """
    return framed(head, np.ascontiguousarray(values, "<f4").tobytes())


def framed(head: Mapping[str, Any], numbers: bytes) -> bytes:
    r"""Write what is to be said, and numbers as they are, made a multiple of four bytes.

    >>> framed({}, b"12345")
    b'\x04\x00\x00\x00{}  12345\x00\x00\x00'
    """
    told = json.dumps(_told(head), ensure_ascii=False, allow_nan=False).encode()
    told += b" " * (-len(told) % 4)
    return len(told).to_bytes(4, "little") + told + numbers + bytes(-len(numbers) % 4)


def _told(value: Any) -> Any:
    """Give a value as JSON can hold it: no NaN, and nothing infinite."""
    if isinstance(value, Mapping):
        return {name: _told(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | None:
    """JSON has no NaN and nothing infinite."""
    return value if math.isfinite(value) else None
