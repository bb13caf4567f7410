"""Names with a bar and a figure each: the classes of a photo, the labels of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, final

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting
from cutaway.view.bars import bars
from cutaway.view.sheet import captioned
from cutaway.view.viewable import Viewable

__all__ = ["Shares"]

_BAR = (
    "display:block;height:12px;margin:6px 0;min-width:1px;border-radius:2px;background:#3b7ea1;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact"
)


@final
@dataclass(frozen=True, eq=False)
class Shares(Viewable):
    """Numbers of zero and above, each with its name, as bars from one line.

    Args:
        held: the numbers by their names, from above.
        words: how each is written, as "98.9 %"; the number itself by default.
        most: what a full bar stands for; the largest number by default.
        caption: below.
        provenance: what it takes to make it again.

    Raises:
        BadSetting: for no number, or one below zero.

    >>> Shares({"cat": 0.75, "dog": 0.25}, most=1.0).values
    array([0.75, 0.25])
    """

    held: Mapping[str, float]
    words: tuple[str, ...] = ()
    most: float | None = None
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.held or not min(self.held.values()) >= 0:
            raise BadSetting(f"bars need numbers of zero and above, got {dict(self.held)}")

    @property
    def values(self) -> np.ndarray:
        """The numbers."""
        return np.array(list(self.held.values()), np.float64)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the numbers."""
        return tuple(self.held)

    def to_image(self) -> Image.Image:
        """Draw the bars."""
        drawn = bars(self.held, {}, width=640, high=self._most())
        return captioned(
            Image.fromarray(drawn.pixels), [line for line in self.caption.split("\n") if line], None
        )

    def _html(self, level: int) -> str:
        words = self.words or tuple(f"{value:.4g}" for value in self.held.values())
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td class="track" style="width:99%">'
            f'<i style="{_BAR};width:{self._share(value)}"></i></td><td class="number">{escape(told)}</td></tr>'
            for (name, value), told in zip(self.held.items(), words, strict=True)
        )
        below = f'<p class="below">{escape(self.caption)}</p>' if self.caption else ""
        return f'<table class="shares"><tbody>{rows}</tbody></table>{below}'

    def _share(self, value: float) -> str:
        return f"{100 * min(1.0, value / self._most()):.2f}%"

    def _most(self) -> float:
        return self.most or float(max(self.held.values())) or 1.0
