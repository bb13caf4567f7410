"""One self-contained page: no request, light and dark, prints on A4."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

from cutaway.view.provenance import as_json

__all__ = ["fragment", "heading", "page", "picture_tag"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #5b5b66; --paper: #ffffff; --line: #e3e3e8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --soft: #a3a3b0; --paper: #17171b; --line: #33333b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1600px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1, h2 { font-size: 24px; line-height: 1.25; margin: 0 0 24px; font-weight: 600; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 48px 0 16px; padding-top: 16px; border-top: 1px solid var(--line); }
.lead { margin: -12px 0 24px; max-width: 80ch; }
figure { margin: 0 0 40px; }
figure img { max-width: 100%; height: auto; display: block; background: #fff; border-radius: 4px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
figcaption { margin-top: 12px; color: var(--soft); max-width: 80ch; }
figcaption p { margin: 0 0 4px; overflow-wrap: anywhere; }
figcaption .first { color: var(--ink); font-weight: 600; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; font-size: 14px; }
caption { text-align: left; font-weight: 600; font-size: 18px; padding-bottom: 12px; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--soft); }
th, td { padding: 4px 24px 4px 0; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
td { border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
thead { display: table-header-group; }
.scroll { overflow-x: auto; margin-bottom: 24px; }
ul.notes { color: var(--soft); padding-left: 20px; max-width: 80ch; }
details { margin-top: 32px; color: var(--soft); font-size: 14px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@page { size: A4; margin: 14mm; }
@media print {
  :root { color-scheme: light; --ink: #1b1b1f; --soft: #5b5b66; --paper: #ffffff; --line: #e3e3e8; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  figure, tr { break-inside: avoid; } h1, h2 { break-after: avoid; }
  figure img { width: auto; max-height: 230mm; } table { font-size: 8pt; } th, td { padding-right: 8px; }
  details { display: none; }
}
"""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def picture_tag(png: bytes, alt: str) -> str:
    """Put a PNG into a page as text, with its size, so that the page does not jump.

    >>> picture_tag(b"", "a cat")
    '<img alt="a cat" src="data:image/png;base64,">'
    """
    size = (
        f' width="{int.from_bytes(png[16:20])}" height="{int.from_bytes(png[20:24])}"'
        if len(png) > 24
        else ""
    )
    return f'<img alt="{escape(alt)}"{size} src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def fragment(png: bytes, caption: str, *, alt: str = "") -> str:
    """Make a figure of a PNG with its caption as text, the first of several lines stronger.

    Args:
        png: the picture.
        caption: below it.
        alt: what the picture shows, for those who cannot see it; the caption by default.

    >>> fragment(b"", "conv1", alt="a map")
    '<figure><img alt="a map" src="data:image/png;base64,"><figcaption><p>conv1</p></figcaption></figure>'
    """
    first, *more = [line for line in caption.split("\n") if line] or [""]
    lines = f'<p class="first">{escape(first)}</p>' if more else f"<p>{escape(first)}</p>"
    lines += "".join(f"<p>{escape(line)}</p>" for line in more)
    below = f"<figcaption>{lines}</figcaption>" if first else ""
    return f"<figure>{picture_tag(png, alt or caption or 'picture')}{below}</figure>"


def heading(text: str, level: int) -> str:
    """Make a heading; none of no text.

    >>> heading("conv1", 2), heading("", 1)
    ('<h2>conv1</h2>', '')
    """
    return f"<h{level}>{escape(text)}</h{level}>" if text else ""


def page(body: str, *, title: str, provenance: Mapping[str, Any], style: str = "") -> bytes:
    """Make a whole page, UTF-8, that opens from the disk and asks nothing of any network.

    Args:
        body: what stands on it.
        title: of the window.
        provenance: shown below, folded away; none of none.
        style: rules beside those of every page.

    >>> page("<p>hello</p>", title="A page", provenance={})[:15]
    b'<!doctype html>'
    """
    origin = ""
    if provenance:
        told = escape(as_json(provenance, indent=2))
        origin = f"<details><summary>Where this comes from</summary><pre>{told}</pre></details>"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head>\n"
        f"<body><main>{body}</main>{origin}</body></html>\n"
    ).encode("utf-8", "backslashreplace")
