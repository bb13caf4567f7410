"""Photograph the explorer's rooms for docs/serve.md, with a Chromium whose camera plays a film of the example's cat."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
CAT = ROOT / "examples" / "photos" / "chelsea.png"
PICTURES = ROOT / "docs" / "pictures"


def film(path: Path) -> Path:
    """Write a film for the camera: one JPEG after the other."""
    cat = Image.open(CAT).convert("RGB")
    frames = io.BytesIO()
    for i in range(30):
        left = 20 + abs(15 - i)
        cat.crop((left, 0, left + 400, 300)).resize((640, 480)).save(frames, "JPEG", quality=90)
    path.write_bytes(frames.getvalue())
    return path


def main() -> None:
    """Write docs/pictures/serve-live.jpg, serve-explain.jpg, serve-studio.jpg and serve-runs.jpg."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "cutaway", "serve", "--port", "0", "--no-browser", "--folder", folder]
        server = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        url = server.stdout.readline().split()[0]
        clip = film(Path(folder) / "cat.mjpeg")
        options = ["--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        options.append(f"--use-file-for-fake-video-capture={clip}")
        try:
            with sync_playwright() as one:
                browser = one.chromium.launch(executable_path=chromium, chromium_sandbox=False, args=options)
                page = browser.new_page(viewport={"width": 1360, "height": 620}, locale="en-US")
                page.goto(url)
                page.locator("[data-fps]").wait_for()
                page.wait_for_timeout(3000)
                save(page.screenshot(), "serve-live")
                page.goto(url.replace("/?", "/explain?"))
                page.locator("input[type=file]").set_input_files(CAT)
                page.locator(".card[data-state=done]").nth(5).wait_for()
                page.set_viewport_size({"width": 1360, "height": 980})
                page.wait_for_timeout(500)
                save(page.screenshot(), "serve-explain")
                made_in_the_studio(page, url.partition("/?")[0])
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(10)


def made_in_the_studio(page: Page, base: str) -> None:
    """Dream twice and make some channels strong; photograph a step of a dream, and the list of all."""
    photo = page.url.partition("/explain/")[2].partition("?")[0]
    jobs = []
    for query in (
        f"kind=dream&photo={photo}&layer=fire5.cat",
        f"kind=dream&photo={photo}&layer=fire7.cat",
        "kind=filters&layer=fire5.cat&steps=64",
    ):
        page.goto(f"{base}/studio?{query}")
        page.get_by_role("button", name="Start").click()
        page.locator(".picture").first.wait_for(timeout=300_000)
        jobs.append(page.url.partition("/studio/")[2].partition("?")[0])
    page.goto(f"{base}/studio/{jobs[0]}?step=24")
    page.locator(".frame").wait_for()
    page.wait_for_timeout(800)
    save(page.screenshot(), "serve-studio")
    page.goto(f"{base}/runs?compare={jobs[0]},{jobs[1]}")
    page.locator(".half svg").nth(1).wait_for()
    page.wait_for_timeout(800)
    save(page.screenshot(), "serve-runs")


def save(data: bytes, name: str) -> None:
    """Write a photograph as a JPEG."""
    Image.open(io.BytesIO(data)).convert("RGB").save(PICTURES / f"{name}.jpg", quality=90, optimize=True)
    print(PICTURES / f"{name}.jpg")


if __name__ == "__main__":
    main()
