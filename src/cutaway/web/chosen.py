"""What some photos of an index have in common that the rest have not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.contrast import contrast
from cutaway.errors import BadImage, BadSetting
from cutaway.network.head import LOGITS
from cutaway.network.network import Network
from cutaway.recipes.origin import spelled
from cutaway.recipes.patches import patch, patches
from cutaway.view.mosaic import mosaic
from cutaway.web.jpeg import jpeg

__all__ = ["chosen", "strongest_patches"]

_TILE, _ACROSS = 96, 4


def chosen(
    index: ActivationIndex, network: Network | None, layer: str, photos: Sequence[int]
) -> dict[str, Any]:
    """Count some photos by label and by the network's answer, and find the channels that tell them from the rest.

    Args:
        index: of the photos.
        network: of the index, where it is open: it names classes.
        layer: of the channels.
        photos: their numbers.
    """
    name = index.layer(layer)
    mask = np.zeros(len(index), bool)
    mask[[index.photo(photo) for photo in photos]] = True
    mask &= index.present
    numbers = np.flatnonzero(mask).tolist()
    own = Counter(index.labels[photo] for photo in numbers)
    every = Counter(index.labels[photo] for photo in np.flatnonzero(index.present).tolist())
    found = contrast(index.maxima(name), mask)
    folder = repr(str(index.folder))
    told: dict[str, Any] = {
        "photos": len(numbers),
        "labels": [
            {"label": label, "chosen": count, "all": every[label]}
            for label, count in sorted(own.items(), key=lambda one: (-one[1], one[0] or ""))
        ],
        "channels": [
            {
                "channel": one.channel,
                "name": network.class_name(one.channel) if network is not None and name == LOGITS else None,
                "inside": one.inside,
                "outside": one.outside,
                "auc": one.auc,
            }
            for one in found
        ],
        "answers": _answers(index, network, mask),
        "code": f"import cutaway\n\nindex = cutaway.open_index({folder})\nphotos = [index.path(k) for k in {numbers}]",
    }
    if found:
        code = spelled(patches, folder, repr(name), channels=[one.channel for one in found])
        told["channels_code"] = f"import cutaway\n\n{code}.show()"
    return told


def strongest_patches(index: ActivationIndex, layer: str, channel: int) -> bytes:
    """Give the patches that excite a channel most as one JPEG; those whose photos can be read."""
    rows = index.top(index.layer(layer), channel, min(_ACROSS, index.kept))
    cut = []
    for row in rows:
        try:
            cut.append(patch(row, _TILE))
        except (BadImage, BadSetting):  # the photo has gone, or is another now
            continue
    if not cut:
        raise BadImage(str(index.root), "none of the photos of these patches can be read")
    return jpeg(mosaic(cut, _ACROSS, _TILE))


def _answers(index: ActivationIndex, network: Network | None, mask: np.ndarray) -> list[dict[str, Any]]:
    if LOGITS not in index.layers or not mask.any():
        return []
    best = Counter(index.means(LOGITS)[mask].argmax(1).tolist())
    named = network.class_name if network is not None else str
    return [{"label": named(k), "index": k, "chosen": count} for k, count in best.most_common(6)]
