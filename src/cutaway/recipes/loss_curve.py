"""The losses of a training, over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cutaway.view.curves import curves
from cutaway.view.picture import Picture

__all__ = ["loss_curve", "shortened"]

# Losses are kept of so many points at most.
_POINTS = 200


def shortened(history: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Give losses of so many points as can be seen, each the mean of what lies between.

    >>> shortened({"loss": [2.0, 1.0]})
    {'loss': [2.0, 1.0]}
    """
    return {
        name: [float(part.mean()) for part in np.array_split(np.array(values), min(_POINTS, len(values)))]
        for name, values in history.items()
    }


def loss_curve(curve: Mapping[str, Sequence[float]], steps: int, caption: str) -> Picture:
    """Draw the losses over the steps.

    Args:
        curve: by their names, as `shortened` gives them.
        steps: that were done.
        caption: what they mean.

    >>> loss_curve({"loss": [2.0, 1.0]}, 100, "half").caption
    'half'
    """
    points = len(next(iter(curve.values())))
    middles = (np.arange(points) + 0.5) * steps / points
    lines = {name: np.array(values) for name, values in curve.items()}
    return Picture(curves(middles, lines, size=(240, 720), low=0.0).pixels, caption)
