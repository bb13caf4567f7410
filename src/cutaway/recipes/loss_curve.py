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


def loss_curve(
    curve: Mapping[str, Sequence[float]], weights: Mapping[str, float], steps: int, width: int, words: str
) -> Picture:
    r"""Draw the losses over the steps.

    Args:
        curve: by their names, as `shortened` gives them.
        weights: of each.
        steps: that were done.
        width: of the drawing, in pixels.
        words: what a loss of 1 is.

    >>> loss_curve({"loss": [2.0, 1.0], "style": [2.0, 1.0]}, {"style": 5}, 100, 300, "1 is far").caption
    'the losses over the steps\nstyle × 5; 1 is far'
    """
    points = len(curve["loss"])
    places = np.linspace(1, max(2, steps), points) if points > 1 else np.array([1.0])
    lines = {name: np.array(curve[name]) for name in ("loss", *weights) if name in curve}
    drawn = curves(places, lines, size=(240, width), low=0.0)
    told = ", ".join(f"{name} × {weights[name]:g}" for name in lines if name in weights)
    return Picture(drawn.pixels, f"the losses over the steps\n{told}; {words}")
