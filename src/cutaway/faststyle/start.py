"""Where a painter's training begins: at another painter, so that how to see a photo need not be learnt anew."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from cutaway.errors import BadSetting
from cutaway.faststyle.style_file import read_style
from cutaway.faststyle.transformer import Transformer

__all__ = ["BUNDLED", "starting_at"]

BUNDLED = Path(str(files("cutaway.faststyle"))) / "start.safetensors"
"""A painter of 16 channels and 5 blocks that was trained for long; how, scripts/train_start.py tells."""


def starting_at(start: str | os.PathLike[str], width: int, blocks: int) -> Transformer | None:
    """Give the painter that training begins at.

    Args:
        start: "usual" for the bundled one where it has this shape; "nothing" for drawn weights; or a style's file.
        width: of the painter to be trained.
        blocks: of the painter to be trained.

    Returns:
        A painter of that shape, or None for drawn weights.

    Raises:
        BadSetting: for a style of another shape.
        WeightsUnavailable: where there is no such file, it is damaged, or no style.

    >>> starting_at("usual", 16, 5).blocks, starting_at("usual", 32, 5), starting_at("nothing", 16, 5)
    (5, None, None)
    """
    if start == "nothing":
        return None
    painter, _ = read_style(BUNDLED if start == "usual" else start)
    if (painter.width, painter.blocks) == (width, blocks):
        return painter
    if start == "usual":
        return None
    raise BadSetting(
        f"{os.fspath(start)} has width {painter.width} and {painter.blocks} blocks, and {width} and {blocks} were "
        "asked for: give the same --width and --blocks, or --start nothing"
    )
