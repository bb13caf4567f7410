"""One map: alone, or on its photo at the photo's own size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.colorbar import colorbar
from cutaway.view.colormap import apply, table
from cutaway.view.overlay import camshow, overlay
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.scale import Range, Scale
from cutaway.view.sheet import captioned
from cutaway.view.viewable import Viewable

__all__ = ["LOOKS", "Heatmap"]

LOOKS = ("overlay", "plain", "camshow")


@final
@dataclass(frozen=True, eq=False)
class Heatmap(Viewable):
    """One raw, signed map.

    Args:
        raw: the numbers (h,w); NaN is drawn in a gray of its own.
        photo: drawn under it, at its own size.
        placement: where the map's cells lie in the photo; None spreads it evenly.
        colormap: "inferno", "viridis", "gray", "jet" or "diverging" (signed maps: zero is white).
        scale: a rule's name, or a Range shared with other maps. "diverging" always takes a symmetric one.
        opacity: of the colour at its strongest, 0..1.
        look: "overlay" on the photo, "plain" for the map alone (as large as the photo, if there is one), or "camshow".
        caption: below it; the first line is stronger.
        colorbar: draw the colours with their numbers below.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for a map that is not (h,w), or a setting that there is not.

    >>> heat = Heatmap(np.array([[0.0, 1.0], [2.0, -1.0]]))
    >>> heat.values.min(), str(heat.range)
    (np.float64(-1.0), 'cell scale −1 … 2')
    """

    raw: Float[np.ndarray, "rows columns"]
    photo: Picture | None = None
    placement: Placement | None = None
    colormap: str = "inferno"
    scale: str | Range = "cell"
    opacity: float = 0.92
    look: str = "overlay"
    caption: str = ""
    colorbar: bool = True
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.raw.ndim != 2 or self.raw.size == 0:
            raise BadSetting(f"a Heatmap needs one map (h, w), got {self.raw.shape}. For several: Grid.of_maps")
        if self.look not in LOOKS:
            raise BadSetting(f"look must be one of {', '.join(LOOKS)}, got {self.look!r}")
        if not 0 <= self.opacity <= 1:
            raise BadSetting(f"opacity must lie in 0..1, got {self.opacity}")
        table(self.colormap)
        if isinstance(self.scale, str):
            Scale(self.scale)

    @property
    def values(self) -> np.ndarray:
        """The raw numbers (h,w), as given."""
        return self.raw

    @property
    def range(self) -> Range:
        """What is drawn dark and what bright."""
        if self.colormap == "diverging":
            if isinstance(self.scale, Range):
                most = max(abs(self.scale.low), abs(self.scale.high))
                return Range(-most, most, self.scale.rule)
            return Scale("symmetric").fit(self.raw)
        return self.scale if isinstance(self.scale, Range) else Scale(self.scale).fit(self.raw)

    def tile(self) -> Image.Image:
        """Draw the map without words: at the photo's size, or a pixel per cell where there is no photo."""
        if self.photo is None:
            return Image.fromarray(apply(self.range.unit(self.raw), self.colormap))
        size = self.photo.size
        placement = self.placement or Placement.stretched((self.raw.shape[0], self.raw.shape[1]), size)
        drawn = placement.resample(self.raw, size)
        if self.look == "camshow":
            return Image.fromarray(camshow(self.photo.pixels, drawn))
        unit = self.range.unit(drawn)
        if self.look == "plain":
            return Image.fromarray(apply(unit, self.colormap))
        return Image.fromarray(overlay(self.photo.pixels, unit, self.colormap, self.opacity))

    def to_image(self) -> Image.Image:
        """Draw it with its caption and its colour bar."""
        image = self.tile()
        if self.photo is None:
            factor = max(1, round(320 / max(image.size)))
            image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
        bar = self._bar(max(image.width, 160)) if self.colorbar else None
        lines = [*filter(None, self.caption.split("\n")), *([str(self.range)] if self.look != "camshow" else [])]
        return captioned(image, lines, bar)

    def _bar(self, width: int) -> Image.Image | None:
        # CAMshow scales twice, so no number belongs to one of its colours.
        return None if self.look == "camshow" else colorbar(self.range, self.colormap, width)
