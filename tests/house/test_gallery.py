"""The map of the methods names every method and every page of a command."""

from __future__ import annotations

import re
from pathlib import Path

from cutaway.attribution.methods import METHODS

DOCS = Path(__file__).parents[2] / "docs"
# They open or show what others make, tell of settings, or are the map itself.
NO_METHOD = {
    "compare",
    "explain",
    "gallery",
    "models",
    "objectives",
    "report",
    "segment",
    "serve",
    "trust",
    "widget",
}


def _rows() -> list[str]:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("|")]


def test_every_method_is_on_the_map():
    named = {name for row in _rows() for name in re.findall(r"`([a-z+-]+)`", row.split("|")[1])}
    assert set(METHODS) <= named


def test_every_command_that_looks_is_on_the_map():
    led_to = {name for row in _rows() for name in re.findall(r"\]\((\S+?)\.md", row)}
    assert {page.stem for page in DOCS.glob("*.md")} - NO_METHOD <= led_to
