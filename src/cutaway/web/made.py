"""What a job of the Studio made, as the page shows it: pictures with their captions, in words, and the Python."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cutaway.view.picture import Picture
from cutaway.view.provenance import png_bytes
from cutaway.view.viewable import Viewable
from cutaway.web.run import Run

__all__ = ["Shown", "told"]


@dataclass(frozen=True)
class Shown:
    """One picture of a result.

    Args:
        picture: its pixels.
        caption: below it.
        before: the photo that it was, at the same size: both are then laid over each other.
    """

    picture: Picture
    caption: str = ""
    before: Picture | None = None


def told(
    run: Run,
    result: Viewable,
    shown: Sequence[Shown],
    *,
    given: Sequence[Shown] = (),
    facts: Mapping[str, Any] | None = None,
    sheet: Viewable | None = None,
    stopped: bool = False,
    caption: str | None = None,
) -> bytes:
    """Keep the pictures of a result, and write what is to be said of it.

    Args:
        run: where the pictures are kept.
        result: that the recipe gave.
        shown: what was made.
        given: what it was made of, smaller.
        facts: numbers in words, by the page's names for them.
        sheet: the drawing with all of it, where the recipe makes one.
        stopped: whether it was ended early.
        caption: instead of the result's own.
    """

    def kept(one: Shown) -> dict[str, Any]:
        h, w = one.picture.size
        about = {
            "id": run.keep(png_bytes(one.picture.to_image(), result.provenance)),
            "width": w,
            "height": h,
        }
        before = {} if one.before is None else {"before": run.keep(one.before.to_png())}
        return about | {"caption": one.caption} | before

    head = {
        "caption": result.caption if caption is None else caption,
        "code": f"import cutaway\n\n{result.code()}.show()",
        "stopped": stopped,
        "pictures": [kept(one) for one in shown],
        "given": [kept(one) for one in given],
        "facts": _plain(dict(facts or {})),
        "sheet": None if sheet is None else run.keep(sheet.to_png()),
    }
    return json.dumps(head, ensure_ascii=False, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    """JSON has no NaN and nothing infinite, and knows no numpy."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
