"""A report: sections of results in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, final

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.album import Album
from cutaway.view.report_page import report_page, together
from cutaway.view.section import Section
from cutaway.view.table import Table
from cutaway.view.viewable import Viewable

__all__ = ["Report"]


@final
@dataclass(frozen=True, eq=False)
class Report(Viewable):
    """Sections of results; saved as .html it is one file with contents, anchors and manifest.

    Args:
        title: of the whole.
        lead: what to know first, in a sentence or two.
        sections: in order.
        left_out: the titles of sections that could not be made, each with the reason.
        megabytes: the most that the page may take; pictures are written smaller until it fits.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for a report without a section.

    >>> one = Section("one", "One", results=(Table(("layer",), (("conv1",),)),))
    >>> Report("A report", "Short.", (one,))["one"].results[0].rows
    (('conv1',),)
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    megabytes: float = 10.0
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.sections:
            raise BadSetting("a report needs at least one section")

    def __repr__(self) -> str:
        return f"Report({self.title}: {', '.join(one.name for one in self.sections)})"

    def __getitem__(self, name: str) -> Section:
        for one in self.sections:
            if one.name == name:
                return one
        raise KeyError(
            f"the report has no section {name!r}; it has {', '.join(o.name for o in self.sections)}"
        )

    @property
    def caption(self) -> str:  # type: ignore[override]
        """Its title."""
        return self.title

    @property
    def values(self) -> np.ndarray:
        """A 1-D array that holds each section's raw numbers, results one after the other."""
        return self._album().values

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sections."""
        return tuple(one.name for one in self.sections)

    @property
    def missing(self) -> dict[str, str]:
        """What is left out: titles with one reason together, as a sentence, with that reason."""
        return together(self.left_out)

    def arrays(self) -> dict[str, np.ndarray]:
        """Each result's raw numbers as saved."""
        return self._album().arrays()

    def to_image(self) -> Image.Image:
        """Draw all sections one below the other."""
        return self._album().to_image()

    def to_page(self) -> bytes:
        """Make the page, as it is saved.

        Raises:
            BadSetting: where it cannot be made as small as `megabytes`.
        """
        budget = round(self.megabytes * 1e6)
        return report_page(self.title, self.lead, self.sections, self.left_out, self.provenance, budget)

    def _html(self, level: int) -> str:
        """Put the whole page into a frame: its style is its own."""
        held = escape(self.to_page().decode())
        return f'<iframe title="{escape(self.title)}" srcdoc="{held}" style="{_FRAME}"></iframe>'

    def _encoded(self, suffix: str) -> bytes:
        return self.to_page() if suffix == ".html" else super()._encoded(suffix)

    def _album(self) -> Album:
        pages: list[Viewable] = []
        for one in self.sections:
            facts = (Table(("", " "), one.facts),) if one.facts else ()
            if held := (*facts, *one.results):
                pages.append(Album(held, title=one.title, lead=one.lead))
        return Album(tuple(pages), title=self.title, lead=self.lead)


_FRAME = "width:100%;height:85vh;border:1px solid #8884;border-radius:4px"
