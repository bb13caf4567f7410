"""The units of one layer, projected back to a photo's pixels, as tiles and as figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.attribution.projection import Projection
from cutaway.attribution.proof import Proof
from cutaway.network.network import Network
from cutaway.network.place import Images
from cutaway.recipes.colours import in_rgb
from cutaway.recipes.on_photo import titled
from cutaway.view.grid import Grid
from cutaway.view.outline import outlined
from cutaway.view.picture import Picture
from cutaway.view.projection import projection
from cutaway.view.viewable import Viewable

__all__ = ["ProjectedUnits"]

# Tiles of patches are about this large.
TILE = 160
# More boxes than these would hide the photo.
OUTLINED = 16


@dataclass(frozen=True)
class ProjectedUnits:
    """The units of one layer, projected, ready to draw."""

    network: Network
    photo: Picture
    images: Images
    found: Sequence[Projection]
    proofs: Sequence[Proof]

    def each(self) -> list[tuple[Viewable | None, ...]]:
        """Three units a row: the patch that a unit sees, and its projection."""
        cells: list[Viewable] = []
        for one, proof in zip(self.found, self.proofs, strict=True):
            box = self._box(one)
            h, w = box[2] - box[0], box[3] - box[1]
            zoom = TILE / max(h, w)
            size = (max(1, round(h * zoom)), max(1, round(w * zoom)))
            patch = self.photo.cropped(box).resized(size)
            values = self._colours(self._seen(one))
            drawn = projection(values, str(proof)).resized(size)
            cells += [replace(patch, caption=self._name(one)), replace(drawn, raw=values)]
        sheet = Grid(tuple(tuple(cells[i : i + 6]) for i in range(0, len(cells), 6)))
        return [(self._where(),), (sheet,)]

    def together(self, how: str) -> Picture:
        """All projections in one picture of the photo's size."""
        canvas = torch.zeros(self.images.shape[1:], dtype=self.found[0].values.dtype)
        for one in self.found:
            top, left, bottom, right = one.box
            here, signal = canvas[:, top:bottom, left:right], one.values.cpu()
            if how == "sum":
                here += signal
            else:
                stronger = signal.abs().sum(0) > here.abs().sum(0)
                here[:] = torch.where(stronger, signal, here)
        values = self._colours(canvas)
        names = ", ".join(f"{one.unit.channel}" for one in self.found[:9]) + (
            ", …" if len(self.found) > 9 else ""
        )
        many = "sum" if how == "sum" else "overlay"
        caption = f"{self.found[0].unit.layer}: {many} of {len(self.found)} units\nchannels {names}"
        drawn = projection(values, caption).resized(self._size())
        return replace(drawn, raw=values)

    def told(self) -> list[dict[str, object]]:
        """Each unit in numbers."""
        return [
            {
                "layer": one.unit.layer,
                "channel": one.unit.channel,
                "y": one.unit.y,
                "x": one.unit.x,
                "activation": one.activation,
                "box": self._box(one),
                "fall_shown": proof.shown,
                "fall_others": proof.others,
            }
            for one, proof in zip(self.found, self.proofs, strict=True)
        ]

    def _where(self) -> Picture:
        """The photo with every unit's field outlined."""
        photo = titled(self.photo)
        if len(self.found) > OUTLINED:
            return photo
        boxes = {self._box(one): f"{one.unit.channel}" for one in reversed(self.found)}
        return outlined(photo, boxes, f"{photo.caption}, with the field of each unit")

    def _size(self) -> tuple[int, int]:
        top, left, bottom, right = self.images.places[0].window
        return max(1, round(bottom - top)), max(1, round(right - left))

    def _field(self, one: Projection) -> tuple[int, int, int, int]:
        """The pixels of the image that the unit sees."""
        field = self.network.find(one.unit.layer, self.network.trace(self.images)).sight.field
        if field is None or one.unit.y is None or one.unit.x is None or field.whole_image:
            return one.box
        return field.box(one.unit.y, one.unit.x)

    def _seen(self, one: Projection) -> Float[Tensor, "c h w"]:
        """The projection inside the unit's field."""
        (top, left, bottom, right), (above, before, *_) = self._field(one), one.box
        return one.values[:, top - above : bottom - above, left - before : right - before]

    def _box(self, one: Projection) -> tuple[int, int, int, int]:
        """The unit's field in the photo, in whole pixels."""
        return self.images.places[0].box(self._field(one))

    def _colours(self, values: Float[Tensor, "c h w"]) -> Float[np.ndarray, "h w c"]:
        return in_rgb(self.network, values.float().cpu().numpy().transpose(1, 2, 0), 2)

    def _name(self, one: Projection) -> str:
        place = "" if one.unit.y is None else f" at ({one.unit.y}, {one.unit.x})"
        return f"{one.unit.layer}:{one.unit.channel}{place}\nactivation {one.activation:.3g}"
