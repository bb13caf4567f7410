"""What an audit finds of an index, as bytes for the page: figures, each label's mean evidence, changed photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cutaway.recipes.audit import audit
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.mosaic import mosaic
from cutaway.view.picture import Picture
from cutaway.web.desk import Desk
from cutaway.web.jpeg import jpeg
from cutaway.web.maps import packed
from cutaway.web.scanned import network_of

__all__ = ["audit_of_an_index"]

_TILE, _ACROSS, _OWN = 112, 6, 12


def audit_of_an_index(desk: Desk, settings: Mapping[str, Any]) -> bytes:
    """Audit an index: its suspects with photos before and after, its labels with their mean evidence, its mistakes.

    Behind the numbers, each label's mean evidence (64 × 64), lies one JPEG: for each suspect a row of its own photos
    without it and a row of others' photos with it.

    Args:
        desk: indexes and networks.
        settings: index, most.
    """
    index = desk.index(str(settings["index"]))
    network = scanned_network(index, network_of(desk, index))
    found = audit(index, network=network, most=int(settings["most"]))
    assert network.preprocessing is not None
    numbers = {index.path(photo): photo for photo in range(len(index))}
    told, tiles = found.told(), []
    suspects = []
    for one in found.suspects:
        taken, given = one.tried.taken, one.tried.given
        rows = []
        for trial in (taken, given):
            shown = list(network.preprocessing.show(trial.images))
            tiles += shown + [Picture(np.full((1, 1, 3), 255, np.uint8))] * (_ACROSS - len(shown))
            rows.append(
                [[found.names[a], found.names[b]] for a, b in zip(trial.before, trial.after, strict=True)][
                    : len(shown)
                ]
            )
        suspects.append(
            one.told()
            | {"what": one.what, "photos": list(taken.photos[:_OWN]), "taken": rows[0], "given": rows[1]}
        )
    head = told | {
        "title": found.title,
        "suspects": suspects,
        "mistakes": [
            {"photo": numbers[one.path], "label": one.label, "decided": one.decided} for one in found.mistakes
        ],
        "shape": [len(found.labels), *found.labels[0].evidence.shape],
        "tile": _TILE,
        "across": _ACROSS,
        "code": f"import cutaway\n\n{found.provenance['code']}.show()",
        "words": found.caption,
    }
    return packed(head, np.stack([one.evidence for one in found.labels])) + _sheet(tiles)


def _sheet(tiles: list[Picture]) -> bytes:
    if not tiles:
        return b""
    return jpeg(mosaic(tiles, _ACROSS, _TILE, gap=0))
