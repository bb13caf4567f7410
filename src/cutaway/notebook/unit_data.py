"""What a browser of units shows of an index, as values that a page can take."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

import numpy as np
from PIL import Image

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.purity import silent
from cutaway.dataset.row import Row
from cutaway.errors import BadImage, BadSetting, CutawayError
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.patches import USUAL, patch
from cutaway.view.scale import number

__all__ = ["SORTS", "UnitData"]

SORTS = ("channel", "strongest", "rarest")
_THUMB, _PATCH = 64, 132


class UnitData:
    """The layers, thumbnails, patches and filter images of an index.

    Args:
        index: of a scan.
        folder: of filters.
    """

    def __init__(self, index: ActivationIndex, folder: FilterFolder | None = None) -> None:
        self.index, self._folder = index, folder
        self._thumb = lru_cache(maxsize=4096)(self._thumbnail)

    def layers(self) -> list[dict[str, object]]:
        """List the layers with how many channels each has."""
        return [{"name": name, "channels": self.index.channels(name)} for name in self.index.layers]

    def order(self, layer: str, sort: str) -> list[int]:
        """List the channels of a layer in an order of `SORTS`.

        Raises:
            BadSetting: for another order.
        """
        maxima = self.index.maxima(layer)[self.index.present]
        if sort == "channel":
            return list(range(maxima.shape[1]))
        if sort == "strongest":
            return [int(k) for k in np.argsort(-maxima.max(0), kind="stable")]
        if sort == "rarest":
            quiet = np.array([silent(maxima[:, k]).mean() for k in range(maxima.shape[1])])
            return [int(k) for k in np.argsort(-quiet, kind="stable")]
        raise BadSetting(f"sort must be one of {', '.join(SORTS)}, got {sort!r}")

    def thumbs(self, layer: str, channels: list[int]) -> list[dict[str, object]]:
        """Give the strongest patch of each channel."""
        return [{"channel": channel, **self._thumb(layer, channel)} for channel in channels]

    def patches(self, layer: str, channel: int) -> list[dict[str, object]]:
        """Give the strongest patches of a channel, each with its value, label and photo."""
        count = min(USUAL, self.index.kept, int(self.index.present.sum()))
        rows = self.index.top(layer, channel, count)
        return [
            {"value": number(row.value), "label": row.label or "", "name": row.path.name, **_cut(row, _PATCH)}
            for row in rows
        ]

    def facts(self, layer: str, channel: int) -> str:
        """Say in a line how strong a channel gets, and how often it fires."""
        values = self.index.channel(layer, channel)[self.index.present]
        fires = ~silent(values)
        return (
            f"fires in {int(fires.sum()):,} of {len(values):,} photos · at most {number(float(values.max()))} · "
            f"median {number(float(np.median(values)))}"
        )

    def image(self, layer: str, channel: int) -> dict[str, str]:
        """Give the image that excites a channel most, and what it reaches; of none, why."""
        if self._folder is None:
            return {"picture": "", "words": ""}
        try:
            png = self._folder.png(layer, channel)
            told = self._folder.filter(layer, channel).numbers
        except CutawayError as error:
            return {"picture": "", "words": str(error)}
        most, mean = (number(float(str(told[name]))) for name in ("max", "mean"))
        return {
            "picture": f"data:image/png;base64,{base64.b64encode(png).decode()}",
            "words": f"max {most}, mean {mean}",
        }

    def _thumbnail(self, layer: str, channel: int) -> dict[str, str]:
        return _cut(self.index.top(layer, channel, 1)[0], _THUMB)


def _cut(row: Row, side: int) -> dict[str, str]:
    """A patch as a data URL; where its photo has gone, why."""
    try:
        pixels = patch(row, side, "").pixels
    except BadImage as error:
        return {"picture": "", "missing": str(error)}
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=82)
    return {
        "picture": f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}",
        "missing": "",
    }
