"""A sheet as cards of a page: pictures with their words as text, that flow on a phone as on paper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cutaway.view.album import Album
from cutaway.view.colormap import apply
from cutaway.view.grid import Grid, drawn_cell, shared_scale
from cutaway.view.heatmap import Heatmap
from cutaway.view.page import heading, picture_tag
from cutaway.view.picture import Picture
from cutaway.view.provenance import png_bytes
from cutaway.view.scale import Range, number
from cutaway.view.viewable import Viewable

__all__ = ["STYLE", "cards"]

STYLE = """
.cards { display: grid; gap: 20px 16px; margin: 0 0 24px; align-items: start;
  grid-template-columns: repeat(var(--n), minmax(0, 1fr)); }
.cards.few { max-width: calc(var(--n) * 420px); }
.cards.many { gap: 10px 8px; }
.cards figure { margin: 0; min-width: 0; }
.cards img { width: 100%; max-height: 360px; object-fit: contain; object-position: left top; background: none;
  border-radius: 3px; }
.cards .small img { width: auto; margin: 0 auto; }
.cards figcaption { margin-top: 6px; font-size: 13px; line-height: 1.4; }
.cards.many figcaption { margin-top: 3px; font-size: 11px; text-align: center; }
.row { margin: 20px 0 8px; font-size: 14px; font-weight: 600; }
.bar { display: flex; gap: 10px; align-items: center; margin: -8px 0 16px; font-size: 13px; color: var(--soft);
  font-variant-numeric: tabular-nums; break-before: avoid; }
.bar i, .scale { display: block; height: 8px; width: 240px; border-radius: 2px; outline: 1px solid var(--line);
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.scale { width: 100%; height: 4px; margin-top: 4px; } .scale.none { visibility: hidden; }
.below { color: var(--soft); font-size: 14px; max-width: 80ch; }
@media (max-width: 720px) { .cards { grid-template-columns: repeat(var(--p), minmax(0, 1fr)); } }
@media print { .cards { gap: 10px 8px; } .cards figure { break-inside: avoid; }
  .cards figcaption { font-size: 7.5pt; } .cards figure img { max-height: 90mm; } .row { break-after: avoid; } }
"""

# More cards than these in a row are small ones, with their numbers in the middle.
_FEW, _SHORT = 6, 12


def cards(result: Viewable, level: int) -> str:
    """Draw a result as a piece of a page, a sheet as cards; what has no cells as it draws itself.

    Args:
        result: a Grid, an Album of some, or anything.
        level: of its headings.

    >>> sheet = Grid(((Picture(np.zeros((2, 2, 3), np.uint8), "black"), Heatmap(np.eye(2), caption="one")),))
    >>> page = cards(sheet, 3)
    >>> page.count("<figure"), "black" in page
    (2, True)
    """
    if isinstance(result, Album):
        lead = f'<p class="lead">{escape(result.lead)}</p>' if result.lead else ""
        below = f'<p class="below">{escape(result.caption)}</p>' if result.caption else ""
        pages = "".join(cards(page, min(level + 1, 6)) for page in result.pages)
        return heading(result.title, level) + lead + pages + below
    if not isinstance(result, Grid) or not _in_cells(result):
        return result._html(level)
    return heading(result.title, level) + _rows(result) + _below(result.caption)


def _in_cells(sheet: Grid) -> bool:
    """Whether each cell stands for itself: no columns with heads, no sheet of many maps."""
    cells = [cell for row in sheet.rows for cell in row if cell is not None]
    return not sheet.column_titles and all(isinstance(cell, Picture | Heatmap | Grid) for cell in cells)


def _rows(sheet: Grid) -> str:
    whole = shared_scale(tuple(cell for row in sheet.rows for cell in row))
    shares = [shared_scale(row) for row in sheet.rows]
    pieces: list[str] = []
    if sheet.row_titles or any(share != shares[0] for share in shares):
        for place, (row, share) in enumerate(zip(sheet.rows, shares, strict=True)):
            title = sheet.row_titles[place] if place < len(sheet.row_titles) else ""
            pieces.append(f'<p class="row">{escape(title)}</p>' if title else "")
            several = sum(isinstance(cell, Heatmap) for cell in row) > 1
            own = share if several and whole is None else None
            pieces.append(_row(row, share is None or not (several or whole)) + _bar(own))
    else:
        together = [cell for row in sheet.rows for cell in row]
        nested = [cell for cell in together if isinstance(cell, Grid)]
        if nested:
            pieces += [
                _rows(cell) + _below(cell.caption) if isinstance(cell, Grid) else _row((cell,), True)
                for cell in together
                if cell is not None
            ]
        else:
            pieces.append(_row(together, whole is None, max(map(len, sheet.rows))))
    return "".join(pieces) + _bar(whole)


def _row(row: Sequence[Viewable | None], alone: bool, across: int | None = None) -> str:
    cells = [cell for cell in row if cell is not None]
    if any(isinstance(cell, Grid) for cell in cells):
        return "".join(_rows(cell) if isinstance(cell, Grid) else _row((cell,), alone) for cell in cells)
    count = across or len(row)
    kind = "many" if count > _FEW else "few"
    # On a phone: pairs stay pairs, triples triples.
    phone = 1 if count == 1 else 2 if count <= _FEW else 8 if count > 12 else 3 if count % 3 == 0 else 4
    barred = any(_has_bar(cell, alone) for cell in cells)
    body = "".join(_card(cell, count, alone, barred) for cell in cells)
    return f'<div class="cards {kind}" style="--n:{count};--p:{phone}">{body}</div>'


def _has_bar(cell: Viewable, alone: bool) -> bool:
    return isinstance(cell, Heatmap) and alone and cell.colorbar and cell.look != "camshow"


def _card(cell: Viewable, beside: int, alone: bool, barred: bool) -> str:
    image = drawn_cell(cell, beside)
    lines = [line for line in cell.caption.split("\n") if line]
    # Where some cards of a row have a bar, the words of all begin below it.
    bar = '<span class="scale none"></span>' if barred else ""
    if isinstance(cell, Heatmap) and _has_bar(cell, alone):
        lines, bar = list(cell.told), f'<span class="scale" style="{_colours(cell.colormap)}"></span>'
    first = "first" if len(lines) > 1 and beside <= _FEW else ""
    words = "".join(
        f"<p{f' class={first!r}' if first and not k else ''}>{escape(_unbroken(line))}</p>"
        for k, line in enumerate(lines)
    )
    tag = picture_tag(png_bytes(image, {}), cell.caption.replace("\n", ", ") or "a picture")
    small = ' class="small"' if image.width < 96 and beside < _FEW else ""
    return f"<figure{small}>{tag}{bar}" + (f"<figcaption>{words}</figcaption>" if words else "") + "</figure>"


def _unbroken(line: str) -> str:
    """Keep the ends of a scale on one line, a number with its unit, and short pieces whole."""
    pieces = line.replace(" … ", "\u00a0…\u00a0").replace(" %", "\u00a0%").split(" · ")
    return " · ".join(piece.replace(" ", "\u00a0") if len(piece) <= _SHORT else piece for piece in pieces)


def _bar(share: tuple[Range, str] | None) -> str:
    """The colours of a scale with its numbers."""
    if share is None:
        return ""
    scale, colormap = share
    spread = scale.high - scale.low
    return (
        f'<div class="bar"><span>{number(scale.low, spread)}</span><i style="{_colours(colormap)}"></i>'
        f"<span>{number(scale.high, spread)}</span><span>one {escape(scale.rule)} scale for all</span></div>"
    )


def _colours(colormap: str) -> str:
    stops = apply(np.linspace(0, 1, 17, dtype=np.float32), colormap)
    told = ",".join("#{:02x}{:02x}{:02x}".format(*stop) for stop in stops)
    return f"background:linear-gradient(to right,{told})"


def _below(caption: str) -> str:
    return f'<p class="below">{escape(caption)}</p>' if caption else ""
