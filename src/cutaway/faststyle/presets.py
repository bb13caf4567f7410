"""How much is trained: for two cores in minutes, or for a graphics card in hours."""

from __future__ import annotations

from dataclasses import dataclass

from cutaway.errors import BadSetting

__all__ = ["CUT", "PRESETS", "Preset", "preset_named"]

CUT = 0.75
"""Side of a cut over the shortest side of its photo."""


@dataclass(frozen=True)
class Preset:
    """How much is trained.

    Args:
        width: channels of the first convolution.
        blocks: residual blocks.
        size: side of the photos' cuts, in pixels.
        batch: cuts in a step.
        steps: of Adam.
        rate: of Adam at the beginning.
    """

    width: int
    blocks: int
    size: int
    batch: int
    steps: int
    rate: float

    @property
    def seen(self) -> int:
        """Shortest side at which photos and paintings are seen, in pixels: cuts are three quarters of it."""
        return round(self.size / CUT)


PRESETS = {
    "small": Preset(16, 5, 192, 1, 3000, 1e-3),
    "medium": Preset(32, 5, 256, 4, 10_000, 1e-3),
    "large": Preset(32, 5, 256, 8, 40_000, 1e-3),
}


def preset_named(name: str) -> Preset:
    """Give a preset by its name.

    >>> preset_named("small").seen
    256
    """
    if name not in PRESETS:
        raise BadSetting(f"preset takes {', '.join(PRESETS)}, got {name!r}")
    return PRESETS[name]
