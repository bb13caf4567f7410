"""Studio, in a real browser: what is asked, watched, paused, stopped, forked."""

from __future__ import annotations

import inspect
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import cutaway as cw
from cutaway.faststyle.style_file import write_style
from cutaway.faststyle.transformer import Transformer
from cutaway.web.forms import FORMS, fields_of
from tests.web.served import CAT, Served
from tests.web.watched import no_serious_barrier, watched

RECIPES = {
    "filters": cw.filters,
    "class": cw.class_image,
    "dream": cw.dream,
    "invert": cw.invert,
    "texture": cw.texture,
    "style": cw.style,
    "paint": cw.stylize,
    "fool": cw.fool,
}
# Otherwise named on the page, or a recipe's None spelled out.
OTHERWISE = {"recipe", "painting_weights", "layers", "painter", "paintings", "target"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """An explorer of its own, with a painter."""
    folder = tmp_path_factory.mktemp("studio")
    painter = folder / "wave.safetensors"
    write_style(painter, Transformer(width=4, blocks=1), {"name": "wave"})
    served = Served(folder / "explorer", "--painter", str(painter))
    yield served
    served.stop()


@pytest.fixture
def page(browser, studio: Served):
    with watched(browser, permissions=("clipboard-read", "clipboard-write")) as one:
        one.goto(studio.url.replace("/?", "/studio?"))
        yield one


def _asked(served: Served, **wanted: object) -> dict:
    body = json.dumps(wanted).encode()
    answer = served.ask("POST", "/api/studio", body, content_type="application/json")
    assert answer.status == 202, answer.json
    return answer.json


def _events(served: Served, job: str) -> tuple[dict, list[dict]]:
    """Wait for the end of a job; gives it, and its steps."""
    told, steps = {}, []
    for event in served.ask("GET", f"/api/jobs/{job}/events").body.decode().split("\n\n"):
        if event.startswith("event: steps\ndata: "):
            steps += json.loads(event.partition("data: ")[2])
        elif event:
            told = json.loads(event.removeprefix("data: "))
    return told, steps


@pytest.mark.parametrize("kind", FORMS)
def test_the_forms_begin_with_what_the_recipes_do(kind):
    usual = inspect.signature(RECIPES[kind]).parameters
    for field in fields_of(kind):
        if "default" in field and field["name"] not in OTHERWISE:
            assert field["default"] == usual[field["name"]].default, field["name"]


@pytest.mark.parametrize(
    ("wanted", "pictures"),
    [
        ({"kind": "filters", "layer": "fire3.cat", "channels": [3, 5], "steps": 4, "size": 48}, 2),
        ({"kind": "class", "target": [285], "steps": 3, "size": 96, "recipe": "classic"}, 1),
        ({"kind": "dream", "layer": "fire3.cat", "octaves": 2, "steps": 2, "size": 64}, 1),
        ({"kind": "invert", "layers": ["fire3.cat"], "steps": 4, "size": 64}, 1),
        ({"kind": "texture", "layers": ["fire2.cat"], "steps": 4, "size": 48, "source_size": 64}, 1),
        ({"kind": "style", "paintings": "photo", "steps": 4, "size": 64, "style_scale": 0.5}, 1),
        ({"kind": "paint", "painter": "wave", "size": 64}, 1),
        ({"kind": "fool", "target": 282, "steps": 3}, 2),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_each_kind_shows_its_steps_and_gives_pictures_and_code(studio: Served, wanted, pictures):
    photo = studio.photo()
    if wanted["kind"] not in ("filters", "class"):
        wanted = wanted | {"photo": photo}
    if wanted["kind"] == "style":
        wanted = wanted | {"paintings": [photo]}
    job = _asked(studio, **wanted)["id"]
    told, steps = _events(studio, job)
    assert told["state"] == "done", told["message"]
    made = studio.ask("GET", f"/api/jobs/{job}/result").json
    assert len(made["pictures"]) == pictures
    for one in made["pictures"]:
        answer = studio.ask("GET", f"/api/jobs/{job}/pictures/{one['id']}")
        assert Image.open(io.BytesIO(answer.body)).size == (one["width"], one["height"])
        assert "immutable" in answer.headers["cache-control"]
    if wanted["kind"] not in ("paint", "fool"):  # one pass; and as many steps as it takes
        each = wanted["steps"] * wanted.get("octaves", 1)
        assert [one["n"] for one in steps] == list(range(1, each + 1))
        assert all(np.isfinite(one["s"]) for one in steps)
    for one in steps:
        frame = studio.ask("GET", f"/api/jobs/{job}/frames/{one['n']}")
        assert (frame.status == 200) == ("f" in one)
    assert made["code"].startswith("import cutaway\n\ncutaway.")
    if wanted["kind"] == "dream":
        picture = cw.dream(
            cw.load("squeezenet1_1"), photo_of(studio, photo), "fire3.cat", octaves=2, steps=2, size=64
        )
        shown = Image.open(
            io.BytesIO(studio.ask("GET", f"/api/jobs/{job}/pictures/{made['pictures'][0]['id']}").body)
        )
        assert np.abs(np.asarray(shown).astype(int) - picture.picture.pixels).max() <= 1
        assert steps[-1]["s"] == pytest.approx(picture.history[-1], rel=1e-3)


def photo_of(served: Served, name: str):
    return cw.read(served.ask("GET", f"/api/photos/{name}/pixels").body)


def test_what_no_form_allows_is_refused_in_words(studio: Served):
    photo = studio.photo()
    for wanted in (
        {"kind": "dream", "photo": photo, "layer": "fire3.cat", "steps": 10**6},
        {"kind": "dream", "photo": "../../etc/passwd", "layer": "fire3.cat"},
        {"kind": "dream", "photo": "0" * 16, "layer": "fire3.cat"},
        {"kind": "paint", "photo": photo, "painter": "nobody"},
        {"kind": "filters", "layer": "fire3.cat", "channels": [0], "model": "vgg16"},
        {"kind": "nothing"},
        {"kind": "style", "photo": photo, "paintings": []},
    ):
        answer = studio.ask(
            "POST", "/api/studio", json.dumps(wanted).encode(), content_type="application/json"
        )
        assert answer.status in (404, 422)
        assert answer.json["detail"]
    job = _asked(studio, kind="dream", photo=photo, layer="nowhere")["id"]
    told, _ = _events(studio, job)
    assert told["state"] == "failed"
    assert told["message"].startswith("UnknownLayer: ")


def test_a_dream_from_the_form_to_the_fork(page, studio: Served):
    page.locator("input[type=file]").first.set_input_files(CAT)
    expect(page).to_have_url(re.compile(f"photo={studio.photo()}"))
    page.get_by_label("Layer").fill("fire4.cat")
    page.get_by_label("Layer").press("Tab")
    page.get_by_label("Octaves", exact=True).fill("2")
    page.get_by_label("Steps", exact=True).fill("3")
    page.get_by_text("More settings").click()
    page.get_by_label("Size, pixels", exact=True).fill("96")
    page.get_by_label("Size, pixels", exact=True).press("Tab")
    expect(page).to_have_url(re.compile("layer=fire4.cat&octaves=2&steps=3&size=96"))
    form = page.url
    page.reload()
    expect(page.get_by_label("Octaves", exact=True)).to_have_value("2")
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile(r"/studio/[0-9a-f]{16}"))
    picture = page.locator(".picture .layers img")
    expect(picture).to_have_count(2, timeout=120_000)
    expect(page.locator(".state")).to_have_text("done")
    curve = page.locator(".curve svg")
    expect(curve).to_have_attribute("aria-label", re.compile("^The score over 6 steps: from "))
    expect(curve.locator("polyline")).to_have_count(2)
    page.get_by_label("Step", exact=True).fill("3")
    expect(page.locator(".frame")).to_have_attribute("data-step", "4")
    expect(page).to_have_url(re.compile("step=4"))
    page.reload()
    expect(page.locator(".frame")).to_have_attribute("data-step", "4")
    page.get_by_label("Step", exact=True).fill("6")
    expect(picture).to_have_count(2)
    page.get_by_role("button", name=re.compile("Copy code")).click()
    code = page.evaluate("navigator.clipboard.readText()")
    again: dict = {}
    exec(code.removesuffix(".show()").replace("\n\n", "\n\nfound = ", 1), again)
    assert again["found"].picture.size == (96, 144)
    page.get_by_role("button", name=re.compile("Copy picture")).click()
    expect(page.locator(".said")).to_have_text("Picture copied")
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("Save")).first.click()
    with Image.open(got.value.path()) as saved:
        assert saved.size == (144, 96)
    page.get_by_role("button", name="Fork").click()
    expect(page).to_have_url(form.replace("?", "?kind=dream&"))
    expect(page.get_by_label("Steps", exact=True)).to_have_value("3")
    page.go_back()
    expect(picture).to_have_count(2)


def test_paused_continued_and_stopped_with_what_is_there(page, studio: Served):
    job = _asked(studio, kind="dream", photo=studio.photo(), layer="fire5.cat", octaves=4, steps=150)["id"]
    page.goto(f"{studio.base}/studio/{job}")
    state = page.locator(".studio-head .state")
    expect(page.locator(".curve polyline").first).to_be_attached(timeout=120_000)
    page.get_by_role("button", name="Pause").click()
    expect(state).to_have_text("paused", timeout=120_000)
    done = studio.ask("GET", f"/api/jobs/{job}").json["done"]
    # While one waits, others are done.
    other = _asked(studio, kind="filters", layer="fire2.cat", channels=[1], steps=2, size=32)["id"]
    assert _events(studio, other)[0]["state"] == "done"
    assert studio.ask("GET", f"/api/jobs/{job}").json["done"] == done
    page.reload()
    expect(state).to_have_text("paused")
    page.keyboard.press("Space")
    expect(state).to_have_text("running", timeout=120_000)
    page.get_by_role("button", name="Cancel").click()
    expect(state).to_have_text("stopped, kept", timeout=120_000)
    expect(page.locator(".picture .layers img")).to_have_count(2)
    expect(page.locator(".reading")).to_contain_text("Stopped early.")
    _, steps = _events(studio, job)
    assert done <= len(steps) < 600
    assert [one["n"] for one in steps] == list(range(1, len(steps) + 1)), "it went on where it was"


def test_a_painter_and_what_no_painter_says(page, studio: Served, explorer: Served):
    page.goto(f"{studio.base}/studio?kind=paint&photo={studio.photo()}&size=64")
    expect(page.get_by_role("combobox", name="Painter")).to_have_value("wave")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".picture .layers img")).to_have_count(2, timeout=120_000)
    page.goto(explorer.url.replace("/?", "/studio?kind=paint&"))
    expect(page.locator(".none")).to_contain_text("cutaway serve --painter night.safetensors")
    page.locator("[data-kind=style]").click()
    expect(page.locator(".note")).to_contain_text("cutaway serve --model vgg16")


def test_a_job_that_is_gone_is_told(browser, studio: Served):
    context = browser.new_context(locale="en-US")
    one = context.new_page()
    one.goto(studio.url.replace("/?", "/studio/0123456789abcdef?"))
    expect(one.get_by_role("alert")).to_contain_text("there is no such job")
    one.get_by_role("link", name="Make another").click()
    expect(one.get_by_role("button", name="Start")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_barrier(browser, studio: Served, scheme, width):
    photo = studio.photo()
    job = _asked(studio, kind="dream", photo=photo, layer="fire3.cat", octaves=2, steps=2, size=64)["id"]
    filters = _asked(studio, kind="filters", layer="fire3.cat", channels=[3, 5], steps=4, size=48)["id"]
    for one in (job, filters):
        _events(studio, one)
    rooms = {
        f"/studio?kind=style&photo={photo}&paintings={photo}": ".panel .field >> nth=3",
        "/studio?kind=class&target=285,1": ".chip >> nth=1",
        f"/studio/{job}": ".picture",
        f"/studio/{job}?step=2": ".frame",
        f"/studio/{filters}": ".picture >> nth=1",
    }
    places = [(studio, place, ready) for place, ready in rooms.items()]
    no_serious_barrier(browser, scheme, width, places)
