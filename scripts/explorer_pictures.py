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

from make_pictures import cuts
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import cutaway as cw

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
    """Write docs/pictures/serve-*.jpg."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cuts").mkdir()
        cuts(Path(folder) / "cuts")
        index = Path(folder) / "cuts.index"
        layers = ["fire6.cat", "fire9.cat", "@logits"]
        cw.scan("squeezenet1_1", Path(folder) / "cuts", index, layers=layers, engine="serial")
        words = ["-m", "cutaway", "serve", "--port", "0", "--no-browser", "--folder", folder]
        words += ["--index", str(index)]
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
                page.goto(url.replace("/?", "/live?method=channels&layer=fire4.cat&k=33&"))
                page.locator(".tiles button").nth(63).wait_for()
                page.wait_for_timeout(3000)
                save(page.screenshot(), "serve-channels")
                page.goto(url.replace("/?", "/explain?"))
                page.locator("input[type=file]").set_input_files(CAT)
                page.locator(".card[data-state=done]").nth(5).wait_for()
                page.set_viewport_size({"width": 1360, "height": 980})
                page.wait_for_timeout(500)
                save(page.screenshot(), "serve-explain")
                photo = page.url.partition("/explain/")[2].partition("?")[0]
                page.get_by_role("radio", name="Mask").check(force=True)
                page.get_by_label("From").fill("0.35")
                page.locator("[data-energy]").nth(5).wait_for()
                page.set_viewport_size({"width": 1360, "height": 940})
                page.wait_for_timeout(500)
                save(page.screenshot(), "serve-mask")
                layers_and_unit(page, url.partition("/?")[0], photo)
                page.goto(url.partition("/?")[0] + "/atlas/cuts.index")
                page.locator(".plane-host[data-method=tsne][data-still='']").wait_for(timeout=120_000)
                page.set_viewport_size({"width": 1360, "height": 860})
                page.locator(".legend button", has_text="coffee").click()
                page.locator(".standing img").last.wait_for()
                page.wait_for_timeout(2000)
                save(page.screenshot(), "serve-atlas")
                made_in_the_studio(page, url.partition("/?")[0], photo)
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)


def layers_and_unit(page: Page, base: str, photo: str) -> None:
    """Photograph the table of layers, and a unit."""
    page.set_viewport_size({"width": 1360, "height": 700})
    page.goto(f"{base}/layers?i={photo}")
    page.locator("tr.layer").first.wait_for()
    page.wait_for_load_state("networkidle")
    save(page.screenshot(), "serve-layers")
    page.set_viewport_size({"width": 1360, "height": 1180})
    page.goto(f"{base}/layers/fire5.cat/110?i={photo}")
    for name in ("positive", "negative"):
        page.locator(f"[data-make={name}]").click()
        page.locator(f"[data-image={name}] canvas[data-ready]").wait_for(timeout=120_000)
    page.locator("[data-way=guided] canvas[data-ready]").wait_for()
    page.wait_for_timeout(500)
    save(page.screenshot(), "serve-unit")


def made_in_the_studio(page: Page, base: str, photo: str) -> None:
    """Dream twice and make some channels strong; photograph a step of a dream, and the list of all."""
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
    Image.open(io.BytesIO(data)).convert("RGB").save(PICTURES / f"{name}.jpg", quality=86, optimize=True)
    print(PICTURES / f"{name}.jpg")


if __name__ == "__main__":
    main()
