"""A report made as a job: one page, one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutaway.errors import BadSetting
from cutaway.recipes.report import report
from cutaway.web.desk import Desk
from cutaway.web.run import Run

__all__ = ["page_of_a_report"]


def page_of_a_report(desk: Desk, settings: Mapping[str, Any], run: Run) -> bytes:
    """Make the page of a photo, a network or a data set, as `cutaway.report` does.

    Args:
        desk: networks, indexes and photos.
        settings: of, model, photo, index, sections, megabytes.
        run: of this job; it shows nothing.
    """
    of, index = settings["of"], settings.get("index")
    network = None if of == "data" else desk.opened(settings["model"]).network
    photo = settings.get("photo")
    if of == "photo" and photo is None:
        raise BadSetting("a report of a photo needs the photo")
    made = report(
        network,
        desk.photos.read(photo) if of == "photo" and photo is not None else None,
        index=None if index is None else desk.index(index).folder,
        of=of,
        sections=settings.get("sections"),
        megabytes=settings["megabytes"],
    )
    return made.to_page()
