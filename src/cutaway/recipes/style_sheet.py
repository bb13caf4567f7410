"""One photo and its paintings with other settings from tile to tile: what a weight does, at a look."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from cutaway.errors import BadSetting, closest
from cutaway.images.read import Source
from cutaway.recipes.style import Styled, style
from cutaway.view.grid import Grid
from cutaway.view.picture import Picture
from cutaway.view.viewable import Viewable

__all__ = ["SWEEPS", "StyleSheet", "style_sheet"]

# What may change from tile to tile.
SWEEPS = ("content_weight", "style_weight", "style_scale", "total_variation", "steps", "scales", "seed")
_MOST = 100


@dataclass(frozen=True)
class StyleSheet(Viewable):
    """Styled pictures with one or two settings that change.

    Args:
        made: all, row by row.
        sheet: the drawing.
        stopped: whether it was ended early; tiles after that are missing.
    """

    made: tuple[Styled, ...]
    sheet: Grid = field(repr=False)
    stopped: bool
    caption: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The pictures, (k,h,w,3), 0..1."""
        return np.stack([one.values for one in self.made])

    @property
    def names(self) -> tuple[str, ...]:
        """What each was made with."""
        return self.sheet.names

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved: the pictures, their names, and their losses of content and style, (k,2)."""
        told = np.array([one.losses for one in self.made])
        return {"values": self.values, "names": np.array(self.names), "losses": told}

    def to_image(self) -> Image.Image:
        """Draw the sheet."""
        return self.sheet.to_image()


def style_sheet(
    content: Source, styles: Source | Sequence[Source], sweep: Mapping[str, Sequence[float]], **settings: Any
) -> StyleSheet:
    """Give a photo the style of paintings again and again, while one setting, or two, change.

    Ctrl-C ends it with the pictures that are there by then.

    Args:
        content: as for `style`.
        styles: as for `style`.
        sweep: by the setting's name, its values: the first setting goes down where there are two, else along the row.
        settings: all others, as for `style`.

    Raises:
        BadSetting: for a setting that does not change by numbers, or that is given twice.

    >>> from torch import nn
    >>> import cutaway as cw
    >>> net = cw.Network(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), cw.Preprocessing(size=32))
    >>> noise = np.random.default_rng(0).integers(0, 255, (2, 40, 60, 3)).astype(np.uint8)
    >>> sheet = style_sheet(noise[0], noise[1], {"content_weight": [1, 10]}, network=net, size=32, steps=2)
    >>> sheet.values.shape
    (2, 32, 48, 3)
    """
    for name, values in sweep.items():
        if name not in SWEEPS:
            near = closest(name, SWEEPS)
            told = f"Closest: {', '.join(near)}. " if near else ""
            raise BadSetting(f"a sweep changes {', '.join(SWEEPS)}, got {name!r}. {told}".strip())
        if not values:
            raise BadSetting(f"a sweep of {name} needs values, got none")
        if name in settings:
            raise BadSetting(f"{name} is swept, and given as {settings[name]} too: leave one out")
    counts = [len(values) for values in sweep.values()]
    if not 1 <= len(counts) <= 2 or np.prod(counts) > _MOST:
        raise BadSetting(f"a sheet sweeps one setting or two, {_MOST} pictures at most, got {counts}")
    names = list(sweep)
    rows: list[tuple[Viewable | None, ...]] = []
    made: list[Styled] = []
    for given in itertools.product(*sweep.values()):
        changed: dict[str, Any] = {name: _typed(name, one) for name, one in zip(names, given, strict=True)}
        found = style(content, styles, **settings, **changed)
        made.append(found)
        words = " · ".join(f"{name.replace('_', ' ')} {one:g}" for name, one in changed.items())
        losses = "content {:.2f} · style {:.4f}".format(*found.losses)
        cell = Picture(found.picture.pixels, f"{words}\n{losses}", raw=found.values)
        if (len(made) - 1) % counts[-1]:
            rows[-1] = (*rows[-1], cell)
        else:
            rows.append((cell,))
        if found.stopped:
            break
    one = made[-1]
    words = " and ".join(name.replace("_", " ") for name in names)
    change = "changes" if len(names) == 1 else "change"
    caption = (
        f"From tile to tile the {words} {change}; all else is the same. Below: the losses of content and style, over "
        "the targets' own squares."
    )
    if one.stopped:
        caption += " Stopped: the last tile is not finished."
    swept = {name: list(values) for name, values in sweep.items()}
    provenance = {**one.provenance, "code": _code(one.code(), swept), "sweep": swept}
    sheet = Grid(tuple(rows), title=one.caption.split(":")[0], caption=caption, provenance=provenance)
    return StyleSheet(tuple(made), sheet, one.stopped, caption, provenance)


def _typed(name: str, value: float) -> float | int:
    """Steps, scales and seeds are counted."""
    if name not in ("steps", "scales", "seed"):
        return float(value)
    if value != int(value):
        raise BadSetting(f"{name} takes whole numbers, got {value}")
    return int(value)


def _code(code: str, swept: dict[str, list[float]]) -> str:
    """Write the Python that makes a sheet, from that of its last tile."""
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    call.keywords = [one for one in call.keywords if one.arg not in swept]
    call.func = ast.parse("cutaway.style_sheet", mode="eval").body
    call.args.append(ast.parse(repr(swept), mode="eval").body)
    return ast.unparse(call)
