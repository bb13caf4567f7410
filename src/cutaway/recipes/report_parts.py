"""The parts of a report, made one after the other; what cannot be made is told, not raised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cutaway.errors import BadSetting, CutawayError, closest
from cutaway.network.progress import portion
from cutaway.view.section import Section
from cutaway.view.viewable import Viewable

__all__ = ["Made", "Part", "chosen_parts", "made_parts"]

STOPPED = "stopped before it was made"


class Part(NamedTuple):
    """A section to be made.

    Args:
        name: one word, by which a person chooses it.
        title: the heading.
        make: gives lead, facts and results; raises a CutawayError where there is nothing to make it of.
    """

    name: str
    title: str
    make: Callable[[], Section]


class Made(NamedTuple):
    """What became of the parts.

    Args:
        sections: that were made.
        left_out: the titles of the others, each with the reason.
        stopped: whether a person stopped it; the sections are those made until then.
    """

    sections: tuple[Section, ...]
    left_out: tuple[tuple[str, str], ...]
    stopped: bool


def chosen_parts(parts: Sequence[Part], wanted: Sequence[str] | None) -> list[Part]:
    """Choose parts by their names, in the report's order; all where nobody names any.

    Raises:
        BadSetting: for a name that is none of theirs.

    >>> parts = [Part("one", "One", lambda: Section("one", "One"))]
    >>> chosen_parts(parts, ["on"])
    Traceback (most recent call last):
    cutaway.errors.BadSetting: this report has sections one, got 'on'. Closest: one
    """
    if wanted is None:
        return list(parts)
    if isinstance(wanted, str):
        wanted = [wanted]
    names = [part.name for part in parts]
    if not wanted:
        raise BadSetting(f"sections needs at least one of {', '.join(names)}, got none")
    for name in wanted:
        if name not in names:
            near = closest(name, names)
            more = f". Closest: {', '.join(near)}" if near else ""
            raise BadSetting(f"this report has sections {', '.join(names)}, got {name!r}{more}")
    return [part for part in parts if part.name in wanted]


def made_parts(parts: Sequence[Part]) -> Made:
    """Make the parts one after the other. Ctrl-C keeps those that are there.

    Raises:
        CutawayError: the first reason, where not one could be made.

    >>> def fails() -> Section:
    ...     raise BadSetting("there is nothing")
    >>> done = made_parts([Part("one", "One", lambda: Section("one", "One")), Part("two", "Two", fails)])
    >>> [section.name for section in done.sections], done.left_out
    (['one'], (('Two', 'there is nothing'),))
    """
    sections: list[Section] = []
    left_out: list[tuple[str, str]] = []
    first: CutawayError | None = None
    stopped = False
    for place, part in enumerate(parts):
        if stopped:
            left_out.append((part.title, STOPPED))
            continue
        try:
            with portion(place, place + 1, len(parts)):
                section = part.make()
        except CutawayError as error:
            first = first or error
            left_out.append((part.title, str(error)))
            continue
        except KeyboardInterrupt:
            if not sections:
                raise
            stopped = True
            left_out.append((part.title, STOPPED))
            continue
        sections.append(section)
        # A recipe that was stopped gave what it had, and said so.
        stopped = any(_stopped(result) for result in section.results)
    if not sections and first is not None:
        raise first
    return Made(tuple(sections), tuple(left_out), stopped)


def _stopped(result: Viewable) -> bool:
    return result.provenance.get("stopped") is True
