"""A section of a report."""

from __future__ import annotations

from dataclasses import dataclass

from cutaway.view.viewable import Viewable

__all__ = ["Section"]


@dataclass(frozen=True)
class Section:
    """Results under one heading.

    Args:
        name: one word, by which links find it.
        title: the heading.
        lead: what to know first, in a few sentences.
        facts: names with their values.
        results: drawn one after the other.
    """

    name: str
    title: str
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    results: tuple[Viewable, ...] = ()
