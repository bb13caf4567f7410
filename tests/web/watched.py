"""A page of a browser that is watched while a test uses it, and the barriers on pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files

from playwright.sync_api import Browser, Page

from tests.web.served import Served

__all__ = ["no_serious_barrier", "watched"]


@contextmanager
def watched(
    browser: Browser,
    height: int = 900,
    *,
    width: int = 1440,
    permissions: Iterable[str] = (),
    but: Callable[[str], bool] = lambda text: False,
) -> Iterator[Page]:
    """Open a page; in the end it must not have said anything on its console, `but` what is named."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-US", accept_downloads=True
    )
    if permissions:
        context.grant_permissions(list(permissions))
    page = context.new_page()
    faults: list[str] = []
    page.on(
        "console",
        lambda message: faults.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert [one for one in faults if not but(one)] == []


def no_serious_barrier(
    browser: Browser, scheme: str, width: int, places: Iterable[tuple[Served, str, str]]
) -> None:
    """Ask axe-core about pages; it is a script, so their policy is off here.

    Args:
        browser: a Chromium.
        scheme: light or dark.
        width: of the window, in pixels; no page may be wider.
        places: of whom, at which address, and what is there when it is ready.
    """
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(
        bypass_csp=True,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        locale="en-US",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for served, place, ready in places:
        page.goto(served.url.replace("/?", "/runs?"))
        page.goto(served.base + place)
        page.locator(ready).wait_for(timeout=120_000)
        page.evaluate(axe)
        serious = [
            (fault["id"], [node["html"][:120] for node in fault["nodes"]])
            for fault in page.evaluate("axe.run()")["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, (place, serious)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{place} is wider than the window"
    context.close()
