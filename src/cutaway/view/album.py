"""Several sheets under one title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, final

import numpy as np
from PIL import Image, ImageDraw

from cutaway.errors import BadSetting
from cutaway.view.page import heading
from cutaway.view.sheet import GAP, MARGIN, MEASURE
from cutaway.view.text import HAIR, PAPER, draw_text, line_height, wrapped
from cutaway.view.viewable import Viewable

__all__ = ["Album"]

# Pillow and most viewers refuse pictures that are taller.
TALLEST = 60_000
TITLE, LEAD = 28, 16


@final
@dataclass(frozen=True, eq=False)
class Album(Viewable):
    """Several results in order; as a picture one below the other, as a page one after the other.

    Args:
        pages: the results.
        title: of the whole.
        caption: below.
        provenance: what it takes to make it again.
        lead: what to know first, in a sentence or two below the title.

    Raises:
        BadSetting: for an album without a page, or one too tall for a picture.

    >>> from cutaway.view.heatmap import Heatmap
    >>> Album((Heatmap(np.ones((2, 2))), Heatmap(np.ones((3, 3)))), title="two").arrays().keys()
    dict_keys(['page_0', 'page_1', 'names'])
    """

    pages: tuple[Viewable, ...]
    title: str = ""
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)
    lead: str = ""

    def __post_init__(self) -> None:
        if not self.pages:
            raise BadSetting("an Album needs at least one page")

    @property
    def values(self) -> np.ndarray:
        """A 1-D array that holds each page's raw numbers."""
        held = np.empty(len(self.pages), object)
        for place, page in enumerate(self.pages):
            held[place] = page.values
        return held

    @property
    def names(self) -> tuple[str, ...]:
        """One name per page: its title."""
        return tuple(getattr(page, "title", "") or page.caption for page in self.pages)

    def arrays(self) -> dict[str, np.ndarray]:
        """Each page's raw numbers as saved: `page_0`, `page_1`, … and the pages' `names`."""
        arrays: dict[str, np.ndarray] = {}
        for place, page in enumerate(self.pages):
            own = {name: array for name, array in page.arrays().items() if name != "names"}
            for name, array in own.items():
                rest = name.removeprefix("values").lstrip("_")
                arrays[f"page_{place}_{rest}" if rest else f"page_{place}"] = array
        return arrays | {"names": np.array(self.names)}

    def to_image(self) -> Image.Image:
        """Draw the pages one below the other, under the title."""
        images = [page.to_image() for page in self.pages]
        if self.title:
            images.insert(0, _band(self.title, self.lead, max(image.width for image in images)))
        height = sum(image.height for image in images)
        if height > TALLEST:
            raise BadSetting(
                f"{len(self.pages)} pages make a picture {height} pixels tall, more than {TALLEST}. "
                "Save as .html, or choose fewer layers"
            )
        sheet = Image.new("RGB", (max(image.width for image in images), height), PAPER)
        top = 0
        for image in images:
            sheet.paste(image, (0, top))
            top += image.height
        return sheet

    def _html(self, level: int) -> str:
        """Draw the pages one after the other."""
        pages = "".join(page._html(min(level + 1, 6)) for page in self.pages)
        lead = f'<p class="lead">{escape(self.lead)}</p>' if self.lead else ""
        return (
            heading(self.title, level)
            + lead
            + pages
            + (f"<p>{escape(self.caption)}</p>" if self.caption else "")
        )


def _band(title: str, lead: str, width: int) -> Image.Image:
    """The title of the whole, and what to know first, above a thin line."""
    heads = wrapped(title, TITLE, width - 2 * MARGIN, strong=True)
    words = wrapped(lead, LEAD, min(width - 2 * MARGIN, MEASURE)) if lead else []
    below = MARGIN + len(heads) * line_height(TITLE)
    image = Image.new("RGB", (width, below + len(words) * line_height(LEAD) + GAP), PAPER)
    draw = ImageDraw.Draw(image)
    for n, line in enumerate(heads):
        draw_text(draw, (MARGIN, MARGIN - 4 + n * line_height(TITLE)), line, TITLE, strong=True)
    for n, line in enumerate(words):
        draw_text(draw, (MARGIN, below + n * line_height(LEAD)), line, LEAD)
    draw.line((MARGIN, image.height - 1, width - MARGIN - 1, image.height - 1), HAIR)
    return image
