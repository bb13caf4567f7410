"""Random numbers of which each image has its own, so that it is the same alone and among others."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = ["image_size", "seeded"]


def seeded(
    count: int, seed: int | Sequence[int], draw: Callable[[torch.Generator], Tensor]
) -> Float[Tensor, "n ..."]:
    """Draw for each image with a seed of its own: the first has `seed`, the next the next one; or as given.

    >>> both = seeded(2, 3, lambda source: torch.rand(4, generator=source))
    >>> alone = seeded(1, 4, lambda source: torch.rand(4, generator=source))
    >>> bool((both[1] == alone[0]).all())
    True
    """
    if count < 1:
        raise BadSetting(f"there must be at least one image, got {count}")
    seeds = list(seed) if isinstance(seed, Sequence) else [seed + k for k in range(count)]
    if len(seeds) != count:
        raise BadSetting(f"{len(seeds)} seeds were given for {count} images")
    return torch.stack([draw(torch.Generator().manual_seed(one)) for one in seeds])


def image_size(size: Any) -> tuple[int, int]:
    """Give (h, w) from a side, or from both.

    >>> image_size(64), image_size((48, 64))
    ((64, 64), (48, 64))
    """
    sides = (size, size) if not isinstance(size, Sequence) else tuple(size)
    try:
        h, w = (operator.index(side) for side in sides)
    except (TypeError, ValueError):
        raise BadSetting(f"size must be an int or (h, w), got {size!r}") from None
    if min(h, w) < 1:
        raise BadSetting(f"size must be at least 1 pixel, got {size!r}")
    return h, w
