"""Two networks asked about one photo: classes go by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.web.served import Served
from tests.web.watched import no_serious_barrier, watched

# The same network with its classes the other way round: all that it says of a class is said by another number.
FLIPPED = """
import cutaway, torch
from torch import nn

class Flipped(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, images):
        return self.inner(images).flip(1)

def build():
    first = cutaway.load("squeezenet1_1")
    return cutaway.Network(Flipped(first.module), first.preprocessing, first.classes[::-1])

def strange():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    return cutaway.Network(nn.Sequential(*layers), cutaway.Preprocessing(size=64), ["egyptian_cat, a cat", "gnu"])
"""


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("three")
    (folder / "other.py").write_text(FLIPPED)
    models = ("squeezenet1_1", f"{folder / 'other.py'}:build", f"{folder / 'other.py'}:strange")
    served = Served(folder / "kept", *(word for model in models for word in ("--model", model)))
    yield served
    served.stop()


@pytest.fixture
def page(browser, three: Served):
    with watched(browser) as one:
        yield one


def _map(served: Served, path: str) -> tuple[dict, np.ndarray]:
    body = served.ask("GET", path).body
    length = int.from_bytes(body[:4], "little")
    return json.loads(body[4 : 4 + length]), np.frombuffer(body[4 + length :], "<f4")


def test_pairs_of_cards_by_the_class_name(page, three: Served):
    photo = three.photo()
    page.goto(three.url.replace("/?", f"/explain/{photo}?m2=other-build&methods=grad-cam,saliency&c=287&"))
    expect(page.locator(".card[data-state=done]")).to_have_count(4, timeout=120_000)
    expect(page.locator(".question")).to_have_text("Where is the evidence for lynx?")
    first = page.get_by_role("article", name="Grad-CAM, squeezenet1_1")
    other = page.get_by_role("article", name="Grad-CAM, other-build")
    for card in (first, other):
        expect(card.get_by_role("img", name="Grad-CAM: where the network sees lynx")).to_be_visible()
    assert first.locator(".bar").inner_text() == other.locator(".bar").inner_text()
    lists = page.locator(".answers")
    expect(lists.nth(1)).to_contain_text("What other-build sees")
    expect(lists.nth(1).locator("[aria-pressed=true]")).to_have_attribute("data-class", str(999 - 287))
    lists.nth(1).locator(".answer", has_text="tabby").click()
    expect(page).to_have_url(re.compile("c=281"))
    expect(lists.nth(0).locator("[aria-pressed=true]")).to_contain_text("tabby")
    page.reload()
    expect(other.get_by_role("img", name="Grad-CAM: where the network sees tabby")).to_be_visible()
    page.go_back()
    expect(other.get_by_role("img", name="Grad-CAM: where the network sees lynx")).to_be_visible()
    page.get_by_label("Beside").select_option("")
    expect(page.locator(".card")).to_have_count(2)
    told, values = _map(three, f"/api/photos/{photo}/maps/grad-cam?c=287")
    again, others = _map(three, f"/api/photos/{photo}/maps/grad-cam?c={999 - 287}&m=other-build")
    assert told["label"] == again["label"] == "lynx"
    np.testing.assert_allclose(values, others, rtol=1e-4, atol=1e-6 * np.abs(values).max())


def test_names_are_compared_as_people_do_and_what_is_not_there_is_told(page, three: Served):
    photo = three.photo()
    page.goto(three.url.replace("/?", f"/explain/{photo}?m2=other-strange&methods=cam&"))
    expect(page.get_by_role("article", name="CAM, other-strange")).to_have_attribute("data-state", "done")
    page.locator(".answers").first.locator(".answer", has_text="lynx").click()
    card = page.get_by_role("article", name="CAM, other-strange")
    expect(card).to_contain_text("other-strange has no class named lynx.")
    expect(page.locator(".answers").nth(1).locator(".answer", has_text="gnu")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_barrier_beside_each_other(browser, three: Served, scheme, width):
    place = f"/explain/{three.photo()}?m2=other-build&methods=grad-cam,saliency&t=282"
    no_serious_barrier(browser, scheme, width, [(three, place, ".card[data-state=done] >> nth=3")])
