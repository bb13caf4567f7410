"""The regularizers that class images are known for, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective
from cutaway.objectives.total_variation import total_variation
from cutaway.synthesis.regularizers import (
    CentreBias,
    GaussianBlur,
    L2Decay,
    Regularizer,
    SmallBenefit,
    SmallGradient,
    SmallPixels,
)

__all__ = ["REGULARIZERS", "Restraint", "restraint"]

# What total variation costs, for each pixel of an image.
_ROUGHNESS = 1000.0

_EDITS: dict[str, Callable[[], Regularizer]] = {
    "l2": lambda: L2Decay(0.05),
    "blur": lambda: GaussianBlur(0.6, every=2),
    "small-pixels": lambda: SmallPixels(0.3),
    "small-gradient": lambda: SmallGradient(0.3),
    "small-benefit": lambda: SmallBenefit(0.01),
    "centre": lambda: CentreBias(0.1),
}
REGULARIZERS = (*_EDITS, "tv")


@dataclass(frozen=True)
class Restraint:
    """Several regularizers at once.

    Args:
        name: theirs, for a caption.
        edits: after each step.
        rough: whether total variation is subtracted from the objective.
    """

    name: str
    edits: tuple[Regularizer, ...]
    rough: bool

    def held(self, objective: Objective, size: tuple[int, int]) -> Objective:
        """Give the objective with what is subtracted from it, for images of a size (h, w)."""
        return objective - total_variation() * (_ROUGHNESS / (size[0] * size[1])) if self.rough else objective


def restraint(names: Sequence[str]) -> Restraint:
    """Give regularizers by their names.

    Raises:
        BadSetting: for a name that there is not.

    >>> restraint(["l2", "tv"]).name
    'l2 + tv'
    """
    unknown = [name for name in names if name not in REGULARIZERS]
    if unknown:
        raise BadSetting(
            f"regularizer takes {', '.join(REGULARIZERS)}, or all to compare them, got {unknown[0]!r}"
        )
    edits = tuple(_EDITS[name]() for name in names if name in _EDITS)
    return Restraint(" + ".join(names) or "no regularizer", edits, "tv" in names)
