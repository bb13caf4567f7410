"""Explain, in a real browser."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cutaway.attribution.cam import CAM
from cutaway.images.read import read
from cutaway.network.load import load
from cutaway.objectives.class_logit import class_logit
from cutaway.view.heatmap import Heatmap
from cutaway.view.scale import Range
from tests.web.served import CAT, Served
from tests.web.watched import no_serious_barrier, watched


@pytest.fixture
def page(browser, explorer: Served):
    with watched(browser) as one:
        one.goto(explorer.url.replace("/?", "/explain?"))
        yield one


def _done(page, count=6):
    expect(page.locator(".card[data-state=done]")).to_have_count(count, timeout=120_000)


def test_a_file_its_classes_and_another_question(page, explorer: Served):
    page.locator("input[type=file]").set_input_files(CAT)
    _done(page)
    assert page.url.endswith(f"/explain/{explorer.photo()}"), "the id is the hash of its pixels"
    expect(page.locator(".question")).to_have_text("Where is the evidence for Egyptian cat?")
    expect(page.locator(".answer").first).to_contain_text("59.2%")
    card = page.get_by_role("article", name="Grad-CAM", exact=True)
    expect(card).to_contain_text("at fire9.cat")
    expect(card.get_by_role("img", name="Grad-CAM: where the network sees Egyptian cat")).to_be_visible()
    expect(card.locator(".trust div", has_text="in the strongest tenth").locator("dd")).to_have_text(
        re.compile(r"^\d+%$")
    )
    page.locator(".answer", has_text="lynx").click()
    expect(page.locator(".question")).to_have_text("Where is the evidence for lynx?")
    expect(card.get_by_role("img", name="Grad-CAM: where the network sees lynx")).to_be_visible()
    address = page.url
    other = page.context.new_page()
    other.goto(address)
    expect(other.locator(".question")).to_have_text("Where is the evidence for lynx?")
    _done(other)
    other.close()
    page.reload()
    expect(page.locator(".question")).to_have_text("Where is the evidence for lynx?")
    page.go_back()
    expect(page.locator(".question")).to_have_text("Where is the evidence for Egyptian cat?")
    page.go_back()
    expect(page.locator(".well")).to_be_visible()


def test_predicted_against_true_on_one_scale(page):
    page.get_by_role("button", name="A cup of coffee").click()
    _done(page)
    page.get_by_label("What it really is").fill("cup")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("t=968"))
    card = page.get_by_role("article", name="CAM", exact=True)
    expect(card.locator("canvas[data-ready]")).to_have_count(2)
    expect(card.locator("figcaption").nth(1)).to_have_text("true: cup")
    page.get_by_label("What it really is").fill("no such class")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("t=968"))


def test_a_slow_method_is_a_job_that_can_be_cancelled(page):
    page.get_by_role("button", name="A cat").click()
    _done(page)
    page.locator("[data-add=rise]").click()
    card = page.get_by_role("article", name="RISE")
    expect(card.locator("progress")).to_be_visible()
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Cancelled", timeout=120_000)
    card.get_by_role("button", name="Remove RISE").click()
    page.locator("[data-add=smooth-grad]").click()
    _done(page, 7)
    assert "smooth-grad" in page.url


def test_dropped_pasted_and_refused(browser, explorer: Served):
    """Data cannot be dropped from outside of the browser: the page's policy is off, so that a script can do it."""
    context = browser.new_context(bypass_csp=True, locale="en-US")
    one = context.new_page()
    one.goto(explorer.url.replace("/?", "/explain?"))
    one.locator(".well").wait_for()
    data = base64.b64encode(CAT.read_bytes()).decode()
    given = """([data, kind, type]) => {
        const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
        const all = new DataTransfer();
        all.items.add(new File([bytes], 'x', { type }));
        const usual = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(kind === 'paste'
            ? new ClipboardEvent('paste', { ...usual, clipboardData: all })
            : new DragEvent('drop', { ...usual, dataTransfer: all })); }"""
    for kind in ("drop", "paste"):
        one.evaluate(given, [data, kind, "image/png"])
        expect(one).to_have_url(re.compile(f"/explain/{explorer.photo()}"))
        one.get_by_role("link", name="Explain").click()
        one.locator(".well").wait_for()
    one.evaluate(given, [base64.b64encode(b"<svg/>").decode(), "drop", "image/svg+xml"])
    expect(one.locator(".said")).to_contain_text("the photo: ")
    context.close()


def test_a_photo_that_is_gone_is_told(browser, explorer: Served):
    context = browser.new_context(locale="en-US")
    one = context.new_page()
    one.goto(explorer.url.replace("/?", "/explain/0123456789abcdef?"))
    expect(one.get_by_role("alert")).to_contain_text("give it again")
    expect(one.locator(".well")).to_be_visible()
    context.close()


def test_colours_and_copies_are_those_of_python(browser, explorer: Served):
    """What the browser draws is what Heatmap draws, to a rounding; and what is copied is that."""
    context = browser.new_context(
        bypass_csp=True, locale="en-US", permissions=["clipboard-read", "clipboard-write"]
    )
    one = context.new_page()
    one.goto(explorer.url.replace("/?", f"/explain/{explorer.photo()}?methods=cam&"))
    card = one.get_by_role("article", name="CAM")
    expect(card).to_have_attribute("data-state", "done")
    card.get_by_role("button", name=re.compile("Copy picture")).click()
    expect(one.locator(".said")).to_have_text("Picture copied")
    copied = one.evaluate(
        """async () => {
        const [one] = await navigator.clipboard.read();
        const bytes = new Uint8Array(await (await one.getType('image/png')).arrayBuffer());
        return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join('')); }"""
    )
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(copied))).convert("RGB")).astype(int)
    network, photo = load("squeezenet1_1"), read(CAT)
    images = network.prepare(photo)
    values = CAM()(network, images, class_logit(285))[0, 0].numpy()
    lattice = network.layer("relu10", images).field.lattice
    heat = Heatmap(
        values,
        photo=photo,
        placement=images.places[0].placement(lattice),
        scale=Range(0.0, float(values.max()), "cell"),
    )
    right = np.asarray(heat.tile().convert("RGB")).astype(int)
    assert drawn.shape == right.shape
    assert np.abs(drawn - right).max() <= 3
    assert np.abs(drawn - right).mean() < 0.6
    card.get_by_role("button", name=re.compile("Copy code")).click()
    code = one.evaluate("navigator.clipboard.readText()")
    made: dict = {}
    exec(
        code.removesuffix(".show()").replace("\n\n", "\nsheet = ", 1).replace("sheet = import", "import"),
        made,
    )
    assert made["sheet"].provenance["methods"][0]["method"] == "CAM"
    card.get_by_role("button", name=re.compile("Copy link")).click()
    assert one.evaluate("navigator.clipboard.readText()") == one.url
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_barrier_in_any_room(browser, explorer: Served, scheme, width):
    rooms = {
        "/live": "[data-fps]",
        "/live?method=channels&k=3": ".tiles >> button >> nth=63",
        "/live?method=style": ".typed >> nth=1",
        "/explain": ".thumbs >> nth=0",
        f"/explain/{explorer.photo()}?t=282": ".card[data-state=done] >> nth=5",
        f"/explain/{explorer.photo()}/mask": ".sheet canvas[data-ready]",
        f"/explain/{explorer.photo()}/mask?how=hand&shapes=r200.100.600.800": ".sheet canvas[data-ready]",
    }
    places = [(explorer, place, ready) for place, ready in rooms.items()]
    no_serious_barrier(browser, scheme, width, places)


def test_theme_language_help_and_keys(page):
    root = page.locator("html")
    page.get_by_role("button", name="Theme: as the system").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Theme: light").click()
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_label("Language").select_option("zh")
    expect(page.get_by_role("heading", name="解释一张照片")).to_be_visible()
    expect(root).to_have_attribute("lang", "zh")
    page.get_by_label("语言").select_option("ru")
    page.reload()
    expect(page.get_by_role("heading", name="Объяснить фото")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("1")
    expect(page).to_have_url(re.compile("/live$"))
    page.keyboard.press("2")
    expect(page).to_have_url(re.compile("/explain$"))
    page.keyboard.press("Tab")
    expect(page.locator("main")).to_be_visible()
