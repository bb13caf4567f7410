"""What a person gives to a style transfer, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting
from cutaway.images.read import Source, read
from cutaway.network.network import Network
from cutaway.recipes.style_layers import content_layer, style_layers
from cutaway.recipes.style_maker import OPTIMIZERS, Plan
from cutaway.synthesis.parametrization.seeded import image_size
from cutaway.view.picture import Picture

__all__ = ["COLOURS", "given_masks", "given_plan", "given_size", "given_weights"]

COLOURS = ("style", "luminance", "histogram")
# Masks may be a little narrower or wider than the photo: sides are rounded when pictures are scaled.
_ALIKE = 0.03


def given_plan(
    network: Network,
    content: str | Sequence[str] | None,
    style: str | Sequence[str] | None,
    *,
    scales: int | None,
    steps: int,
    optimizer: str,
    seed: int,
    tiles: int | None,
    **weights: float,
) -> Plan:
    """Give the plan that the settings make, with the layers that are usual for the network.

    Raises:
        BadSetting: for weights, steps, or names that there are not.
        UnknownLayer: for a layer that the network has not.
    """
    for name, weight in weights.items():
        least = 0.0 if name == "total_variation" or name == "content_weight" else math.ulp(0.0)
        if not least <= weight < math.inf:
            allowed = "at least 0" if least == 0 else "above 0"
            raise BadSetting(f"{name} must be a number {allowed}, got {weight}")
    if steps < 1 or (scales is not None and not 1 <= scales <= 12):
        raise BadSetting(f"steps must be at least 1, and scales 1 to 12, got {steps} and {scales}")
    if optimizer not in OPTIMIZERS:
        raise BadSetting(f"optimizer takes {' or '.join(OPTIMIZERS)}, got {optimizer!r}")
    names = [
        [usual] if given is None and isinstance(usual, str) else usual if given is None else _several(given)
        for given, usual in (
            (content, content_layer(network) if content is None else ""),
            (style, style_layers(network) if style is None else []),
        )
    ]
    trace = network.trace(network.example_inputs())
    for name in (*names[0], *names[1]):
        if len(network.find(name, trace).shape) != 4:
            raise BadSetting(f"{name} of {network.name} gives no maps (n,c,h,w): choose an earlier layer")
    return Plan(
        tuple(dict.fromkeys(names[0])),
        tuple(dict.fromkeys(names[1])),
        scales=scales,
        steps=steps,
        optimizer=optimizer,
        seed=seed,
        tiles=tiles,
        **weights,
    )


def given_size(photo: Picture, size: Any) -> tuple[int, int]:
    """Give the (h, w) of the result: `size` is the shortest side, or both; None the photo's own.

    >>> given_size(Picture(np.zeros((400, 600, 3), np.uint8)), 200)
    (200, 300)
    """
    if size is None or size == "photo":
        return photo.size
    if isinstance(size, Sequence):
        return image_size(size)
    return photo.shortest(image_size(size)[0])


def given_weights(weights: Sequence[float] | None, count: int) -> list[float]:
    """Give a weight for each painting.

    >>> given_weights(None, 2)
    [1.0, 1.0]
    """
    found = [1.0] * count if weights is None else [float(one) for one in weights]
    if len(found) != count or not all(0 < one < math.inf for one in found):
        raise BadSetting(f"weights needs a number above 0 for each of {count} paintings, got {weights}")
    return found


def given_masks(
    masks: Sequence[Source | None] | None, count: int, photo: Picture
) -> list[Float[Tensor, "1 1 h w"] | None]:
    """Give a mask for each painting, at its own size, or None for everywhere."""
    if masks is None:
        return [None] * count
    if isinstance(masks, str) or len(masks) != count:
        raise BadSetting(
            f"masks needs one for each of {count} paintings (None for everywhere), got {len(masks)}"
        )
    return [None if one is None else _mask(one, photo) for one in masks]


def _mask(given: Source, photo: Picture) -> Float[Tensor, "1 1 h w"]:
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "fb":
        values = given.astype(np.float32)
    else:
        values = (read(given).gray().pixels[..., 0] / 255).astype(np.float32)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1 or not values.any():
        raise BadSetting(
            "a mask is white, or 1, where its painting is wanted, and not black everywhere: a picture, or numbers "
            f"(h,w) in 0..1; got numbers in {values.min():g}..{values.max():g}"
        )
    h, w = values.shape
    if abs(math.log((h / w) / (photo.size[0] / photo.size[1]))) > _ALIKE:
        raise BadSetting(
            f"a mask lies on the whole photo, {photo.size[0]} × {photo.size[1]}, and has its shape at any size; "
            f"got {h} × {w}"
        )
    return torch.from_numpy(values)[None, None]


def _several(given: str | Sequence[str]) -> list[str]:
    found = [given] if isinstance(given, str) else list(given)
    if not found:
        raise BadSetting("layers needs at least one layer, got none")
    return found
