"""Runs, in a real browser: jobs listed, repeated, deleted, compared; the disk; reports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.served import Served
from tests.web.test_studio_room import _asked, _events
from tests.web.watched import no_serious_barrier, watched


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """An explorer of its own: what is deleted here is missed by nobody."""
    served = Served(tmp_path_factory.mktemp("runs"))
    yield served
    served.stop()


@pytest.fixture
def page(browser, runs: Served):
    with watched(browser) as one:
        one.goto(runs.url.replace("/?", "/runs?"))
        yield one


def _dream(served: Served, **more: object) -> str:
    usual = {"layer": "fire3.cat", "octaves": 2, "steps": 2, "size": 64}
    return _asked(served, kind="dream", photo=served.photo(), **usual | more)["id"]


def _row(page, job: str):
    return page.locator(f"[data-job='{job}']")


def test_every_job_is_listed_and_leads_to_its_room(page, runs: Served):
    photo = runs.photo()
    dream = _dream(runs)
    body = json.dumps({"photo": photo, "method": "smooth-grad", "target": 285}).encode()
    slow = runs.ask("POST", "/api/jobs", body, content_type="application/json").json["id"]
    lost = _dream(runs, layer="nowhere")
    for job in (dream, slow, lost):
        _events(runs, job)
    expect(_row(page, dream)).to_have_attribute("data-state", "done", timeout=120_000)
    expect(page.locator(".job")).to_have_count(3)
    assert page.locator(".job").first.get_attribute("data-job") == lost, "the newest first"
    expect(_row(page, lost)).to_contain_text("UnknownLayer")
    page.get_by_label("State").select_option("failed")
    expect(page).to_have_url(re.compile("state=failed"))
    expect(page.locator(".job")).to_have_count(1)
    page.reload()
    expect(page.locator(".job")).to_have_count(1)
    _row(page, lost).get_by_role("button", name=re.compile("Try again")).click()
    assert _events(runs, lost)[0]["state"] == "failed", "done again, it fails again"
    page.go_back()
    page.get_by_label("Kind").select_option("map")
    expect(page.locator(".job")).to_have_count(1)
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page).to_have_url(re.compile(f"/explain/{photo}.*methods=smooth-grad"))
    expect(page.locator(".card[data-state=done]")).to_have_count(1, timeout=120_000)
    page.go_back()
    page.get_by_label("Kind").select_option("")
    page.get_by_role("link", name="Dream", exact=True).last.click()
    expect(page).to_have_url(re.compile(f"/studio/{dream}"))


def test_pause_go_on_and_cancel_from_the_list(page, runs: Served):
    job = _dream(runs, layer="fire5.cat", octaves=4, steps=200, size=300)
    row = _row(page, job)
    expect(row.locator("progress")).to_be_visible(timeout=120_000)
    row.get_by_role("button", name=re.compile("Pause")).click()
    expect(row).to_have_attribute("data-state", "paused", timeout=120_000)
    row.get_by_role("button", name=re.compile("Go on")).click()
    expect(row).to_have_attribute("data-state", "running", timeout=120_000)
    row.get_by_role("button", name=re.compile("Cancel")).click()
    expect(row).to_have_attribute("data-state", "cancelled", timeout=120_000)
    expect(row).to_contain_text("stopped, kept")


def test_two_side_by_side(page, runs: Served):
    one, other = _dream(runs), _dream(runs, rate=3.0)
    for job in (one, other):
        _events(runs, job)
        _row(page, job).get_by_role("checkbox").check()
    panel = page.get_by_role("region", name="Compare")
    expect(panel.locator(".half svg")).to_have_count(2)
    expect(panel.locator("tbody tr")).to_have_count(1)
    expect(panel.locator("tbody tr")).to_have_text(re.compile("Rate.*1.5.*3"))
    page.reload()
    expect(panel.locator(".half img")).to_have_count(2)
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


def test_deleted_jobs_free_what_is_said(page, runs: Served):
    job = _dream(runs, seed=7)
    told, _ = _events(runs, job)
    place = Path(runs.folder) / "runs" / job
    assert told["bytes"] >= sum(one.stat().st_size for one in place.iterdir()) > 0
    before = runs.ask("GET", "/api/disk").json
    _row(page, job).get_by_role("button", name=re.compile("Delete")).click()
    expect(page.locator(".said")).to_contain_text("are free again")
    expect(_row(page, job)).to_have_count(0)
    after = runs.ask("GET", "/api/disk").json
    assert not place.exists()
    taken = sum(one["result_bytes"] + one["frame_bytes"] for one in (before,))
    assert taken - after["result_bytes"] - after["frame_bytes"] == told["bytes"]
    page.get_by_role("button", name="Delete finished").click()
    expect(page.get_by_role("dialog")).to_contain_text("This frees")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".job")).to_have_count(0)
    assert runs.ask("GET", "/api/disk").json["frame_bytes"] == 0
    page.get_by_role("button", name="Delete unused photos").click()
    expect(page.get_by_role("region", name="On the disk")).to_contain_text("Photos: 0")
    assert runs.ask("GET", "/api/photos").json == []


def test_a_report_from_here_is_one_file(page, runs: Served):
    runs.photo()
    page.reload()
    page.get_by_role("button", name="Photo 1 of those given before").click()
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.locator(".job").first).to_contain_text("Report")
    job = page.locator(".job").first.get_attribute("data-job")
    # All of it takes its time: stopped, it is the sections that are there, or nothing.
    page.locator(".job").first.get_by_role("button", name=re.compile("Cancel")).click()
    _events(runs, job)
    wanted = {"of": "photo", "photo": runs.photo(), "sections": ["answer"]}
    made = runs.ask(
        "POST", "/api/reports", json.dumps(wanted).encode(), content_type="application/json"
    ).json["id"]
    assert _events(runs, made)[0]["state"] == "done"
    with page.expect_download() as got:
        _row(page, made).get_by_role("link", name=re.compile("Save")).click()
    assert re.fullmatch(r"cutaway-photo-[0-9a-f]{6}\.html", got.value.suggested_filename)
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert "Egyptian cat" in text
    assert not re.search(r"(src|href)=[\"']https?://", text)
    page.get_by_role("radio", name="Data set").check()
    expect(page.locator(".none")).to_contain_text("cutaway serve --index photos.index")


def test_reports_that_cannot_be_are_refused_in_words(runs: Served):
    for wanted in ({"of": "photo"}, {"of": "data"}, {"of": "network", "photo": runs.photo()}, {"of": "all"}):
        answer = runs.ask(
            "POST", "/api/reports", json.dumps(wanted).encode(), content_type="application/json"
        )
        assert answer.status in (404, 422)
        assert answer.json["detail"]
    assert runs.ask("DELETE", f"/api/jobs/{'0' * 16}/record").status == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_barrier(browser, runs: Served, scheme, width):
    one, other, lost = _dream(runs), _dream(runs, rate=3.0), _dream(runs, layer="nowhere")
    for job in (one, other, lost):
        _events(runs, job)
    rooms = {
        f"/runs?compare={one},{other}": ".half svg >> nth=1",
        "/runs?of=data&state=failed": ".job .why",
        "/runs?kind=report&state=live": ".sheet.waiting",
    }
    places = [(runs, place, ready) for place, ready in rooms.items()]
    no_serious_barrier(browser, scheme, width, places)
