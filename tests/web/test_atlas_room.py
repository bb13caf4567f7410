"""Atlas, in a real browser: pieces of the example photos, looked at, chosen from, and asked for neighbours."""

from __future__ import annotations

import io
import json
import re
import time
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import cutaway as cw
from cutaway.network.load import load
from cutaway.recipes.neighbors import nearest_photos
from tests.web.served import CAT, ROOT, Served
from tests.web.watched import no_serious_barrier, watched

# Classes of the network, so that it decides itself what is what.
LABELS = {"chelsea": "Egyptian cat", "coffee": "cup", "camera": "tripod"}
EACH = 9


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """27 pieces of three photos, and one broken file."""
    folder = tmp_path_factory.mktemp("atlas")
    source = np.random.default_rng(4)
    for name, label in LABELS.items():
        photo = Image.open(ROOT / "examples" / "photos" / f"{name}.png").convert("RGB")
        (folder / "photos" / label).mkdir(parents=True)
        for k in range(EACH):
            side = int(source.integers(150, 260))
            left, top = (int(source.integers(0, length - side)) for length in photo.size)
            piece = photo.crop((left, top, left + side, top + side))
            piece.save(folder / "photos" / label / f"{k}.png", compress_level=1)
    (folder / "photos" / "cup" / "broken.png").write_bytes(b"no photo")
    # Small images: what is tested here is the room.
    settings = {"layers": ["fire6.cat", "fire9.cat", "@logits"], "size": 128, "engine": "serial"}
    return cw.scan("squeezenet1_1", folder / "photos", folder / "pieces.index", **settings)


@pytest.fixture(scope="module")
def atlas(scanned, tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("kept"), "--index", str(scanned.folder))
    yield served
    served.stop()


@pytest.fixture
def page(browser, atlas):
    # What software graphics say of themselves is nobody's fault.
    with watched(browser, but=lambda text: "GL Driver Message" in text) as one:
        one.goto(atlas.url.replace("/?", "/atlas?"))
        yield one


def _arrays(body: bytes):
    length = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + length])
    count = int(np.prod(head["shape"]))
    return head, np.frombuffer(body, "<f4", count, 4 + length).reshape(head["shape"])


def _post(served, path, told):
    return served.ask("POST", path, json.dumps(told).encode(), content_type="application/json")


def _done(served, job):
    end = time.monotonic() + 90
    while (told := served.ask("GET", f"/api/jobs/{job['id']}").json)["state"] in ("queued", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert told["state"] == "done", told["message"]
    return served.ask("GET", f"/api/jobs/{job['id']}/result").body


def _settled(page, method="tsne"):
    page.locator(f".plane-host[data-method={method}][data-still='']").wait_for(timeout=120_000)


def _screen(page, points):
    """Where points of a plane are on the page: the longer side of all is 1, the middle of all the middle."""
    low, high = points.min(0), points.max(0)
    unit = (points - (low + high) / 2) / (high - low).max()
    host = page.locator(".plane-host")
    scale = float(host.get_attribute("data-scale"))
    middle = np.array([float(one) for one in host.get_attribute("data-middle").split()])
    box = page.locator("canvas.over").bounding_box()
    return (unit - middle) * scale + [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


def test_planes_and_places_are_those_of_embed(atlas, scanned):
    network, cat = load("squeezenet1_1"), atlas.photo()
    head, points = _arrays(atlas.ask("GET", "/api/atlas/pieces.index/plane?l=fire6.cat").body)
    right = cw.embed(scanned, "pca", layer="fire6.cat")
    np.testing.assert_allclose(points, right.points, rtol=1e-4, atol=1e-3)
    assert head["trustworthiness"] == pytest.approx(right.trustworthiness)
    _, point = _arrays(atlas.ask("GET", f"/api/atlas/pieces.index/given/{cat}/place?l=fire6.cat").body)
    np.testing.assert_allclose(point, right.place(CAT, network)[0], rtol=1e-3, atol=1e-2)
    asked = {"layer": "fire9.cat", "method": "tsne"}
    job = _post(atlas, "/api/atlas/pieces.index/plane", asked).json
    right = cw.embed(scanned, "tsne", layer="fire9.cat")
    _, points = _arrays(_done(atlas, job))
    np.testing.assert_allclose(points, right.points, atol=1e-3)
    assert atlas.ask("GET", f"/api/jobs/{job['id']}").json["total"] == 750, "it tells how far it is"
    job = _post(atlas, "/api/atlas/pieces.index/plane", asked | {"photo": cat}).json
    _, point = _arrays(_done(atlas, job))
    np.testing.assert_allclose(point, right.place(CAT, network)[0], atol=0.05)
    same = _post(atlas, "/api/atlas/pieces.index/plane", asked).json
    assert same["state"] == "done", "a plane that was made is there at once"


def test_colours_counts_and_channels_are_those_of_the_index(atlas, scanned):
    about = atlas.ask("GET", "/api/atlas/pieces.index").json
    assert (len(about["photos"]), about["skipped"], about["layer"]) == (27, 1, "fire9.cat")
    labels = [about["labels"][code] for code in about["codes"]]
    assert labels == [scanned.labels[photo] for photo in about["photos"]]
    head, best = _arrays(atlas.ask("GET", "/api/atlas/pieces.index/colouring/answer").body)
    np.testing.assert_array_equal(best, scanned.means("@logits")[scanned.present].argmax(1))
    assert head["names"][str(int(best[0]))] == load("squeezenet1_1").class_name(int(best[0]))
    head, values = _arrays(atlas.ask("GET", "/api/atlas/pieces.index/colouring/7?l=fire6.cat").body)
    np.testing.assert_array_equal(values, scanned.channel("fire6.cat", 7)[scanned.present])
    cups = [photo for photo in about["photos"] if scanned.labels[photo] == "cup"]
    photos = [*cups[:6], about["photos"][-1]]
    told = _post(atlas, "/api/atlas/pieces.index/chosen", {"photos": photos, "layer": "fire9.cat"}).json
    counts = Counter(scanned.labels[photo] for photo in photos)
    assert {one["label"]: one["chosen"] for one in told["labels"]} == counts
    assert {one["all"] for one in told["labels"]} == {EACH}
    maxima = scanned.maxima("fire9.cat")[:, told["channels"][0]["channel"]]
    rest = [photo for photo in about["photos"] if photo not in photos]
    wins = [(maxima[a] > maxima[b]) + 0.5 * (maxima[a] == maxima[b]) for a in photos for b in rest]
    assert told["channels"][0]["auc"] == pytest.approx(np.mean(wins))
    assert told["channels"][0]["auc"] > 0.9


@pytest.mark.parametrize("photo", [3, "given"])
def test_neighbours_are_those_of_neighbors(atlas, scanned, photo):
    place = f"photos/{photo}" if photo == 3 else f"given/{atlas.photo()}"
    told = atlas.ask("GET", f"/api/atlas/pieces.index/{place}/near?k=5").json
    right = cw.neighbors(scanned, photo if photo == 3 else CAT, 5)
    for kind, rows in (("features", right.rows), ("pixels", right.by_pixels)):
        assert [one["photo"] for one in told[kind]] == [one.photo for one in rows]
        assert [one["similarity"] for one in told[kind]] == pytest.approx(
            [one.similarity for one in rows], abs=2e-4
        )


@pytest.fixture
def gone(scanned):
    """A photo that is taken away after the scan."""
    photo = scanned.photo("tripod/8.png")
    away = scanned.folder / "away.png"
    scanned.path(photo).rename(away)
    yield photo
    away.rename(scanned.path(photo))


def test_photos_that_are_gone_are_told_and_never_a_fault(atlas, scanned, gone):
    told = atlas.ask("GET", f"/api/atlas/pieces.index/photos/{gone}").json
    assert told["refused"] == "there is no such file"
    thumb = atlas.ask("GET", f"/api/atlas/pieces.index/photos/{gone}/thumb")
    assert (thumb.status, thumb.headers["content-type"]) == (200, "image/jpeg"), "from the index's own pixels"
    kept = atlas.ask("POST", f"/api/atlas/pieces.index/photos/{gone}/keep")
    assert (kept.status, kept.json["error"]) == (422, "BadImage")
    skipped = scanned.photo("cup/broken.png")
    assert "was skipped" in atlas.ask("GET", f"/api/atlas/pieces.index/photos/{skipped}/near").json["detail"]
    for path, status, words in (
        ("none", 404, "is not open here"),
        ("pieces.index/plane?l=fire1", 422, "did not keep 'fire1'"),
        ("pieces.index/photos/999", 422, "photos 0 to 27"),
        ("pieces.index/photos/999/thumb", 422, "photos 0 to 27"),
        ("pieces.index/colouring/99999", 422, "channels 0 to"),
        ("pieces.index/patches/99999", 422, "channels 0 to"),
        ("pieces.index/small/9", 422, "pages 0 to 0"),
        ("pieces.index/sheet?photos=../../x", 422, "photos"),
        ("pieces.index/given/0123456789abcdef/near", 404, "give it again"),
    ):
        answer = atlas.ask("GET", f"/api/atlas/{path}")
        assert (answer.status, words in answer.json["detail"]) == (status, True), (path, answer.json)
    assert _post(atlas, "/api/atlas/pieces.index/plane", {"method": "magic"}).status == 422


def test_a_lasso_and_what_it_holds(page, scanned):
    _settled(page)
    points = cw.embed(scanned, "tsne").points
    page.locator(".plane-host[data-shown]:not([data-shown='0'])").wait_for()
    at = _screen(page, points)
    # The widest gap between columns of points: no point lies on the line.
    xs = np.sort(at[:, 0])[6:-6]
    gap = int(np.diff(xs).argmax())
    line = float(xs[gap : gap + 2].mean())
    inside = [
        scanned.labels[photo]
        for photo, (x, _) in zip(np.flatnonzero(scanned.present), at, strict=True)
        if x < line
    ]
    box = page.locator("canvas.over").bounding_box()
    left, top, bottom = box["x"] + 8, box["y"] + 8, box["y"] + box["height"] - 8
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((line, top), (line, bottom), (left, bottom), (left, top + 20)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    chosen = page.locator("[data-chosen]")
    expect(chosen).to_have_attribute("data-chosen", str(len(inside)))
    for label, count in Counter(inside).items():
        expect(page.locator(f".counts [data-label='{label}'] em")).to_have_text(f"{count} / {EACH}")
    expect(page.locator(".standing li")).not_to_have_count(0)
    address = page.url
    assert "s=lasso" in address
    page.reload()
    expect(chosen).to_have_attribute("data-chosen", str(len(inside)), timeout=120_000)
    page.get_by_label("PCA").check(force=True)
    _settled(page, "pca")
    # Chosen where it was drawn, whatever is shown now.
    expect(chosen).to_have_attribute("data-chosen", str(len(inside)))
    page.go_back()
    assert page.url == address
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    page.locator(".legend button", has_text="cup").click()
    expect(chosen).to_have_attribute("data-chosen", str(EACH))
    expect(page).to_have_url(re.compile("s=label%3Acup"))


def test_keys_alone_find_a_photo_and_its_neighbours(page, scanned):
    _settled(page)
    page.locator("canvas.over").focus()
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("v")
    expect(page).to_have_url(re.compile("z=.*s=lasso|s=lasso.*z="))
    at = _screen(page, cw.embed(scanned, "tsne").points)
    box = page.locator("canvas.over").bounding_box()
    low, high = np.array([box["x"], box["y"]]), np.array([box["x"] + box["width"], box["y"] + box["height"]])
    seen = int(((at > low) & (at < high)).all(1).sum())
    assert 0 < seen < 27
    expect(page.locator("[data-chosen]")).to_have_attribute("data-chosen", str(seen))
    middle = np.flatnonzero(scanned.present)[int(np.linalg.norm(at - (low + high) / 2, axis=1).argmin())]
    page.locator("canvas.over").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"p={middle}\b"))
    label = scanned.labels[middle]
    expect(page.locator(".opened h2")).to_have_text(label)
    right, _ = nearest_photos(scanned, int(middle), 8, "fire9.cat")
    rows = page.locator("[data-near=features] .tiles button")
    expect(rows).to_have_count(8)
    assert [rows.nth(k).get_attribute("aria-label") for k in range(8)] == [
        f"{one.label}, {one.similarity:.2f}".replace("-", "−") for one in right
    ]
    same = sum(one.label == label for one in right)
    expect(page.locator("[data-near=features] .same").first).to_have_text(f"{same} of 8 have its label")
    rows.first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"p={right[0].photo}\b"))


def test_points_become_photos_by_zoom_and_a_click_opens_one(page, atlas, scanned):
    page.set_viewport_size({"width": 480, "height": 900})
    host = page.locator(".plane-host")
    _settled(page)
    for _ in range(2):
        page.get_by_role("button", name="Zoom out").click()
    expect(host).to_have_attribute("data-shown", "0")
    with page.expect_response(re.compile(r"/sheet\?photos=")) as sheet:
        for _ in range(5):
            page.get_by_role("button", name="Zoom in").click()
    assert sheet.value.headers["content-type"] == "image/jpeg"
    expect(host).not_to_have_attribute("data-shown", "0")
    photo = scanned.photo("Egyptian cat/2.png")
    row = np.flatnonzero(scanned.present).tolist().index(photo)
    page.get_by_role("button", name="Show the whole").click()
    expect(page).not_to_have_url(re.compile("z="))
    page.goto(f"{atlas.base}/atlas/pieces.index?z={_look(scanned, row)},30")
    _settled(page)
    at = _screen(page, cw.embed(scanned, "tsne").points)[row]
    page.mouse.click(*at)
    expect(page).to_have_url(re.compile(rf"p={photo}\b"))
    page.get_by_role("button", name="Open in Explain").click()
    expect(page).to_have_url(re.compile(r"/explain/[0-9a-f]{16}\?.*t=285"), timeout=120_000)
    expect(page.locator(".card[data-state=done]")).not_to_have_count(0, timeout=120_000)


def _look(scanned, row):
    points = cw.embed(scanned, "tsne").points
    low, high = points.min(0), points.max(0)
    return ",".join(map(str, (points[row] - (low + high) / 2) / (high - low).max()))


def test_a_given_photo_finds_its_place(page, atlas, scanned):
    _settled(page)
    page.locator("input[type=file]").set_input_files(CAT)
    host = page.locator(".plane-host[data-placed]")
    host.wait_for(timeout=120_000)
    assert f"d={atlas.photo()}" in page.url
    found = cw.embed(scanned, "tsne")
    low, high = found.points.min(0), found.points.max(0)
    right = (found.place(CAT, load("squeezenet1_1"))[0] - (low + high) / 2) / (high - low).max()
    placed = [float(one) for one in host.get_attribute("data-placed").split()]
    np.testing.assert_allclose(placed, right, atol=0.02)
    expect(page.locator("[data-near=pixels] .tiles li")).to_have_count(8)
    page.reload()
    host.wait_for(timeout=120_000)
    page.get_by_role("button", name="Close").click()
    expect(host).to_have_count(0)


@pytest.mark.parametrize("drawer", ["webgl", "canvas"])
def test_points_are_drawn_with_and_without_webgl(launch, atlas, scanned, drawer):
    """The same points in the same colours, whoever draws them."""
    one = launch(*(["--disable-3d-apis"] if drawer == "canvas" else []))
    context = one.new_context(viewport={"width": 480, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{atlas.url.replace('/?', '/atlas?')}")
    page.goto(f"{atlas.base}/atlas/pieces.index?x=pca&z=0,0,0.5&draw={'webgl' if drawer == 'webgl' else ''}")
    _settled(page, "pca")
    host = page.locator(".plane-host")
    assert (host.get_attribute("data-drawer"), host.get_attribute("data-shown")) == (drawer, "0")
    page.wait_for_timeout(300)
    drawn = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    about = atlas.ask("GET", "/api/atlas/pieces.index").json
    ranked = sorted(set(about["labels"]))  # as many of each: by name
    at = _screen(page, cw.embed(scanned, "pca").points)
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + 99 * np.eye(len(at))
    alone = np.flatnonzero(apart.min(1) > 6)
    assert len(alone) > 8
    for k in alone:
        x, y = at[k].round().astype(int)
        colour = about["palette"][ranked.index(about["labels"][about["codes"][k]])]
        assert np.abs(drawn[y - 1 : y + 1, x - 1 : x + 1] - colour).max() <= 12
    context.close()


@pytest.mark.slow
def test_findings_are_a_job_that_can_be_cancelled(page, scanned):
    page.get_by_label("Findings").check(force=True)
    page.get_by_role("button", name="Look at 60 photos of each label").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".findings .hint")).to_have_text("Cancelled", timeout=120_000)
    page.get_by_role("button", name="Look at 30 photos of each label").click()
    expect(page.locator(".audited li")).to_have_count(3, timeout=120_000)
    expect(page.locator(".findings > header h2")).to_contain_text(
        "in 27 photos of 3 labels, by squeezenet1_1"
    )
    network = load("squeezenet1_1")
    names = sorted(LABELS.values())
    decided = scanned.means("@logits")[:, [network.class_index(name) for name in names]].argmax(1)
    for k, name in enumerate(names):
        own = [photo for photo in np.flatnonzero(scanned.present) if scanned.labels[photo] == name]
        row = page.locator(f".audited [data-label='{name}'] dd")
        expect(row.nth(0)).to_have_text(str(EACH))
        expect(row.nth(1)).to_have_text(f"{np.mean(decided[own] == k):.0%}")
    page.reload()
    expect(page.locator(".audited li")).to_have_count(3)


def test_without_an_index_it_says_what_to_type(browser, explorer: Served):
    context = browser.new_context(locale="en-US")
    one = context.new_page()
    one.goto(explorer.url.replace("/?", "/atlas?"))
    expect(one.locator("pre")).to_have_text(
        "cutaway scan PHOTOS --out X.index\ncutaway serve --index X.index"
    )
    context.close()
    assert explorer.ask("GET", "/api/atlas/x").status == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_barrier(browser, atlas, explorer, scheme, width):
    places = (
        (atlas, "/atlas?s=label:cup", ".standing li >> nth=0"),
        (atlas, "/atlas/pieces.index?p=3&by=7", "[data-near=pixels] .tiles li >> nth=7"),
        (atlas, "/atlas/pieces.index/audit", ".findings .strong"),
        (explorer, "/atlas", "pre"),
    )
    no_serious_barrier(browser, scheme, width, places)
