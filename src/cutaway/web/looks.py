"""What the page draws by: the colours, the rule of overlays, and the names of methods."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from cutaway.attribution.methods import METHODS
from cutaway.view import overlay
from cutaway.view.colormap import COLORMAPS, UNKNOWN, table

__all__ = ["EXAMPLES", "colours", "titles"]

EXAMPLES = ("chelsea", "coffee", "camera")


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

    >>> titles(["grad-cam"])
    {'grad-cam': 'GradCAM'}
    """
    return {name: getattr(METHODS[name], "__name__", name) for name in methods}
