"""Live beyond classes: channels, styles, films; in a real browser whose camera plays a film of a cat."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cutaway.faststyle.style_file import write_style
from cutaway.faststyle.transformer import Transformer
from tests.web.served import CAT, ROOT, Served
from tests.web.watched import watched

SIZE = {"width": 1440, "height": 900}


@pytest.fixture
def page(browser, explorer: Served):
    with watched(browser) as one:
        one.goto(explorer.url)
        yield one


@pytest.fixture(scope="module")
def painting(tmp_path_factory) -> Iterator[Served]:
    """An explorer with a style."""
    folder = tmp_path_factory.mktemp("painting")
    write_style(folder / "wave.safetensors", Transformer(4, 1, seed=0), {"name": "wave"})
    served = Served(folder / "kept", "--painter", str(folder / "wave.safetensors"))
    yield served
    served.stop()


def test_channels_of_a_layer(page, explorer: Served):
    page.get_by_role("radio", name="Channels", exact=True).check(force=True)
    expect(page.get_by_role("img", name="64 channels of fire9.cat, on one scale")).to_be_visible()
    expect(page.locator(".pages")).to_have_text(re.compile("0–63 of 512"))
    page.get_by_role("button", name="channel 9", exact=True).click()
    expect(page).to_have_url(re.compile(r"k=9\b"))
    expect(page.get_by_role("img", name=re.compile("^Channel 9 of fire9.cat, up to"))).to_be_visible()
    link = page.get_by_role("link", name="channel 9")
    assert link.get_attribute("href").startswith("/layers/fire9.cat/9")
    page.get_by_role("button", name="channel 9", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"k=17\b"))
    page.get_by_role("button", name="Channels after").click()
    expect(page).to_have_url(re.compile("first=64"))
    expect(page.get_by_role("button", name="channel 127", exact=True)).to_be_visible()
    page.get_by_label("Layer").select_option("fire4.cat")
    expect(page.get_by_role("img", name="64 channels of fire4.cat, on one scale")).to_be_visible()
    expect(page.locator(".pages")).to_have_text(re.compile("0–63 of 256"))
    page.reload()
    expect(page.get_by_label("Layer")).to_have_value("fire4.cat")
    expect(page.get_by_role("img", name="64 channels of fire4.cat, on one scale")).to_be_visible()
    page.locator(".answer", has_text="Egyptian cat").click()
    expect(
        page.get_by_role("img", name=re.compile("^CAM: where the network sees Egyptian cat"))
    ).to_be_visible()


def test_the_strongest_channel_is_named_and_held(page):
    page.get_by_role("radio", name="Strongest").check(force=True)
    link = page.locator(".pane").nth(1).locator("a.unit")
    expect(link).to_have_text(re.compile(r"^channel \d+$"))
    expect(
        page.get_by_role("img", name=re.compile(r"^Channel \d+ of fire9.cat, up to [\d.]+$"))
    ).to_be_visible()
    seen = []
    for _ in range(12):
        seen.append(link.text_content())
        page.wait_for_timeout(50)
    changes = sum(one != other for one, other in itertools.pairwise(seen))
    assert changes <= 2, "held for some frames"


def test_without_a_style_the_page_says_what_to_type(page):
    page.get_by_role("radio", name="Style").check(force=True)
    expect(page.locator(".typed").last).to_have_text("cutaway serve --painter painting.safetensors")


def test_a_style_and_its_strength_without_a_round_trip(browser, painting: Served):
    """A film of one photo: what is sent does not change with the slider, what is seen does."""
    context = browser.new_context(viewport=SIZE, locale="en-US", bypass_csp=True)
    one = context.new_page()
    one.goto(painting.url.replace("/?", "/live?method=style&"))
    one.get_by_role("img", name="Painted in the style wave").wait_for()
    one.get_by_role("button", name="Pause").click()
    one.wait_for_timeout(600)
    pixels = """() => { const all = document.querySelectorAll('.pane')[1].querySelector('canvas');
        return Array.from(all.getContext('2d').getImageData(40, 40, 16, 16).data); }"""
    sent: list[object] = []
    one.on("websocket", lambda link: sent.append(link))
    seen = {}
    for strength in ("1", "0.5", "0"):
        one.get_by_role("slider", name="Paint").fill(strength)
        expect(one.locator(".slider output")).to_have_text(f"{round(100 * float(strength))} %")
        one.wait_for_timeout(150)
        seen[strength] = np.array(one.evaluate(pixels), float)
    assert np.abs(seen["1"] - seen["0"]).mean() > 3
    assert np.abs(seen["0.5"] - (seen["1"] + seen["0"]) / 2).max() <= 2
    assert not sent
    context.close()


def test_ten_seconds_at_most_as_a_film(page, tmp_path):
    page.locator("[data-fps]").wait_for()
    page.keyboard.press("r")
    expect(page.locator(".recorded")).to_have_attribute("data-kind", "recording")
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Stop").click()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save").click()
    file = tmp_path / saving.value.suggested_filename
    saving.value.save_as(file)
    assert file.name == "cutaway-live.webm"
    with av.open(str(file)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) >= 3
    assert frames[-1].shape[1] > 2 * frames[-1].shape[0], "frame and map, side by side"
    left, right = frames[-1][:360, :500], frames[-1][:360, -500:]
    assert min(left.std(), right.std()) > 10
    assert np.abs(left.astype(int) - right).mean() > 15
    page.get_by_role("button", name="Throw away").click()
    expect(page.locator(".recorded")).to_be_hidden()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A second of a cup of coffee."""
    path = tmp_path_factory.mktemp("film") / "coffee.webm"
    coffee = Image.open(ROOT / "examples" / "photos" / "coffee.png").convert("RGB").resize((320, 240))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 240, "yuv420p", 2_000_000
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(coffee), format="rgb24")))
        container.mux(stream.encode())
    return path


def test_a_film_and_a_photo_instead_of_the_camera(page, film):
    page.locator("[data-fps]").wait_for()
    page.locator(".acts input[type=file]").set_input_files(film)
    expect(page.locator(".answer").first).to_contain_text("espresso")
    expect(page.locator(".pane").first).to_contain_text("coffee.webm")
    page.locator(".acts input[type=file]").set_input_files(CAT)
    expect(page.locator(".answer").first).to_contain_text("Egyptian cat")
    page.get_by_role("radio", name="Grad-CAM").check(force=True)
    expect(
        page.get_by_role("img", name=re.compile("^Grad-CAM: where the network sees Egyptian cat"))
    ).to_be_visible()
    page.locator(".acts input[type=file]").set_input_files(
        {"name": "x.mp4", "mimeType": "video/mp4", "buffer": b"no film"}
    )
    expect(page.locator(".said")).to_have_text("x.mp4: the browser cannot show this file")
    expect(page.locator(".pane").first).to_contain_text("chelsea.png")
    page.get_by_role("button", name="Camera").click()
    expect(page.locator(".pane").first).to_contain_text("Camera")
    expect(page.locator(".answer").first).to_contain_text("Egyptian cat")
