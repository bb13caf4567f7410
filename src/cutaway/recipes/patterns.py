"""Which pieces of the evidence are alike, and in how many photos of other labels the like is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutaway.attribution.attribution import Attribution
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.dataset.learning import scikit_learn
from cutaway.recipes.evidence import Evidence, Piece, batches
from cutaway.recipes.judge import Judge

__all__ = ["Pattern", "patterns"]

# Patterns of a label, and the pieces that each needs.
_PATTERNS, _NEEDED = 3, 6
# Of a pattern's own pieces nine of ten count as found by it.
_MISSED = 0.1
# A pattern lies at one place where its pieces are no further from it than this part of the image.
_FIXED = 0.15


@dataclass(frozen=True)
class Pattern:
    """Pieces of evidence for one label that are alike.

    Args:
        label: its place among the labels.
        members: of each: its photo's place among all evidence, and the piece.
        share: of the label's photos that have one.
        elsewhere: share of the photos of other labels in which it is found as strongly.
        outside: mean share of a piece that lies outside the object, 0..1; NaN where no object was found.
        middle: mean of the pieces' middles, (y, x) in 0..1 of the image.
        spread: how far they lie from it, on average, in the same measure.
    """

    label: int
    members: tuple[tuple[int, Piece], ...]
    share: float
    elsewhere: float
    outside: float
    middle: tuple[float, float]
    spread: float

    @property
    def fixed(self) -> bool:
        """Whether it always lies at the same place of the image."""
        return self.spread <= _FIXED

    def told(self) -> dict[str, object]:
        """Write it for a machine."""
        outside = None if np.isnan(self.outside) else self.outside
        figures = {"share": self.share, "elsewhere": self.elsewhere, "outside": outside}
        return figures | {"middle": list(self.middle), "spread": self.spread}


def patterns(
    judge: Judge,
    index: ActivationIndex,
    evidence: Sequence[Evidence],
    method: Attribution,
    seed: int = 0,
) -> list[Pattern]:
    """Gather each label's pieces that are alike, and look for them in the photos of the other labels."""
    learn = scikit_learn()
    everything = np.stack([piece.column for one in evidence for piece in one.pieces])
    mean = everything.mean(0)
    found: list[tuple[Pattern, np.ndarray, float]] = []
    for label in range(len(judge.labels)):
        own = [place for place, one in enumerate(evidence) if one.label == label]
        pieces = [(place, piece) for place in own for piece in evidence[place].pieces]
        if len(pieces) < _NEEDED:
            continue
        columns = np.stack([piece.column for _, piece in pieces]) - mean
        unit = columns / np.maximum(np.linalg.norm(columns, axis=1, keepdims=True), 1e-12)
        count = min(_PATTERNS, len(pieces) // _NEEDED)
        kinds = learn.cluster.KMeans(count, n_init=4, random_state=seed).fit(unit.astype(np.float64)).labels_
        for kind in range(count):
            members = [pieces[k] for k in np.flatnonzero(kinds == kind)]
            middle = columns[kinds == kind].mean(0)
            direction = middle / max(float(np.linalg.norm(middle)), 1e-12)
            level = float(np.quantile(columns[kinds == kind] @ direction, _MISSED))
            found.append((_pattern(label, members, len(own), index.image_size), direction, level))
    elsewhere = np.zeros(len(found))
    others = np.array([sum(one.label != p.label for one in evidence) for p, _, _ in found])
    labels = {one.photo: one.label for one in evidence}
    for ids, images in batches(judge.network, index, [one.photo for one in evidence]):
        columns = judge.columns(images, method).cpu().numpy() - mean[None, :, None, None]
        for k, (pattern, direction, level) in enumerate(found):
            strongest = np.einsum("nchw,c->nhw", columns, direction).max((1, 2))
            foreign = np.array([labels[photo] != pattern.label for photo in ids])
            elsewhere[k] += (strongest[foreign] >= level).sum()
    return [
        replace(pattern, elsewhere=float(count / max(total, 1)))
        for (pattern, _, _), count, total in zip(found, elsewhere, others, strict=True)
    ]


def _pattern(label: int, members: list[tuple[int, Piece]], photos: int, size: tuple[int, int]) -> Pattern:
    middles = np.array(
        [((p.box[0] + p.box[2]) / 2 / size[0], (p.box[1] + p.box[3]) / 2 / size[1]) for _, p in members]
    )
    y, x = np.median(middles, 0)
    apart = np.abs(middles - (y, x))
    if apart.mean() <= _FIXED:  # what lies at one place lies there always; the rest came in by likeness alone
        near = apart.max(1) <= 2 * _FIXED
        members, apart = [m for m, kept in zip(members, near, strict=True) if kept], apart[near]
    known = [piece.outside for _, piece in members if not np.isnan(piece.outside)]
    return Pattern(
        label,
        tuple(members),
        len({place for place, _ in members}) / photos,
        0.0,
        float(np.mean(known)) if known else np.nan,
        (float(y), float(x)),
        float(apart.mean()),
    )
