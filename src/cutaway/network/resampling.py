"""Which cells each output cell of a resampling reads: interpolation of every mode, and adaptive pools."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

__all__ = ["reach"]

# How far a kernel reaches to either side, in input cells.
_WIDTHS = {"bilinear": 1, "linear": 1, "trilinear": 1, "bicubic": 2}
# PyTorch computes places in floating point, where a border may fall to either side.
_DOUBT = Fraction(1, 10**6)


def reach(
    size_in: int,
    size_out: int,
    mode: str,
    scale: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Fraction, Fraction, Fraction]:
    """Tell how far apart output cells read, and how far each reads before and after its place.

    Args:
        size_in: cells along the axis.
        size_out: cells that are made of them.
        mode: as for `torch.nn.functional.interpolate`, or "adaptive".
        scale: the scale factor, where places follow it and not the sizes.
        options: "align_corners" and "antialias".

    Returns:
        (step, before, after): output cell i reads nothing outside step · i − before … step · i + after.

    >>> reach(4, 8, "nearest")
    (Fraction(1, 2), Fraction(1, 2), Fraction(0, 1))
    """
    options = options or {}
    aligned = bool(options.get("align_corners"))
    step = Fraction(size_in, size_out) if scale is None else 1 / Fraction(scale)
    if aligned and min(size_in, size_out) > 1:
        step = Fraction(size_in - 1, size_out - 1)
    doubt = Fraction(0) if scale is None else _DOUBT
    spans = []
    for index in range(size_out):
        if mode == "adaptive":
            low, high = index * size_in // size_out, -(-(index + 1) * size_in // size_out) - 1
        elif mode.startswith("nearest"):
            place = (index + Fraction(1, 2) if mode == "nearest-exact" else index) * step
            low, high = math.floor(place - doubt), math.floor(place + doubt)
        else:
            place = index * step if aligned else (index + Fraction(1, 2)) * step - Fraction(1, 2)
            if aligned and size_out == 1:
                place = Fraction(0)
            wide = _WIDTHS.get(mode, 2) * (max(step, Fraction(1)) if options.get("antialias") else 1)
            # A cell at the very end of the kernel has no weight.
            low, high = math.floor(place - wide - doubt) + 1, math.ceil(place + wide + doubt) - 1
        spans.append((max(min(low, size_in - 1), 0), max(min(high, size_in - 1), 0)))
    before = max(index * step - low for index, (low, _) in enumerate(spans))
    after = max(high - index * step for index, (_, high) in enumerate(spans))
    return step, before, after
