"""The page of a report: contents, sections, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cutaway.view.cards import STYLE as CARDS
from cutaway.view.cards import cards
from cutaway.view.page import page
from cutaway.view.provenance import as_json
from cutaway.view.section import Section
from cutaway.view.shares import Shares
from cutaway.view.slimmed import slimmed

__all__ = ["report_page", "together"]

_STYLE = """
body { max-width: 1320px; }
main { display: block; }
h1 { font-size: 30px; margin-bottom: 20px; letter-spacing: -.01em; }
h3, h4, h5 { font-size: 15px; line-height: 1.35; margin: 28px 0 12px; font-weight: 600; overflow-wrap: anywhere; }
section { scroll-margin-top: 16px; } article > section:first-child > h2 { margin-top: 0; }
section > h2 { font-size: 21px; }
section > h2 a { color: inherit; text-decoration: none; }
section > h2 a:hover::after, section > h2 a:focus::after { content: " #"; color: var(--soft); }
.lead { margin: 0 0 20px; }
header .lead { font-size: 18px; margin: -8px 0 24px; }
nav a { color: inherit; text-decoration: none; } nav a:hover, nav a:focus { text-decoration: underline; }
nav p { margin: 0 0 8px; font-size: 13px; color: var(--soft); }
nav ol { margin: 0; padding: 0; list-style: none; counter-reset: n; }
nav li { counter-increment: n; padding: 3px 0 3px 28px; text-indent: -28px; font-size: 14px; }
nav li::before { content: counter(n); display: inline-block; width: 28px; text-indent: 0; color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 24px; margin: 0 0 24px; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.shares { max-width: 720px; margin-bottom: 16px; }
.shares th { color: inherit; font-weight: 400; border-bottom: 0; white-space: normal; min-width: min(20ch, 36vw); }
.shares td { border-bottom: 0; } .shares td.track { padding-right: 12px; }
.beside { display: flex; flex-wrap: wrap; gap: 0 40px; } .beside > .cards { flex: 0 1 400px; }
.beside > .shares { flex: 1 1 300px; align-self: center; }
.beside .shares tr:first-child th, .beside .shares tr:first-child .number { font-weight: 600; }
details { margin: 12px 0; } summary { cursor: pointer; width: max-content; max-width: 100%; }
pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; margin: 8px 0 16px;
  padding: 10px 12px; background: var(--tint); border-radius: 4px; }
.scroll { max-width: 100%; }
:root { --tint: #f5f5f7; }
@media (prefers-color-scheme: dark) { :root { --tint: #212127; } img { filter: brightness(.92); } }
@media screen and (min-width: 1080px) {
  main { display: grid; grid-template: auto 1fr / 200px minmax(0, 1fr); gap: 0 48px; }
  nav { position: sticky; top: 32px; align-self: start; grid-row: 1 / 3;
    max-height: calc(100vh - 64px); overflow-y: auto; }
  header, article { grid-column: 2; }
}
@media (max-width: 1079px) { nav { margin: 0 0 32px; padding: 16px; background: var(--tint); border-radius: 6px; } }
@media (max-width: 640px) {
  body { padding: 20px 16px 48px; } h1 { font-size: 25px; } h2 { margin-top: 36px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } th, td { padding-right: 14px; }
}
@media print {
  :root { --tint: #f5f5f7; } main { display: block; } img { filter: none; }
  h1 { font-size: 20pt; } section > h2 { font-size: 14pt; margin-top: 0; }
  h3, h4 { break-after: avoid; }
  section { break-inside: avoid; padding-top: 20pt; } section:first-of-type { break-inside: auto; }
  nav { margin: 0; padding: 0; background: none; } nav ol { columns: 2; }
  nav li, dl, pre, .below, ul.notes { font-size: 9pt; } nav li { break-inside: avoid; }
  header .lead { font-size: 12pt; }
  .scroll { overflow: visible; } .scroll table { font-size: 7.5pt; }
  td { white-space: normal; } td.number { white-space: nowrap; } td, th { padding-right: 7px; }
  .shares { min-width: 60%; } pre, dl, .bar { break-inside: avoid; } p { orphans: 3; widows: 3; }
}
"""


def report_page(
    title: str,
    lead: str,
    sections: Sequence[Section],
    left_out: Sequence[tuple[str, str]],
    provenance: Mapping[str, Any],
    budget: int,
) -> bytes:
    """Make the page of a report, not larger than `budget` bytes.

    Args:
        title: of the whole.
        lead: what to know first.
        sections: in order.
        left_out: the titles of sections that could not be made, each with the reason.
        provenance: what it takes to make it again.
        budget: in bytes.

    Raises:
        BadSetting: where even the smallest pictures do not fit.

    >>> b"hello" in report_page("A report", "", [Section("one", "One", "hello")], [], {}, 20_000)
    True
    """
    listed = [(one.name, one.title) for one in sections] + [("made", "How this was made")]
    links = "".join(f'<li><a href="#{name}">{escape(words)}</a></li>' for name, words in listed)
    head = f"<header><h1>{escape(title)}</h1>" + (f'<p class="lead">{escape(lead)}</p>' if lead else "")
    before = f'{head}</header><nav aria-label="Contents"><p>Contents</p><ol>{links}</ol></nav><article>'
    made = _made(provenance, left_out)
    frame = len(page(before + made, title=title, provenance={}, style=CARDS + _STYLE))
    body, told = slimmed("".join(_section(one) for one in sections), budget, frame + 300)
    if told:
        made = made.replace(
            "</dl>", f"<dt>pictures</dt><dd>{told}; at most {budget / 1e6:g} MB in all</dd></dl>", 1
        )
    return page(f"{before}{body}{made}</article>", title=title, provenance={}, style=CARDS + _STYLE)


def together(left_out: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Put titles with one reason together.

    >>> together([("Maps", "no classes"), ("Units", "no place"), ("Trust", "no classes")])
    {'Maps; Trust': 'no classes', 'Units': 'no place'}
    """
    whys = dict.fromkeys(why for _, why in left_out)
    return {"; ".join(title for title, why in left_out if why == one): one for one in whys}


def _section(one: Section) -> str:
    head = f'<h2><a href="#{one.name}">{escape(one.title)}</a></h2>'
    lead = f'<p class="lead">{escape(one.lead)}</p>' if one.lead else ""
    codes = [result.code() for result in one.results if result.code()]
    told = "\n".join(dict.fromkeys(codes))
    code = (
        f"<details><summary>The Python of this section</summary><pre>{escape(told)}</pre></details>"
        if told
        else ""
    )
    drawn = "".join(cards(result, 3) for result in one.results)
    if len(one.results) == 2 and isinstance(one.results[1], Shares):  # a photo and its classes
        drawn = f'<div class="beside">{drawn}</div>'
    return f'<section id="{one.name}">{head}{lead}{_facts(one.facts)}{drawn}{code}</section>'


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"<dl>{rows}</dl>" if rows else ""


def _made(provenance: Mapping[str, Any], left_out: Sequence[tuple[str, str]]) -> str:
    """The manifest: what it takes to make the report again."""
    facts = [
        (key, str(provenance[key])) for key in ("network", "weights", "index", "photo") if provenance.get(key)
    ]
    settings = provenance.get("settings") or {}
    more = {key: value for key, value in settings.items() if value is not None and key not in provenance}
    facts += [(str(key), str(value)) for key, value in more.items()]
    versions = provenance.get("versions") or {}
    facts.append(("versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    again = [("Command", provenance.get("command")), ("Python", provenance.get("code"))]
    codes = "".join(f"<h3>{name}</h3><pre>{escape(str(code))}</pre>" for name, code in again if code)
    missing = "".join(f"<li>{escape(title)}: {escape(why)}</li>" for title, why in together(left_out).items())
    out = f'<h3>Left out</h3><ul class="notes">{missing}</ul>' if missing else ""
    told = escape(as_json(provenance, indent=2))
    manifest = f"<details><summary>The manifest</summary><pre>{told}</pre></details>"
    head = '<h2><a href="#made">How this was made</a></h2>'
    return f'<section id="made">{head}{_facts(facts)}{codes}{out}{manifest}</section>'
