"""The Live room: frames a second, and where a frame's milliseconds go.

    python benchmarks/explorer_live.py

First the server's loop alone: the frames of a film of a cat, one after the other from this process. Then in Chromium,
whose camera plays that film: what the page's own meter says, every two seconds for half a minute, three times, each in
a browser of its own. The round trip ends when the page has the answer; the network's share is the server's own clock.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from interleaved import RESULTS
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from websockets.sync.client import connect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cutaway.web.frames import Frame  # noqa: E402
from tests.web.chromium import QUIET, cat_film, chromium, with_camera  # noqa: E402
from tests.web.served import CAT, Served  # noqa: E402

FRAMES, RUNS, READINGS, EVERY = 200, 3, 15, 2.0


def alone(served: Served) -> dict[str, float]:
    """Send frames from here, each when the answer to the last is in."""
    written = io.BytesIO()
    Image.open(CAT).convert("RGB").resize((298, 224)).save(written, "JPEG", quality=85)
    address = f"ws://127.0.0.1:{served.port}/api/live"
    trips = []
    with connect(address, origin=served.base, additional_headers={"cookie": served.cookie()}) as socket:
        for number in range(FRAMES):
            started = time.perf_counter()
            socket.send(Frame("cam", number, None, written.getvalue()).packed())
            socket.recv()
            trips.append(1000 * (time.perf_counter() - started))
    return {"milliseconds": median(trips[20:]), "frames a second": 1000 / median(trips[20:])}


def seen(browser: Browser, served: Served) -> dict[str, float]:
    """Let the page look through the camera, and read its meter."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(served.url)
    meter = page.locator("[data-fps]")
    meter.wait_for()
    told = []
    for _ in range(READINGS):
        page.wait_for_timeout(1000 * EVERY)
        told.append({name: float(meter.get_attribute(f"data-{name}") or 0) for name in NAMES})
    context.close()
    middle = {words: median(one[name] for one in told[1:]) for name, words in NAMES.items()}
    trip, network = middle["milliseconds of a round trip"], middle["of them in the network"]
    return middle | {"overhead of the round trip": (trip - network) / trip}


NAMES = {
    "fps": "frames a second",
    "trip": "milliseconds of a round trip",
    "server": "of them in the server",
    "network": "of them in the network",
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        film = cat_film(Path(folder) / "cat.mjpeg")
        served = Served(Path(folder) / "kept")
        found: dict[str, object] = {"loop alone": alone(served), "in Chromium": []}
        for _ in range(RUNS):
            browser = playwright.chromium.launch(
                executable_path=chromium(), chromium_sandbox=False, args=[*QUIET, *with_camera(film)]
            )
            found["in Chromium"].append(seen(browser, served))  # type: ignore[attr-defined]
            browser.close()
        served.stop()
    (RESULTS / "explorer_live.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
