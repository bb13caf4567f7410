"""The 1000 classes of ImageNet's 2012 challenge."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["imagenet_classes"]


@cache
def imagenet_classes() -> tuple[str, ...]:
    """Give the 1000 class names in the order of the outputs.

    They are torchvision's short names (BSD-3-Clause; see NOTICE.md beside them).

    >>> imagenet_classes()[285]
    'Egyptian cat'
    """
    text = files("cutaway.network.zoo").joinpath("weights/imagenet_classes.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
