"""Where in the photos of a data set the evidence for their labels lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from cutaway.attribution.attribution import Attribution
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.memory import chunk
from cutaway.network.network import Network
from cutaway.network.place import Place
from cutaway.network.progress import report
from cutaway.recipes.judge import Judge
from cutaway.view.foreground import SIDE, foreground
from cutaway.view.mask import Box, bounding_box, piece_at
from cutaway.view.picture import Picture

__all__ = ["Evidence", "Objects", "Piece", "batches", "gathered", "prepared"]

# A piece of evidence is what reaches half of its peak; further ones are looked for down to this part of the first.
_HALF, _FURTHER, _PIECES = 0.5, 0.4, 3
_BATCH = 32

Objects = Callable[[int, Picture], Bool[np.ndarray, "64 64"] | None]


@dataclass(frozen=True)
class Piece:
    """One place of evidence in a photo.

    Args:
        box: in pixels of the image, (top, left, bottom, right).
        outside: share of it that lies outside the object, 0..1; NaN where none was found.
        column: what the network says at its peak.
    """

    box: Box
    outside: float
    column: Float[np.ndarray, " c"]


@dataclass(frozen=True)
class Evidence:
    """What speaks for a photo's label, and where.

    Args:
        photo: its number in the index.
        label: its place among the labels.
        decided: the label that was decided on.
        fold: of photos that are judged by one rule; see `Judge`.
        values: the evidence, raw, at its own resolution.
        seen: its share of each of 64 × 64 parts of the image, adding up to 1; none where nothing speaks for the label.
        object: the object's mask on the same parts; None where none was found.
        outside: share of the evidence that lies outside the object, 0..1; NaN where there is none.
        pieces: strongest first.
        pixels: the image on the same parts.
    """

    photo: int
    label: int
    decided: int
    fold: int
    values: Float[np.ndarray, "rows columns"]
    seen: Float[np.ndarray, "64 64"] | None
    object: Bool[np.ndarray, "64 64"] | None
    outside: float
    pieces: tuple[Piece, ...]
    pixels: UInt8[np.ndarray, "64 64 3"]


def prepared(network: Network, index: ActivationIndex, photos: Sequence[int]) -> Float[Tensor, "n c h w"]:
    """Read photos of an index as the network takes them."""
    return torch.cat([network.prepare(index.path(photo)).as_subclass(Tensor) for photo in photos])


def gathered(
    judge: Judge, index: ActivationIndex, photos: Sequence[int], objects: Objects | None = None
) -> tuple[list[Evidence], Attribution]:
    """Find the evidence for each photo's label.

    Args:
        judge: that decides.
        index: of the photos.
        photos: all with labels that the judge knows.
        objects: gives a photo's object, from its number and the image; by default it is guessed.

    Returns:
        The evidence, and the method by which it was found.
    """
    find = objects or (lambda _, picture: foreground(picture))
    assert judge.network.preprocessing is not None
    found: list[Evidence] = []
    method: Attribution | None = None
    folds = dict(zip(photos, judge.folds(len(photos)), strict=True))
    for ids, images in batches(judge.network, index, photos):
        labels = [judge.labels.index(str(index.labels[photo])) for photo in ids]
        decided = judge.decided(images, [folds[photo] for photo in ids])
        maps, lattice, method = judge.evidence(images, labels)
        columns = judge.columns(images, method)
        shown = judge.network.preprocessing.show(images)
        h, w = images.shape[2:]
        placement = Place.itself((h, w)).placement(lattice).scaled((SIDE / h, SIDE / w))
        grow = (round(placement.step[0] / 2), round(placement.step[1] / 2))
        for k, photo in enumerate(ids):
            values = maps[k].cpu().numpy()
            mask = find(photo, shown[k])
            pixels = shown[k].resized((SIDE, SIDE)).pixels
            one = Evidence(
                photo, labels[k], int(decided[k]), folds[photo], values, None, mask, np.nan, (), pixels
            )
            large = placement.resample(values.clip(0), (SIDE, SIDE))
            if large.sum() > 0:
                reach = None if mask is None else _grown(mask, grow)
                pieces = _pieces(large, reach, columns[k].cpu().numpy(), placement.start, placement.step)
                seen = large / large.sum()
                outside = np.nan if reach is None else float(seen[~reach].sum())
                one = replace(
                    one,
                    seen=seen,
                    outside=outside,
                    pieces=tuple(replace(p, box=_scaled(p.box, (h, w))) for p in pieces),
                )
            found.append(one)
        report("evidence", len(found), len(photos))
    assert method is not None
    return found, method


def _pieces(
    large: Float[np.ndarray, "64 64"],
    reach: Bool[np.ndarray, "64 64"] | None,
    columns: Float[np.ndarray, "c rows columns"],
    start: tuple[float, float],
    step: tuple[float, float],
) -> Iterator[Piece]:
    left = large.copy()
    first = float(left.max())
    for _ in range(_PIECES):
        peak = float(left.max())
        if peak < _FURTHER * first or peak <= 0:
            return
        y, x = np.unravel_index(int(left.argmax()), left.shape)
        mask = piece_at(left >= _HALF * peak, int(y), int(x))
        box = bounding_box(mask)
        assert box is not None
        cell = [
            int(np.clip(round((at + 0.5 - begin) / one), 0, most - 1))
            for at, begin, one, most in zip((y, x), start, step, columns.shape[1:], strict=True)
        ]
        outside = np.nan if reach is None else float((mask & ~reach).sum() / mask.sum())
        yield Piece(box, outside, columns[:, cell[0], cell[1]].copy())
        left[box[0] : box[2], box[1] : box[3]] = 0


def batches(
    network: Network, index: ActivationIndex, photos: Sequence[int]
) -> Iterator[tuple[list[int], Float[Tensor, "n c h w"]]]:
    """Read photos of an index as the network takes them, as many at once as fit."""
    first = prepared(network, index, photos[:1])
    size = min(_BATCH, chunk(network, first))
    for start in range(0, len(photos), size):
        ids = list(photos[start : start + size])
        yield ids, prepared(network, index, ids)


def _grown(mask: Bool[np.ndarray, "h w"], by: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Let a mask reach further, so that what lies at the object's edge counts as the object."""
    grown = mask.copy()
    for axis, far in enumerate(by):
        once = grown.copy()
        for k in range(1, far + 1):
            for shift in (-k, k):
                moved = np.roll(once, shift, axis)
                edge = [slice(None), slice(None)]
                edge[axis] = slice(0, shift) if shift > 0 else slice(shift, None)
                moved[tuple(edge)] = False
                grown |= moved
    return grown


def _scaled(box: Box, size: tuple[int, int]) -> Box:
    h, w = size
    top, left, bottom, right = box
    return (
        round(top * h / SIDE),
        round(left * w / SIDE),
        max(round(top * h / SIDE) + 1, round(bottom * h / SIDE)),
        max(round(left * w / SIDE) + 1, round(right * w / SIDE)),
    )
