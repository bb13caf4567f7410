"""The page of a unit, in a real browser."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import cutaway as cw
from cutaway.network.load import load
from tests.web.served import CAT, ROOT, Served
from tests.web.watched import watched

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


@pytest.fixture(scope="module")
def images(network):
    return network.prepare(cw.read(CAT))


def _box(page, name):
    told = page.locator(f"[data-name={name}]").get_attribute("data-box")
    return tuple(map(int, told.split(",")))


def test_a_place_shows_its_field_and_a_pixel_what_sees_it(page, scanned, network, images):
    page.goto(f"{scanned.base}/layers/fire5.cat/110?i={scanned.photo()}")
    field, place = network.layer("fire5", images).field, images.places[0]
    values = cw.activations(network, CAT, "fire5").values[110]
    rows, columns = values.shape
    peak = np.unravel_index(int(values.argmax()), values.shape)
    expect(page.locator("[data-name=box]")).to_have_attribute(
        "data-box", ",".join(map(str, place.box(field.box(*map(int, peak)))))
    )
    page.locator(".map").scroll_into_view_if_needed()
    area = page.locator(".map").bounding_box()
    for y, x in ((0, 0), (13, 20), (26, 41), (5, 33)):
        where = ((x + 0.5) * area["width"] / columns, (y + 0.5) * area["height"] / rows)
        page.mouse.move(area["x"] + where[0], area["y"] + where[1])
        right = place.box(field.box(y, x))
        expect(page.locator("[data-name=box]")).to_have_attribute("data-box", ",".join(map(str, right)))
        assert _box(page, "cells") == (y, x, y + 1, x + 1)
        h, w = right[2] - right[0], right[3] - right[1]
        expect(page.locator(".readout")).to_contain_text(
            f"It sees {w} × {h} pixels of the photo from x {right[1]}, y {right[0]}."
        )
    photo = page.locator(".probe").first.bounding_box()
    height, width = place.photo_size
    boxes = {(y, x): place.box(field.box(y, x)) for y in range(rows) for x in range(columns)}
    for py, px in ((10, 12), (150, 225), (290, 440)):
        page.mouse.move(
            photo["x"] + (px + 0.5) * photo["width"] / width,
            photo["y"] + (py + 0.5) * photo["height"] / height,
        )
        see = [at for at, box in boxes.items() if box[0] <= py < box[2] and box[1] <= px < box[3]]
        top, left = min(y for y, _ in see), min(x for _, x in see)
        bottom, right_ = max(y for y, _ in see) + 1, max(x for _, x in see) + 1
        assert len(see) == (bottom - top) * (right_ - left)
        expect(page.locator("[data-name=cells]")).to_have_attribute(
            "data-box", f"{top},{left},{bottom},{right_}"
        )
        assert _box(page, "pixel") == (py, px, py + 1, px + 1)
        y, x = max(see, key=lambda at: values[at])
        expect(page.locator(".readout")).to_contain_text(
            f"seen by {len(see)} places, the strongest (row {y}, column {x})"
        )


def test_a_place_is_held_by_the_address_and_moved_by_keys(page, scanned, network, images):
    start = f"{scanned.base}/layers/fire5.cat/110?i={scanned.photo()}&at=3,4"
    page.goto(start)
    expect(page.locator("[data-name=cells]")).to_have_attribute("data-box", "3,4,4,5")
    page.locator("[data-probe]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-name=cells]")).to_have_attribute("data-box", "4,5,5,6")
    expect(page).to_have_url(re.compile("at=4%2C5"))
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("[data-name=cells]")).to_have_attribute("data-box", "4,5,5,6")
    other.close()
    page.reload()
    expect(page.locator("[data-name=cells]")).to_have_attribute("data-box", "4,5,5,6")
    page.locator("[data-way=deconvnet][aria-busy]").wait_for(state="detached")
    told = cw.deconv(network, CAT, "fire5", channels=[110], at=(4, 5)).provenance["units"][0]
    shown = page.locator("[data-way=deconvnet] .proof")
    expect(shown).to_contain_text(f"{abs(100 * told['fall_shown']):.0f}%")


def test_arrows_step_through_units_in_the_order_of_the_grid(page, scanned, network):
    page.goto(f"{scanned.base}/layers/fire5.cat?i={scanned.photo()}")
    page.locator(".tile").first.click()
    values = cw.activations(network, CAT, "fire5").values
    order = [int(k) for k in np.argsort(-values.max((1, 2)), kind="stable")]
    expect(page.locator("h1")).to_have_text(f"Channel {order[0]}")
    page.locator("[data-name=box]").wait_for()
    for k in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        expect(page.locator("h1")).to_have_text(f"Channel {order[k]}")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("h1")).to_have_text(f"Channel {order[2]}")
    assert f"/layers/fire5.cat/{order[2]}?" in page.url
    page.go_back()
    expect(page.locator("h1")).to_have_text("fire5.cat")
    expect(page.locator(".tile")).to_have_count(256)


def test_a_unit_moves_classes_as_a_hook_that_zeroes_it_does(scanned, network, images):
    told = scanned.ask("GET", f"/api/layers/fire9.cat/units/40/votes?i={scanned.photo()}").json
    before = network.module(images.as_subclass(torch.Tensor))[0]

    def zero(module, inputs, output):
        changed = output.clone()
        changed[:, 40] = 0
        return changed

    hook = network.module.get_submodule("features.12").register_forward_hook(zero)
    try:
        with torch.no_grad():
            after = network.module(images.as_subclass(torch.Tensor))[0]
    finally:
        hook.remove()
    falls = (before - after).detach().numpy()
    assert told["top"]["index"] == 285
    assert told["top"]["fall"] == pytest.approx(float(falls[285]), abs=1e-3)
    assert [one["index"] for one in told["helps"]][:3] == [int(k) for k in np.argsort(-falls)[:3]]
    assert [one["index"] for one in told["hurts"]][:3] == [int(k) for k in np.argsort(falls)[:3]]


def test_what_is_known_of_a_unit_of_the_first_layer(page, scanned, network, six_photos):
    """Its kernel, its projections, and what the index kept: patches with their boxes, labels, the like."""
    page.goto(f"{scanned.base}/layers/relu1/5?i={scanned.photo()}")
    kernel = page.locator(".kernels canvas[data-ready]")
    expect(kernel).to_be_visible()
    sent = kernel.evaluate("one => [...one.getContext('2d').getImageData(0, 0, 3, 3).data]")
    weight = network.module.get_parameter("features.0.weight")[5].detach().numpy().transpose(1, 2, 0)
    right = (weight - weight.min()) / (weight.max() - weight.min()) * 255
    assert np.abs(np.array(sent).reshape(3, 3, 4)[..., :3] - right).max() <= 1
    for way in ("deconvnet", "guided"):
        expect(page.locator(f"[data-way={way}] canvas[data-ready]")).to_be_visible()
    data = page.get_by_role("article", name="In a data set")
    expect(data.locator(".patch")).to_have_count(4)
    rows = six_photos.top("relu1", 5, 4)
    expect(data.locator(".patch").first).to_contain_text(rows[0].label)
    data.get_by_role("radio", name="In the photo").check()
    boxes = data.locator("[data-box]")
    expect(boxes).to_have_count(4)
    assert [boxes.nth(k).get_attribute("data-box") for k in range(4)] == [
        ",".join(map(str, row.box)) for row in rows
    ]
    loaded = "all => all.every((one) => one.complete && one.naturalWidth > 0)"
    page.wait_for_function(f"() => ({loaded})([...document.querySelectorAll('.patch img')])")
    expect(data.locator(".labels tbody tr")).to_have_count(2)
    expect(data.locator("[data-alike] .tile")).to_have_count(6)
    data.locator("[data-alike] .tile").first.click()
    expect(page).to_have_url(re.compile(r"/layers/relu1/\d+\?"))
    page.goto(f"{scanned.base}/layers/fire3.cat/5")
    expect(page.get_by_role("article", name="In a data set")).to_contain_text(
        "did not keep this layer. It has relu1, fire5"
    )
    page.locator(".kernels a").first.click()
    expect(page).to_have_url(re.compile(r"/layers/fire3.squeeze_activation/\d+"))


def test_images_that_excite_and_silence_are_jobs(page, scanned, network):
    page.goto(f"{scanned.base}/layers/fire2.squeeze/3")
    one = page.locator("[data-image=negative]")
    one.get_by_role("button", name="Make it").click()
    one.get_by_role("button", name="Cancel").click()
    expect(one).to_contain_text("Cancelled", timeout=120_000)
    page.locator("[data-make=positive]").click()
    made = page.locator("[data-image=positive]")
    expect(made).to_have_attribute("data-state", "done", timeout=120_000)
    expect(made.locator("canvas[data-ready]")).to_be_visible()
    page.reload()
    expect(made).to_have_attribute("data-state", "done"), "made before, there at once"
    record = scanned.ask("GET", "/api/layers/fire2.squeeze/units/3/image").json["job"]
    assert (record["state"], record["kind"]) == ("done", "unit-image")
    body = scanned.ask("GET", f"/api/jobs/{record['id']}/result").body
    length = int.from_bytes(body[:4], "little")
    image = torch.from_numpy(np.frombuffer(body[4 + length :], "<f4").reshape(1, 3, 128, 128).copy())
    mean = cw.capture(network, network.preprocessing.normalize(image), "fire2.squeeze")["fire2.squeeze"][
        0, 3
    ].mean()
    expect(made.locator(".proof")).to_contain_text(f"mean {float(mean):.3g}")
