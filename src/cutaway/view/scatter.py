"""Points of a plane, coloured by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw

from cutaway.view.picture import Picture
from cutaway.view.sheet import SMALL
from cutaway.view.text import draw_text, text_width

__all__ = ["COLOURS", "label_colours", "scatter"]

Colour = tuple[int, int, int]
# Okabe and Ito's, which the colour-blind tell apart, then further ones; what has no colour of its own is gray.
COLOURS: tuple[Colour, ...] = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (140, 86, 75),
    (75, 0, 130),
    (160, 210, 60),
    (220, 20, 60),
    (110, 110, 0),
    (0, 200, 200),
    (240, 130, 215),
    (120, 120, 255),
)
_GRAY = (170, 170, 170)
_SCALE = 3


def label_colours(labels: Sequence[str | None]) -> dict[str, Colour]:
    """Give the most frequent labels a colour each, most frequent first.

    >>> list(label_colours(["a", "b", "b", None]))
    ['b', 'a']
    """
    names = [
        name
        for name, _ in sorted(
            Counter(x for x in labels if x is not None).items(), key=lambda n: (-n[1], n[0])
        )
    ]
    return dict(zip(names, COLOURS, strict=False))


def scatter(
    points: Float[np.ndarray, "n 2"], labels: Sequence[str | None], *, side: int = 800, caption: str = ""
) -> Picture:
    """Draw points on white, each in its label's colour, with a legend; both axes on one scale.

    Args:
        points: (x, y), x to the right and y down.
        labels: of each; None is gray.
        side: width of the plane, in pixels; its height follows the points.
        caption: below.

    >>> scatter(np.array([[0.0, 0.0], [1.0, 1.0]]), ["a", None], side=100).size
    (100, 198)
    """
    colours = label_colours(labels)
    low, high = points.min(0), points.max(0)
    reach = float(max((high - low).max(), 1e-12))
    radius = float(np.clip(0.35 * side / max(1.0, len(points) ** 0.5), 1.5, 6.0))
    room = side - 4 * radius - 4
    # As high as the points need.
    height = max(side // 2, round((high - low)[1] / reach * room + side - room))
    places = (points - (low + high) / 2) / reach * room + np.array([side / 2, height / 2])
    plane = Image.new("RGB", (side * _SCALE, height * _SCALE), "white")
    draw = ImageDraw.Draw(plane)
    # Gray ones first: they are the ground.
    for k in sorted(range(len(points)), key=lambda k: labels[k] in colours):
        x, y = places[k] * _SCALE
        r = radius * _SCALE
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colours.get(str(labels[k]), _GRAY), outline="white")
    plane = plane.resize((side, height), Image.Resampling.LANCZOS)
    legend = _legend(labels, colours, height)
    sheet = Image.new("RGB", (side + legend.width, height), "white")
    sheet.paste(plane, (0, 0))
    sheet.paste(legend, (side, 0))
    return Picture(np.asarray(sheet), caption, raw=points)


def _legend(labels: Sequence[str | None], colours: dict[str, Colour], height: int) -> Image.Image:
    counts = Counter(label for label in labels)
    lines = [(f"{name} {counts[name]}", colour) for name, colour in colours.items()]
    others = sum(count for name, count in counts.items() if name is not None and name not in colours)
    if others:
        lines.append((f"others {others}", _GRAY))
    if counts[None] and colours:
        lines.append((f"no label {counts[None]}", _GRAY))
    width = max((text_width(text, SMALL) for text, _ in lines), default=0) + 40 if lines else 0
    image = Image.new("RGB", (max(1, round(width)), height), "white")
    draw = ImageDraw.Draw(image)
    step = min(2 * SMALL, height // max(1, len(lines)))
    for k, (text, colour) in enumerate(lines):
        top = k * step
        draw.ellipse((12, top + 4, 12 + SMALL - 4, top + SMALL), fill=colour)
        draw_text(draw, (28, top), text, SMALL)
    return image
