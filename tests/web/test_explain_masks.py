"""Masks: of a map, as segment makes them; and drawn, with how much of each map's evidence lies inside."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import cutaway as cw
from cutaway.attribution.cam import CAM
from cutaway.attribution.trust import trust
from cutaway.images.read import read
from cutaway.network.load import load
from cutaway.objectives.class_logit import class_logit
from tests.web.served import CAT, Served

# Its map of "bright" is how bright a place is.
BRIGHT = """
import cutaway, torch
from torch import nn

def build():
    layers = nn.Conv2d(3, 1, 1, bias=False), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2)
    net = nn.Sequential(*layers)
    with torch.no_grad():
        net[0].weight.fill_(1 / 3)
        net[4].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        net[4].bias.zero_()
    settings = cutaway.Preprocessing(size=32, mean=(0, 0, 0), std=(1, 1, 1))
    return cutaway.Network(net, settings, ["bright", "dark"])
"""


@pytest.fixture(scope="module")
def bright(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("bright")
    (folder / "one.py").write_text(BRIGHT)
    served = Served(folder / "kept", "--model", f"{folder / 'one.py'}:build")
    yield served
    served.stop()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    one = context.new_page()
    faults: list[str] = []
    one.on("pageerror", lambda error: faults.append(str(error)))
    yield one
    context.close()
    assert faults == []


def _half_white() -> bytes:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, :16] = 255
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def _inside(page, method: str):
    return page.locator(f"tr[data-method='{method}'] [data-energy]")


@pytest.mark.parametrize(
    ("shapes", "energy", "place"),
    [
        ("r0.0.500.1000", "1.0000", "in"),
        ("r500.0.1000.1000", "0.0000", "out"),
        ("r0.0.1000.500", "0.5000", "in"),
        ("r0.0.250.1000", "0.5000", "in"),
        ("r250.500.1000.1000", "0.2500", "out"),
        ("r0.0.500.1000_r0.0.1000.1000", "1.0000", "in"),
    ],
)
def test_evidence_inside_a_drawn_mask(page, bright: Served, shapes, energy, place):
    """A photo white at the left, and a network that sees white: a share of it is a share of the left half."""
    photo = bright.photo(_half_white())
    page.goto(
        bright.url.replace("/?", f"/explain/{photo}/mask?how=hand&methods=cam,grad-cam&shapes={shapes}&")
    )
    for method in ("cam", "grad-cam"):
        expect(_inside(page, method)).to_have_attribute("data-energy", energy)
    expect(page.locator("tr[data-method=cam] td").nth(1)).to_have_text(place)


def test_a_rectangle_a_brush_and_a_rubber_of_the_hand(page, bright: Served):
    photo = bright.photo(_half_white())
    page.goto(bright.url.replace("/?", f"/explain/{photo}/mask?how=hand&methods=cam&"))
    canvas = page.locator(".sheet canvas")
    expect(page.locator(".stage")).to_contain_text("Nothing is drawn yet.")
    at = canvas.bounding_box()
    page.mouse.move(at["x"] + 1, at["y"] + 1)
    page.mouse.down()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2, steps=3)
    expect(_inside(page, "cam")).to_have_attribute("data-energy", "0.5000")
    page.mouse.up()
    expect(page).to_have_url(re.compile("shapes=r"))
    expect(page.locator(".stage")).to_contain_text("25.0% of the photo, box 0, 0, 16, 16")
    page.get_by_label("right %").fill("25")
    page.get_by_label("right %").press("Enter")
    expect(_inside(page, "cam")).to_have_attribute("data-energy", "0.2500")
    page.reload()
    expect(_inside(page, "cam")).to_have_attribute("data-energy", "0.2500")
    page.get_by_role("radio", name="Brush").check(force=True)
    page.mouse.move(at["x"] + 0.1 * at["width"], at["y"] + 0.9 * at["height"])
    page.mouse.down()
    page.mouse.move(at["x"] + 0.4 * at["width"], at["y"] + 0.9 * at["height"], steps=6)
    page.mouse.up()
    expect(page).to_have_url(re.compile("_b60"))
    assert float(_inside(page, "cam").get_attribute("data-energy")) > 0.26
    page.get_by_role("button", name="Undo").click()
    expect(_inside(page, "cam")).to_have_attribute("data-energy", "0.2500")
    page.get_by_role("radio", name="Rubber").check(force=True)
    page.mouse.move(at["x"] + 0.02 * at["width"], at["y"] + 0.1 * at["height"])
    page.mouse.down()
    page.mouse.move(at["x"] + 0.22 * at["width"], at["y"] + 0.1 * at["height"], steps=6)
    page.mouse.up()
    expect(page).to_have_url(re.compile("_e60"))
    assert float(_inside(page, "cam").get_attribute("data-energy")) < 0.245
    page.go_back()
    expect(_inside(page, "cam")).to_have_attribute("data-energy", "0.2500")


def test_what_lies_inside_is_what_trust_says(page, explorer: Served):
    page.goto(
        explorer.url.replace(
            "/?", f"/explain/{explorer.photo()}/mask?how=hand&methods=cam&shapes=r200.100.600.800&"
        )
    )
    expect(_inside(page, "cam")).to_have_attribute("data-energy", re.compile("0"))
    network = load("squeezenet1_1")
    images = network.prepare(read(CAT))
    h, w = images.shape[2:]
    box = (round(0.1 * h), round(0.2 * w), round(0.8 * h), round(0.6 * w))
    maps = CAM()(network, images, class_logit(285))
    (right,) = trust(network, images, class_logit(285), CAM(), maps, box=box)
    assert float(_inside(page, "cam").get_attribute("data-energy")) == pytest.approx(right.energy, abs=0.01)
    words = page.locator("tr[data-method=cam] td").nth(1)
    expect(words).to_have_text("in" if right.pointing else "out")


def _told(page) -> tuple[float, list[int]]:
    text = page.locator(".stage figcaption span").first.inner_text()
    share, box = re.fullmatch(r"([\d.]+)% of the photo, box ([\d, ]+) \(.*", text).groups()
    return float(share), [int(one) for one in box.split(", ")]


def test_a_threshold_is_that_of_segment_and_its_slider_asks_nothing(page, explorer: Served):
    photo = explorer.photo()
    page.goto(explorer.url.replace("/?", f"/explain/{photo}/mask?methods=cam&l=0.35&"))
    page.locator(".sheet canvas[data-ready]").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    for level in (0.35, 0.5, 0.6):
        page.get_by_label("From").fill(str(level))
        expect(page.locator(".panel .slider output")).to_have_text(f"{round(100 * level)}%")
        right = cw.segment("squeezenet1_1", CAT, target=285, method="cam", how="share", level=level)
        share, box = _told(page)
        assert share == pytest.approx(100 * right.provenance["mask"]["area"], abs=0.6)
        np.testing.assert_allclose(box, right.provenance["mask"]["box"], atol=2)
    assert asked == []
    page.get_by_label("From").fill("1")
    expect(page.locator(".stage")).to_contain_text("Nothing is above this level.")


@pytest.mark.parametrize("how", ["otsu", "grabcut"])
def test_a_mask_of_the_server_is_that_of_segment(page, explorer: Served, how):
    if how == "grabcut":
        pytest.importorskip("cv2")
    photo = explorer.photo()
    sent = explorer.ask("GET", f"/api/photos/{photo}/masks/{how}?c=285&method=cam").body
    right = cw.segment("squeezenet1_1", CAT, target=285, method="cam", how=how)
    mask = np.asarray(Image.open(io.BytesIO(sent)))
    assert set(np.unique(mask)) == {0, 255}
    assert (mask > 0).mean() == pytest.approx(right.provenance["mask"]["area"], abs=0.003)
    page.goto(explorer.url.replace("/?", f"/explain/{photo}/mask?how={how}&methods=cam&"))
    page.locator(".sheet canvas[data-ready]").wait_for()
    share, box = _told(page)
    assert share == pytest.approx(100 * right.provenance["mask"]["area"], abs=0.6)
    np.testing.assert_allclose(box, right.provenance["mask"]["box"], atol=2)


def test_a_slow_map_of_the_masks_is_cancelled_asked_again_and_not_cut_by_otsu(page, explorer: Served):
    held: list[str] = []
    page.on("request", lambda request: held.append(request.url) if "/events" in request.url else None)
    address = explorer.url.replace("/?", f"/explain/{explorer.photo()}/mask?methods=rise,cam&")
    with page.expect_response(lambda one: one.request.method == "POST" and "/api/jobs" in one.url) as given:
        page.goto(address)
    explorer.ask("DELETE", f"/api/jobs/{given.value.json()['id']}")
    again = page.locator("tr[data-method=rise]").get_by_role("button")
    expect(again).to_be_visible(timeout=120_000)
    expect(page.locator(".stage")).to_contain_text("Cancelled")
    again.click()
    expect(again).to_have_count(0)
    page.get_by_role("radio", name="Otsu").check(force=True)
    expect(page.locator("option[value=rise]")).to_be_disabled()
    expect(page.locator(".panel select")).to_have_value("cam")
    page.get_by_role("radio", name="Otsu").press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Atlas: draw a lasso around photos")
    assert held == [], "no connection is held open for a job"


@pytest.mark.parametrize(
    ("path", "status"),
    [("otsu?c=285&method=rise", 422), ("share?c=1&method=cam", 422), ("otsu?c=9999&method=cam", 404)],
)
def test_masks_that_are_not_made_are_told(explorer: Served, path, status):
    answer = explorer.ask("GET", f"/api/photos/{explorer.photo()}/masks/{path}")
    assert answer.status == status
    assert answer.json["detail"]


def test_copied_code_makes_the_same_mask(browser, explorer: Served):
    context = browser.new_context(
        bypass_csp=True, locale="en-US", permissions=["clipboard-read", "clipboard-write"]
    )
    one = context.new_page()
    base = explorer.url.replace("/?", f"/explain/{explorer.photo()}/mask?methods=cam&l=0.4&")
    one.goto(base)
    one.locator(".sheet canvas[data-ready]").wait_for()
    one.get_by_role("button", name="Copy code").click()
    code = one.evaluate("navigator.clipboard.readText()")
    assert "cutaway.segment(cutaway.load('squeezenet1_1'), '" in code
    assert code.endswith("target=285, method='cam', how='share', level=0.4).show()")
    one.goto(
        explorer.base
        + f"/explain/{explorer.photo()}/mask?how=hand&methods=cam&shapes=r200.100.600.800_b60.700.300.800.500"
    )
    expect(_inside(one, "cam")).to_have_attribute("data-energy", re.compile("0"))
    one.get_by_role("button", name="Copy code").click()
    made: dict = {}
    code = one.evaluate("navigator.clipboard.readText()")
    head, _, last = code.rpartition("\n")
    exec(f"{head}\npicture = {last.removesuffix('.show()')}", made)
    share, _ = _told(one)
    assert 100 * made["picture"].values.mean() == pytest.approx(share, abs=0.5)
    context.close()
