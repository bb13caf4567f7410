"""What the page draws by: the colours, the rule of overlays, and the names of methods."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from cutaway.view import overlay
from cutaway.view.colormap import COLORMAPS, UNKNOWN, table

__all__ = ["EXAMPLES", "colours", "titles"]

EXAMPLES = ("chelsea", "coffee", "camera")
# As their papers write them.
_WRITTEN = {
    "cam": "CAM",
    "grad-cam": "Grad-CAM",
    "grad-cam++": "Grad-CAM++",
    "layer-cam": "LayerCAM",
    "smooth-grad": "SmoothGrad",
    "rise": "RISE",
}


def colours() -> dict[str, Any]:
    """Give every colour map as 256 colours of three bytes, in base64, and the numbers that overlays are mixed by.

    >>> len(base64.b64decode(colours()["maps"]["inferno"]))
    768
    """
    return {
        "maps": {name: base64.b64encode(table(name).tobytes()).decode() for name in COLORMAPS},
        "unknown": list(UNKNOWN),
        "weights": [float(weight) for weight in overlay.WEIGHTS],
        "quiet": overlay.QUIET,
        "colour": overlay.COLOUR,
        "pale": overlay.PALE,
        "tones": overlay.TONES,
    }


def titles(methods: Iterable[str]) -> dict[str, str]:
    """Give the methods' usual spelling.

    >>> titles(["grad-cam", "guided-backprop"])
    {'grad-cam': 'Grad-CAM', 'guided-backprop': 'Guided backprop'}
    """
    return {name: _WRITTEN.get(name, name.replace("-", " ").capitalize()) for name in methods}
