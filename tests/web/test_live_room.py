"""Live, in a real browser whose camera plays a film of a cat."""

from __future__ import annotations

import re
import socket
import time

import pytest
from playwright.sync_api import expect

from tests.web.served import Served
from tests.web.watched import watched

SIZE = {"width": 1440, "height": 900}


@pytest.fixture
def page(browser, explorer: Served):
    with watched(browser) as one:
        one.goto(explorer.url)
        yield one


def test_the_cat_is_seen_in_nearly_every_frame(browser, explorer: Served, capsys):
    context = browser.new_context(viewport=SIZE, locale="en-US")
    one = context.new_page()
    asked: list[str] = []
    sent: list[int] = []
    answers: list[bytes] = []
    one.on("request", lambda request: asked.append(request.url))
    one.on(
        "websocket",
        lambda link: (
            link.on("framesent", lambda data: sent.append(len(data))),
            link.on("framereceived", lambda data: answers.append(data)),
        ),
    )
    one.goto(explorer.url)
    meter = one.locator("[data-fps]")
    meter.wait_for()
    deadline = time.monotonic() + 120
    while len(answers) < 100 and time.monotonic() < deadline:
        one.wait_for_timeout(200)
    right = [int.from_bytes(answer[64:68], "little") == 285 for answer in answers]
    assert len(right) >= 100
    assert sum(right) >= 0.95 * len(right)
    assert all(len(answer) < 1024 for answer in answers), "an answer of CAM is small"
    assert len(sent) - len(answers) <= 1, "one frame in flight"
    assert all(url.startswith((explorer.base, "blob:")) for url in asked), "nothing from elsewhere"
    told = {name: float(meter.get_attribute(f"data-{name}")) for name in ("fps", "trip", "network")}
    with capsys.disabled():
        print(
            f" [{told['fps']:.0f} frames/s, {told['trip']:.0f} ms, of them the network {told['network']:.0f}] ",
            end="",
        )
    context.close()


def test_methods_sliders_pins_and_the_address(page, explorer: Served):
    expect(page.locator(".answer").first).to_contain_text("Egyptian cat")
    page.get_by_role("radio", name="Saliency").check(force=True)  # the button is drawn by its label
    expect(page).to_have_url(re.compile("method=saliency"))
    expect(
        page.get_by_role("img", name=re.compile("^Saliency: where the network sees Egyptian cat"))
    ).to_be_visible()
    page.get_by_label("Map", exact=True).fill("0.4")
    page.get_by_label("Colours").select_option("viridis")
    page.locator(".answers ol").hover()  # from now on the order stays
    page.locator(".answer", has_text="tiger cat").first.click()
    expect(page.get_by_role("img", name=re.compile("tiger cat"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="Saliency")).to_be_checked()
    expect(page.get_by_label("Colours")).to_have_value("viridis")
    expect(page.locator(".slider output")).to_have_text("40 %")
    expect(page.get_by_role("img", name=re.compile("Saliency.*tiger cat"))).to_be_visible()
    page.go_back()
    expect(page.get_by_role("img", name=re.compile("Saliency.*Egyptian cat"))).to_be_visible()


def test_freeze_leads_to_explain(page):
    page.locator("[data-fps]").wait_for()
    page.keyboard.press("f")
    expect(page).to_have_url(re.compile("/explain/[0-9a-f]{16}"))
    expect(page.locator(".card[data-state=done]")).to_have_count(6)
    expect(page.locator(".answer").first).to_contain_text("Egyptian cat")
    page.go_back()
    expect(page.locator("[data-fps]")).to_be_visible()


WATCHED = (
    "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); window.tracks = [];"
    "navigator.mediaDevices.getUserMedia = async (...given) =>"
    " { const stream = await open(...given); window.tracks.push(...stream.getTracks()); return stream; };"
)
STATES = "tracks.map((one) => one.readyState)"


def _hide(page, hidden: bool) -> None:
    """What a browser tells a page whose tab is covered: Chromium without a window never covers one."""
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def test_the_camera_is_released_in_every_way_of_leaving(browser, explorer: Served):
    """The page's own policy allows no script of ours: in this test alone it is off."""
    context = browser.new_context(bypass_csp=True, locale="en-US")
    context.add_init_script(WATCHED)
    one = context.new_page()
    one.goto(explorer.url.replace("/?", "/explain?"))
    one.get_by_role("link", name="Live").click()
    one.locator("[data-fps]").wait_for()
    assert one.evaluate(STATES) == ["live"]
    assert one.evaluate("tracks[0].label").endswith("cat.mjpeg")
    one.go_back()
    one.locator(".well").wait_for()
    assert one.evaluate(STATES) == ["ended"], "Back"
    one.go_forward()
    one.locator("[data-fps]").wait_for()
    _hide(one, True)
    expect(one.locator(".screen").first).to_contain_text("The camera rests while nobody looks")
    assert one.evaluate(STATES) == ["ended", "ended"], "a hidden tab"
    _hide(one, False)
    one.locator("[data-fps]").wait_for()
    assert one.evaluate(STATES)[-1] == "live", "and it is back"
    one.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert one.evaluate(STATES)[-1] == "ended", "another page, with this one kept for Back"
    one.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    one.locator("[data-fps]").wait_for()
    one.evaluate("void (HTMLMediaElement.prototype.play = () => Promise.reject(new Error('no')))")
    one.get_by_role("link", name="Explain").click()
    one.locator(".well").wait_for()
    one.get_by_role("link", name="Live").click()
    expect(one.locator("[data-kind=unsupported]")).to_be_visible()
    assert set(one.evaluate(STATES)) == {"ended"}, "a camera whose picture cannot be shown"
    context.close()


FAKE = "--use-fake-device-for-media-stream"


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ((FAKE, "--deny-permission-prompts"), "denied", "The camera was not allowed"),
        (("--use-fake-ui-for-media-stream", f"{FAKE}=device-count=0"), "none", "No camera was found"),
    ],
)
def test_a_missing_camera_is_told_in_words(launch, explorer: Served, options, kind, words):
    one = launch(*options).new_page(locale="en-US")
    faults: list[str] = []
    one.on("pageerror", lambda error: faults.append(str(error)))
    one.goto(explorer.url)
    told = one.locator(f"[data-kind={kind}]")
    expect(told).to_contain_text(words)
    told.get_by_role("button", name="Use a photo").click()
    expect(one).to_have_url(re.compile("/explain$"))
    assert not faults


def test_an_insecure_address_is_told_in_words(launch, tmp_path):
    """Over plain http from another machine, browsers hide the camera altogether."""
    served = Served(tmp_path, "--host", "0.0.0.0")
    name = socket.gethostname().lower()
    try:
        assert served.process.stdout.readline().startswith("other machines can reach this address")
        browser = launch(
            "--use-fake-ui-for-media-stream", FAKE, f"--host-resolver-rules=MAP {name} 127.0.0.1"
        )
        one = browser.new_page(locale="en-US")
        one.goto(served.url.replace("127.0.0.1", name))
        expect(one.locator("[data-kind=insecure]")).to_contain_text("Open http://localhost")
        assert one.goto(served.base.replace("127.0.0.1", name)).status == 200, "the cookie holds there too"
        assert served.ask("GET", "/", key=False, host="192.168.1.7").status == 401, (
            "the token is needed by any name"
        )
    finally:
        served.stop()
