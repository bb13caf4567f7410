"""How much is trained: for two cores in minutes, or for a graphics card in hours."""

from __future__ import annotations

from dataclasses import dataclass

from cutaway.errors import BadSetting

__all__ = ["PRESETS", "Preset", "preset_named"]


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


PRESETS = {
    "small": Preset(16, 5, 128, 2, 4000, 1e-3),
    "medium": Preset(32, 5, 256, 4, 10_000, 1e-3),
    "large": Preset(32, 5, 256, 8, 40_000, 1e-3),
}


def preset_named(name: str) -> Preset:
    """Give a preset by its name.

    >>> preset_named("small").batch
    2
    """
    if name not in PRESETS:
        raise BadSetting(f"preset takes {', '.join(PRESETS)}, got {name!r}")
    return PRESETS[name]
