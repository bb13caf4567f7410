"""What an open index knows of a unit: its strongest places, how it spreads over the photos, what it fires for."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.row import Row
from cutaway.recipes.channel_figures import ChannelFigures
from cutaway.recipes.origin import spelled
from cutaway.recipes.patches import USUAL, photo_of
from cutaway.recipes.unit import unit_page
from cutaway.web.jpeg import jpeg

__all__ = ["PATCH_SIDE", "patch_picture", "unit_data"]

PATCH_SIDE = 200
_BINS, _LABELS, _ALIKE = 32, 6, 6


def unit_data(index: ActivationIndex, layer: str, unit: int) -> dict[str, Any]:
    """Tell what the photos of an index say of a unit.

    Args:
        index: that kept the layer.
        layer: by any of its names.
        unit: the channel.

    Raises:
        BadSetting, UnknownLayer: for what is not in the index.
    """
    name = index.layer(layer)
    figures = ChannelFigures(index, name, unit, min(USUAL, index.kept, int(index.present.sum())))
    fires = figures.maxima[index.present & ~figures.quiet].astype(np.float64)
    counts, edges = np.histogram(fires, _BINS) if len(fires) else (np.zeros(0, int), np.zeros(0))
    own = [row.label for row in figures.strongest]
    return {
        "photos": int(index.present.sum()),
        "fires": len(fires),
        "quantiles": figures.quantiles,
        "most": float(fires.max()) if len(fires) else 0.0,
        "counts": counts.tolist(),
        "edges": edges.tolist(),
        "strongest": [_row(index, row) for row in figures.strongest],
        "lowest": [_row(index, row) for row in figures.lowest],
        "labels": [
            {
                "label": one.label,
                "photos": one.photos,
                "own": own.count(one.label),
                "precision": one.average_precision,
                "chance": one.chance,
                "mean": one.mean,
            }
            for one in figures.labels[:_LABELS]
        ],
        "alike": [{"unit": k, "r": r} for k, r in figures.alike[:_ALIKE]],
        "code": f"import cutaway\n\n{spelled(unit_page, repr(str(index.folder)), repr(figures.name))}.show()",
    }


def patch_picture(
    index: ActivationIndex, layer: str, unit: int, rank: int, *, lowest: bool, whole: bool
) -> bytes:
    """Cut one of a unit's places out of its photo, or give the whole photo, small; a JPEG.

    Args:
        index: that kept the layer.
        layer: by any of its names.
        unit: the channel.
        rank: 0 is the strongest, or the lowest.
        lowest: of the photos in which it answers least.
        whole: the photo around it.

    Raises:
        BadImage: where the photo has gone.
        BadSetting, UnknownLayer: for what is not in the index.
    """
    row = index.top(layer, unit, rank + 1, lowest=lowest)[-1]
    picture = photo_of(row.path)
    if not whole:
        picture = picture.cropped(row.box)
    h, w = picture.size
    zoom = PATCH_SIDE / max(h, w) * (2 if whole else 1)
    return jpeg(picture.resized((max(1, round(h * zoom)), max(1, round(w * zoom)))))


def _row(index: ActivationIndex, row: Row) -> dict[str, Any]:
    return {
        "value": row.value,
        "label": row.label or "",
        "name": row.path.name,
        "box": list(row.box),
        "size": list(index.place(row.photo).photo_size),
    }
