"""A signed map of colours, as gradients to the pixels are: mid-gray is zero, and colours mean more of that colour."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cutaway.view.picture import Picture
from cutaway.view.scale import Range

__all__ = ["projection", "symmetric"]

# Single pixels reach far beyond the rest; a scale up to the very largest would show nothing else.
REACH = 99.0


def symmetric(values: Float[np.ndarray, "*size"]) -> Range:
    """Choose the scale of signed colours: from −m to m, with m the 99th percentile of what is not zero.

    >>> symmetric(np.array([0.0, 0.0, -2.0, 2.0]))
    Range(low=-2.0, high=2.0, rule='symmetric 99 %')
    """
    strength = np.abs(values[np.isfinite(values) & (values != 0)])
    most = float(np.percentile(strength, REACH)) if strength.size else 0.0
    return Range(-most, most, f"symmetric {REACH:g} %")


def projection(values: Float[np.ndarray, "h w c"], caption: str = "", scale: Range | None = None) -> Picture:
    """Draw signed colours: zero is mid-gray, light and dark are more and less of a colour.

    Args:
        values: (h,w,c), RGB or one channel, raw.
        caption: below it; the scale is added.
        scale: shared with others; its own by default.

    >>> projection(np.zeros((2, 2, 3))).pixels.max()
    np.uint8(128)
    """
    scale = scale or symmetric(values)
    unit = np.broadcast_to(scale.unit(values), (*values.shape[:2], 3))
    lines = [caption, str(scale)] if caption else [str(scale)]
    return Picture.of_values(unit, caption="\n".join(lines), raw=values)
