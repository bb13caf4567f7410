"""The page of a project on a package index: which files it has, and where they lie."""

from __future__ import annotations

import json
from html.parser import HTMLParser

__all__ = ["files_on"]


def files_on(page: bytes) -> list[tuple[str, str]]:
    """Give the files that a page lists, each as name and link, in HTML (PEP 503) or JSON (PEP 691).

    A link may be relative to the page, and is given as it stands there. What is no such page lists nothing.

    >>> files_on(b'<a href="../f/a-1.whl#sha256=0">a-1.whl</a>')
    [('a-1.whl', '../f/a-1.whl#sha256=0')]
    >>> files_on(b'{"files": [{"filename": "a-1.whl", "url": "../f/a-1.whl"}]}')
    [('a-1.whl', '../f/a-1.whl')]
    """
    text = page.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return _from_json(text)
    parser = _Links()
    parser.feed(text)
    parser.close()
    return [(name.strip(), link) for link, name in parser.links]


def _from_json(text: str) -> list[tuple[str, str]]:
    try:
        listed = json.loads(text).get("files")
    except (ValueError, RecursionError):
        return []
    found = []
    for one in listed if isinstance(listed, list) else ():
        name, link = (one.get("filename"), one.get("url")) if isinstance(one, dict) else (None, None)
        if isinstance(name, str) and isinstance(link, str):
            found.append((name, link))
    return found


class _Links(HTMLParser):
    """The links of a page, each with its text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get("href")
        if tag == "a" and link:
            self.links.append((link, ""))
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            link, text = self.links[-1]
            self.links[-1] = (link, text + data)
