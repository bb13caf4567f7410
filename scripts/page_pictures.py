"""The pictures of pages, as Chromium shows them; without it they are left out."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import cutaway as cw
from cutaway.dataset.activation_index import ActivationIndex
from cutaway.view.picture import Picture

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "src" / "cutaway" / "notebook"
# What a browser needs of a widget: values to get, set and listen to.
MODEL = """
const heard = {};
const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes() {},
  on: (name, run) => (heard[name] ??= []).push(run), off() {} };
render({ model, el: document.body });
"""


def chromium() -> str | None:
    """Find the browser."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def shown(page: Path, width: int, height: int) -> Picture:
    """Give a page as the browser shows it in a window of that size."""
    browser = chromium()
    if browser is None:
        raise SystemExit("pictures of pages need Chromium on the PATH")
    file = page.with_suffix(".png")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    size = f"--window-size={width},{height}"
    subprocess.run(
        [browser, *options, size, f"--screenshot={file}", page.as_uri()], check=True, capture_output=True
    )
    return cw.read(file)


def report_of_photo(net: cw.Network, photo: Path) -> Picture:
    """Show the report of a photo, its first sections."""
    with contextlib.chdir(ROOT):
        made = cw.report(net, photo.relative_to(ROOT))
    return shown(made.save(Path(tempfile.mkdtemp()) / "page.html"), 1280, 1480)


def report_of_data(index: ActivationIndex) -> Picture:
    """Show the report of a data set, its first sections."""
    made = cw.report(index=index, sections=["photos", "map", "purity", "patches"])
    return shown(made.save(Path(tempfile.mkdtemp()) / "page.html"), 1280, 1840)


def browser_of_units(net: cw.Network, index: ActivationIndex) -> Picture:
    """Show the widget."""
    folder = Path(tempfile.mkdtemp())
    made = cw.filters_into(net, "fire5", folder / "made", channels=[200], engine="serial")
    browser = cw.widget(index, "fire5", 200, filters=made)
    state = {name: value for name, value in browser.get_state().items() if not name.startswith("_")}
    script = (NOTEBOOK / "browser.js").read_text().replace("export default { render };", "")
    style = (NOTEBOOK / "browser.css").read_text() + "body { margin: 20px; background: #fff; }"
    held = json.dumps(state, default=str)
    page = folder / "widget.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{style}</style><body></body>'
        f'<script type="module">{script}\nconst state = {held};{MODEL}</script>'
    )
    return shown(page, 1200, 720)
