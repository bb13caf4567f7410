"""Layers, in a real browser: the table, and the grid of channels."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

import cutaway as cw
from cutaway.network.load import load
from cutaway.view.colormap import table
from tests.web.served import CAT, ROOT, Served
from tests.web.watched import no_serious_barrier, watched

PHOTOS = ROOT / "examples" / "photos"


@pytest.fixture
def page(browser, scanned: Served):
    with watched(browser, 1000) as one:
        one.goto(scanned.url.replace("/?", "/layers?"))
        one.locator("tr.layer").first.wait_for()
        yield one


@pytest.fixture(scope="module")
def network():
    return load("squeezenet1_1")


def test_the_table_is_that_of_layers_with_its_flow(page, network):
    rows = cw.layers(network).rows
    shown = page.locator("tr.layer")
    expect(shown).to_have_count(len(rows))
    for at, told in enumerate(rows):
        words = shown.nth(at).locator("th, td").all_inner_texts()[1:5]
        assert words[:3] == [told[1], told[2], told[3]]
        assert words[3] == (f"{told[4]:,}" if told[4] else "–")

    def lane(name):
        return page.locator(f"tr.layer[data-layer='{name}'] circle").get_attribute("cx")

    assert lane("fire2.expand1x1") != lane("fire2.expand3x3") == lane("fire2.squeeze"), (
        "a fire module branches"
    )
    expect(page.locator("tr.layer[data-layer='fire2.cat'] .joins")).to_have_count(1)
    expect(page.locator("tr.layer[data-layer='fire2.cat'] td").first).to_have_text(
        "reads fire2.expand1x1_activation, fire2.expand3x3_activation"
    )


def test_search_and_keys(page, scanned):
    page.keyboard.press("/")
    page.keyboard.type("fire5 conv")
    expect(page.locator("tr.layer")).to_have_count(3)
    assert "q=fire5+conv" in page.url
    page.reload()
    expect(page.locator("tr.layer")).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("fire5.squeeze")
    page.keyboard.press("]")
    expect(page.locator("h1")).to_have_text("fire5.squeeze_activation")
    page.keyboard.press("[")
    page.keyboard.press("[")
    expect(page.locator("h1")).to_have_text("fire4.cat")
    page.go_back()
    expect(page.locator("h1")).to_have_text("fire5.squeeze")
    page.keyboard.press("Escape")
    expect(page.locator("tr.layer")).to_have_count(66)
    page.goto(f"{scanned.base}/layers/fire5")
    expect(page.locator("h1")).to_have_text("fire5.cat")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()


def _maps(scanned: Served, layer: str, photo: str):
    body = scanned.ask("GET", f"/api/layers/{layer}/maps?i={photo}").body
    length = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + length])
    count = int(np.prod(head["shape"]))
    assert head["packing"] == "half"
    most = max(abs(head["low"]), abs(head["high"])) or 1.0
    values = np.frombuffer(body, "<f2", count, 4 + length).astype(np.float32).reshape(head["shape"]) * most
    return head, values


@pytest.mark.parametrize("layer", ["conv1", "fire5.cat", "relu10", "dropout"])
def test_the_numbers_are_those_of_activations(scanned, network, layer):
    """To what half floats hold: a share of 2⁻¹¹ of each number, and 2⁻²⁴ of the largest."""
    if layer == "dropout":
        layer = next(one.name for one in network.layers if len(one.shape) == 2)
    head, values = _maps(scanned, layer, scanned.photo())
    right = cw.activations(network, CAT, layer).values
    np.testing.assert_allclose(
        values, right.reshape(values.shape), rtol=2**-10.9, atol=2**-23 * float(np.abs(right).max())
    )
    assert (head["low"], head["high"]) == pytest.approx((float(right.min()), float(right.max())), rel=1e-5)
    made: dict = {}
    exec(head["code"].replace(".show()", "").replace("\n\n", "\nsheet = "), made)
    assert made["sheet"].values.shape == right.shape


def test_the_grid_is_sorted_and_coloured_by_these_numbers(page, scanned, network):
    page.goto(f"{scanned.base}/layers/fire5.cat?i={scanned.photo()}")
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(256)
    values = cw.activations(network, CAT, "fire5").values
    strongest = [int(k) for k in np.argsort(-values.max((1, 2)), kind="stable")]

    def order():
        return [
            int(k) for k in page.eval_on_selector_all(".tile", "all => all.map((one) => one.dataset.unit)")
        ]

    assert order()[:40] == strongest[:40]
    expect(tiles.first.locator("canvas[data-ready]")).to_be_visible()
    sent = page.eval_on_selector(
        ".tile canvas",
        "one => btoa(String.fromCharCode(...one.getContext('2d').getImageData(0, 0, one.width, one.height).data))",
    )
    drawn = np.frombuffer(base64.b64decode(sent), np.uint8).reshape(*values.shape[1:], 4)[..., :3].astype(int)
    share = (values[strongest[0]] - values.min()) / (values.max() - values.min())
    right = table("inferno")[(share * 255 + 0.5).astype(int)].astype(int)
    assert np.abs(drawn - right).max() <= 4, "one step of the table, where half floats round"
    assert (drawn == right).mean() > 0.98
    expect(page.locator(".legend p")).to_contain_text(
        re.compile(r"256 channels of 27 × 42.*One scale for all: 0 …")
    )

    page.locator("[data-sort]").select_option("index")
    expect(page.locator(".tile").first).to_have_attribute("data-unit", "0")
    page.locator("[data-sort]").select_option("similar")
    page.get_by_label("Channel that others are likened to").fill("110")
    page.keyboard.press("Enter")
    expect(page.locator(".tile").first).to_have_attribute("data-unit", "110")
    with np.errstate(invalid="ignore"):
        r = np.nan_to_num(np.corrcoef(values.reshape(256, -1))[110], nan=-2)
    assert order()[1:12] == [int(k) for k in np.argsort(-r, kind="stable") if k != 110][:11]
    assert "sort=similar" in page.url
    assert "near=110" in page.url
    page.get_by_role("radio", name="Each its own").check()
    expect(page.locator(".legend p")).to_contain_text("brightness cannot be compared")
    page.locator(".tile[data-unit='110']").click()
    expect(page.locator("h1")).to_have_text("Channel 110")


def test_photos_come_from_the_usual_sources(page, scanned):
    page.goto(f"{scanned.base}/layers/fire5.cat")
    page.get_by_role("button", name="A cup of coffee").click()
    expect(page.locator(".tile")).to_have_count(256)
    assert re.search(r"/layers/fire5.cat\?i=[0-9a-f]{16}", page.url)
    page.locator("input[type=file]").first.set_input_files(CAT)
    expect(page).to_have_url(re.compile(f"i={scanned.photo()}"))
    page.go_back()
    page.go_back()
    expect(page.locator(".well")).to_be_visible()


def test_layers_with_any_names_and_without_maps(browser, tmp_path):
    """A module may be registered under any text; what has no plain name is known by its place in the table."""
    file = tmp_path / "odd.py"
    file.write_text(
        "import torch, cutaway\nfrom torch import nn\n"
        "class Odd(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        one, other = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1)\n"
        "        self.parts = nn.ModuleDict({'left / right': one, 'ветвь': other})\n"
        "        self.head = nn.Linear(4, 2)\n"
        "    def forward(self, x):\n"
        "        a = self.parts['left / right'](x).relu()\n"
        "        b = a + self.parts['ветвь'](a)\n"
        "        return self.head(b.mean((2, 3)))\n"
        "def build():\n"
        "    torch.manual_seed(0)\n"
        "    return cutaway.Network(Odd(), cutaway.Preprocessing(size=32), ['cat', 'dog'])\n"
    )
    served = Served(tmp_path / "kept", "--model", f"{file}:build")
    try:
        layers = served.ask("GET", "/api/layers").json["layers"]
        assert [one["id"] for one in layers] == [":0", "relu", ":2", "add", "mean", "head"]
        assert layers[0]["name"] == "parts.left / right"
        photo = served.photo()
        context = browser.new_context(locale="en-US")
        one = context.new_page()
        one.goto(served.url.replace("/?", f"/layers/%3A2/1?i={photo}&"))
        expect(one.locator(".facts")).to_contain_text("parts.ветвь")
        expect(one.locator("[data-name=box]")).to_have_count(1)
        expect(one.get_by_role("article", name="In a data set")).to_contain_text("cutaway serve --model")
        one.keyboard.press("]")
        expect(one.locator("h1")).to_have_text("add")
        one.keyboard.press("]")
        expect(one.locator(".tile")).to_have_count(4)
        expect(one.locator(".legend p")).to_contain_text("4 channels of a single number")
        context.close()
        for path, status in (
            (f"/api/layers/:9/maps?i={photo}", 422),
            (f"/api/layers/nothing/maps?i={photo}", 422),
            (f"/api/layers/add/units/4/votes?i={photo}", 422),
            ("/api/layers/add/units/4/image", 422),
            (f"/api/layers/add/units/3/votes?i={photo}", 200),
            ("/api/layers/add/units/3/data", 404),
            ("/api/layers/mean/units/3/filter", 200),
            (f"/api/layers/mean/units/3/projections/guided?i={photo}", 200),
            (f"/api/layers/add/units/3/projections/guided?i={photo}&row=999&column=0", 422),
            ("/api/layers/add/maps?i=0000000000000000", 404),
        ):
            assert served.ask("GET", path).status == status, path
    finally:
        served.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_barrier(browser, scanned: Served, scheme, width):
    photo = scanned.photo()
    pages = {
        "/layers": "tr.layer >> nth=60",
        "/layers/fire5.cat": ".thumbs >> nth=0",
        f"/layers/fire2.squeeze?i={photo}&sort=similar": ".tile canvas[data-ready] >> nth=3",
        f"/layers/fire5.cat/110?i={photo}": "[data-way=guided] canvas[data-ready]",
        f"/layers/nowhere?i={photo}": ".trouble",
    }
    places = [(scanned, place, ready) for place, ready in pages.items()]
    no_serious_barrier(browser, scheme, width, places)
