"""One map: alone, or on its photo at the photo's own size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.camshow import camshow
from cutaway.view.colorbar import colorbar
from cutaway.view.colormap import apply, table
from cutaway.view.hatch import hatch
from cutaway.view.overlay import overlay, unseen
from cutaway.view.page import fragment
from cutaway.view.picture import Picture
from cutaway.view.placement import Placement
from cutaway.view.provenance import png_bytes
from cutaway.view.scale import Range, Scale
from cutaway.view.sheet import captioned
from cutaway.view.viewable import Viewable

__all__ = ["LOOKS", "Heatmap"]

LOOKS = ("overlay", "plain", "camshow")
# About how large a map without photo is drawn, so that its cells can be told apart.
READABLE = 384
# A photo smaller than this is enlarged on a sheet, by a whole number.
TINY = 56


@final
@dataclass(frozen=True, eq=False)
class Heatmap(Viewable):
    """One raw, signed map.

    Args:
        raw: the numbers (h,w); NaN is hatched.
        photo: drawn under it, at its own size.
        placement: where the map's cells lie in the photo; None spreads it evenly.
        colormap: "inferno", "viridis", "gray", "jet" or "diverging" (signed maps: zero is white).
        scale: a Scale or its name, or a Range shared with other maps. "diverging" always takes a symmetric one.
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
    scale: str | Scale | Range = "cell"
    opacity: float = 0.92
    look: str = "overlay"
    caption: str = ""
    colorbar: bool = True
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        told = self.caption.splitlines()[0] if self.caption else ""
        return f"Heatmap({rows} × {columns}{', ' + told if told else ''})"

    def __post_init__(self) -> None:
        if self.raw.ndim != 2 or self.raw.size == 0:
            raise BadSetting(
                f"a Heatmap needs one map (h, w), got {self.raw.shape}. For several: Grid.of_maps"
            )
        if self.look not in LOOKS:
            raise BadSetting(f"look must be one of {', '.join(LOOKS)}, got {self.look!r}")
        if not 0 <= self.opacity <= 1:
            raise BadSetting(f"opacity must lie in 0..1, got {self.opacity}")
        table(self.colormap)
        if not isinstance(self.scale, Range):
            Scale.of(self.scale)

    @property
    def values(self) -> np.ndarray:
        """The raw numbers (h,w), as given."""
        return self.raw

    @property
    def range(self) -> Range:
        """What is drawn dark and what bright."""
        found = self.scale if isinstance(self.scale, Range) else Scale.of(self.scale).fit(self.raw)
        return found.centred() if self.colormap == "diverging" else found

    @property
    def told(self) -> tuple[str, ...]:
        r"""What is written below it, the first line the strongest: its caption and its scale.

        >>> Heatmap(np.array([[0.0, 14.1]]), caption="cat 62.8 %\nCAM · fire9").told
        ('cat 62.8 %', 'CAM · fire9 · cell scale 0 … 14.1')
        """
        lines = [line for line in self.caption.split("\n") if line]
        if self.look == "camshow":  # it scales twice, so no number belongs to one of its colours
            return tuple(lines)
        if len(lines) < 2:
            return (*lines, str(self.range))
        return (*lines[:-1], f"{lines[-1]} · {self.range}")

    def tile(self, *, least: int = 1, most: int | None = None) -> Image.Image:
        """Draw the map without words: at the photo's size, or a pixel per cell where there is no photo.

        Args:
            least: enlarge by a whole number until the longer side has about so many pixels; with a photo, no further
                than a tiny one needs.
            most: shrink map and photo together until the longer side has no more pixels than this.
        """
        if self.photo is None:
            factor = max(1, round(least / max(self.raw.shape)))
            unit = self.range.unit(self.raw).repeat(factor, 0).repeat(factor, 1)
            return Image.fromarray(hatch(apply(unit, self.colormap), np.isnan(unit)))
        h, w = self.photo.size
        placement = self.placement or Placement.stretched((self.raw.shape[0], self.raw.shape[1]), (h, w))
        pixels = self.photo.pixels
        if most is not None and max(h, w) > most:
            pixels = self.photo.fitted(most).pixels
            placement = placement.scaled((pixels.shape[0] / h, pixels.shape[1] / w))
        factor = max(1, round(min(least, TINY) / max(h, w)))
        return Image.fromarray(self._on(pixels, placement).repeat(factor, 0).repeat(factor, 1))

    def to_image(self) -> Image.Image:
        """Draw it with its caption and its colour bar."""
        image = self.tile(least=READABLE)
        return captioned(image, self.told, self.bar(max(image.width, 160)) if self.colorbar else None)

    def bar(self, width: int) -> Image.Image | None:
        """Draw its colours with their numbers, where numbers belong to them."""
        return None if self.look == "camshow" else colorbar(self.range, self.colormap, width)

    def _on(self, pixels: UInt8[np.ndarray, "h w 3"], placement: Placement) -> UInt8[np.ndarray, "h w 3"]:
        size = (pixels.shape[0], pixels.shape[1])
        drawn = placement.resample(self.raw, size)
        rows, columns = placement.seen(size)
        seen = rows[:, None] & columns
        if self.look == "camshow":
            return unseen(camshow(pixels, drawn), pixels, seen)
        unit = self.range.unit(drawn)
        if self.look == "plain":
            plain = hatch(apply(unit, self.colormap), np.isnan(unit))
            return unseen(plain, pixels, seen, pale=self.colormap == "diverging")
        return overlay(pixels, unit, self.colormap, self.opacity, seen)

    def _html(self, level: int) -> str:
        image = captioned(self.tile(least=READABLE), (), self.bar(480) if self.colorbar else None)
        return fragment(png_bytes(image, self.provenance), "\n".join(self.told))
