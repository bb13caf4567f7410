"""What an audit found, and how it is drawn and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from cutaway.recipes.patterns import Pattern
from cutaway.recipes.suspects import Suspect
from cutaway.view.album import Album
from cutaway.view.viewable import Viewable

__all__ = ["Audit", "AuditedLabel", "Mistake"]


@dataclass(frozen=True)
class AuditedLabel:
    """What was found of one label.

    Args:
        label: its name.
        photos: that were looked at.
        right: share of them that were decided right, 0..1.
        outside: mean share of the evidence that lies outside the object, 0..1; NaN where no object was found.
        area: mean share of the image that lies outside the object, for comparison.
        evidence: the mean map over 64 × 64 parts of the image, each photo's adding up to 1.
        patterns: the pieces of evidence that are alike.
    """

    label: str
    photos: int
    right: float
    outside: float
    area: float
    evidence: Float[np.ndarray, "64 64"] = field(repr=False)
    patterns: tuple[Pattern, ...] = field(repr=False)

    def told(self) -> dict[str, object]:
        """Write it for a machine."""
        outside, area = (None if np.isnan(value) else value for value in (self.outside, self.area))
        figures = {"evidence_outside": outside, "image_outside": area}
        told = {"label": self.label, "photos": self.photos, "right": self.right} | figures
        return told | {"patterns": [pattern.told() for pattern in self.patterns]}


@dataclass(frozen=True)
class Mistake:
    """A photo that was decided wrong.

    Args:
        path: of the photo.
        label: that it has.
        decided: the label that was decided on.
    """

    path: Path
    label: str
    decided: str


@dataclass(frozen=True)
class Audit(Viewable):
    """A report on a data set, the strongest suspect first.

    Args:
        suspects: what labels seem to be told by that is not the object.
        labels: what was found of each.
        mistakes: the photos that were decided wrong.
        report: the drawing.
    """

    suspects: tuple[Suspect, ...]
    labels: tuple[AuditedLabel, ...]
    mistakes: tuple[Mistake, ...]
    report: Album = field(repr=False)
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """Of the report."""
        return self.report.title

    @property
    def values(self) -> np.ndarray:
        """Of each label: the share decided right, of evidence outside the object, of the image outside it."""
        return np.array([(one.right, one.outside, one.area) for one in self.labels])

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(one.label for one in self.labels)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The kinds of file that it can be saved as."""
        return (*super().suffixes, ".json")

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the figures, the labels, and each label's mean evidence."""
        return {**super().arrays(), "evidence": np.stack([one.evidence for one in self.labels])}

    def told(self) -> dict[str, object]:
        """Write it for a machine: suspects, labels and mistakes with their figures."""
        return {
            "suspects": [one.told() for one in self.suspects],
            "labels": [one.told() for one in self.labels],
            "mistakes": [
                {"path": str(one.path), "label": one.label, "decided": one.decided} for one in self.mistakes
            ],
        }

    def to_image(self) -> Image.Image:
        """Draw the report as one picture."""
        return self.report.with_provenance(**self.provenance).to_image()

    def _html(self, level: int) -> str:
        return self.report._html(level)

    def _encoded(self, suffix: str) -> bytes:
        if suffix == ".json":
            return (json.dumps(self.told(), ensure_ascii=False, indent=2) + "\n").encode()
        return super()._encoded(suffix)
