"""Several sheets under one title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, final

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.text import PAPER
from cutaway.view.viewable import Viewable

__all__ = ["Album"]

# Pillow and most viewers refuse pictures that are taller.
TALLEST = 60_000


@final
@dataclass(frozen=True, eq=False)
class Album(Viewable):
    """Several results in order; as a picture one below the other, as a page one after the other.

    Args:
        pages: the results.
        title: of the whole.
        caption: below.
        provenance: what it takes to make it again.

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
            arrays |= {f"page_{place}" + name.removeprefix("values"): array for name, array in own.items()}
        return arrays | {"names": np.array(self.names)}

    def to_image(self) -> Image.Image:
        """Draw the pages one below the other."""
        images = [page.to_image() for page in self.pages]
        height = sum(image.height for image in images)
        if height > TALLEST:
            raise BadSetting(
                f"{len(images)} pages make a picture {height} pixels tall, more than {TALLEST}. "
                "Save as .html, or choose fewer layers"
            )
        sheet = Image.new("RGB", (max(image.width for image in images), height), PAPER)
        top = 0
        for image in images:
            sheet.paste(image, (0, top))
            top += image.height
        return sheet

    def to_html(self) -> str:
        """Draw the pages one after the other."""
        head = f"<h1>{escape(self.title)}</h1>" if self.title else ""
        return head + "".join(page.to_html() for page in self.pages)
