"""One self-contained page: no request, light and dark, prints on A4."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["fragment", "page", "picture_tag"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #5b5b66; --paper: #ffffff; --line: #e3e3e8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --soft: #a3a3b0; --paper: #17171b; --line: #33333b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1280px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 24px; font-weight: 600; }
figure { margin: 0 0 40px; }
figure img { max-width: 100%; height: auto; display: block; background: #fff; border-radius: 4px; }
figcaption { margin-top: 8px; color: var(--soft); white-space: pre-line; max-width: 80ch; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; font-size: 14px; }
caption { text-align: left; font-weight: 600; font-size: 18px; padding-bottom: 12px; }
th { text-align: left; font-weight: 600; border-bottom: 2px solid var(--line); padding: 4px 12px 4px 0; }
td { border-bottom: 1px solid var(--line); padding: 4px 12px 4px 0; vertical-align: top; }
td.number, th.number { text-align: right; }
.scroll { overflow-x: auto; }
ul.notes { color: var(--soft); padding-left: 20px; }
details { margin-top: 32px; color: var(--soft); font-size: 14px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@page { size: A4; margin: 14mm; }
@media print { body { padding: 0; max-width: none; } figure, tr { break-inside: avoid; } details { display: none; } }
"""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def picture_tag(png: bytes, alt: str) -> str:
    """Put a PNG into a page as text.

    >>> picture_tag(b"", "a cat")
    '<img alt="a cat" src="data:image/png;base64,">'
    """
    return f'<img alt="{escape(alt, quote=True)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def fragment(png: bytes, caption: str) -> str:
    """Make a figure of a PNG with its caption as text.

    >>> fragment(b"", "conv1")
    '<figure><img alt="conv1" src="data:image/png;base64,"><figcaption>conv1</figcaption></figure>'
    """
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"<figure>{picture_tag(png, caption)}{below}</figure>"


def page(body: str, *, title: str, provenance: Mapping[str, Any]) -> bytes:
    """Make a whole page, UTF-8, that opens from the disk and asks nothing of any network.

    >>> page("<p>hello</p>", title="A page", provenance={})[:15]
    b'<!doctype html>'
    """
    origin = ""
    if provenance:
        told = escape(json.dumps(dict(provenance), ensure_ascii=False, indent=2, default=str))
        origin = f"<details><summary>Where this comes from</summary><pre>{told}</pre></details>"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{body}</main>{origin}</body></html>\n"
    ).encode()
