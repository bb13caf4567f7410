"""One explorer and one browser for all tests of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.network.load import load
from cutaway.recipes.scan import scan
from tests.web.chromium import QUIET, cat_film, chromium, with_camera
from tests.web.served import CAT, Served

# A machine that has much else to do is slow, not wrong.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`cutaway serve`, running."""
    served = Served(tmp_path_factory.mktemp("explorer"))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Start a Chromium with further options."""
    program = chromium()
    if program is None:
        pytest.fail("no Chromium: apt install chromium, or CHROMIUM=/path/to/it pytest …", pytrace=False)
    started: list[Browser] = []

    def launching(*options: str) -> Browser:
        one = playwright.chromium.launch(
            executable_path=program, chromium_sandbox=False, headless=True, args=[*QUIET, *options]
        )
        started.append(one)
        return one

    yield launching
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film for the camera."""
    return cat_film(tmp_path_factory.mktemp("camera") / "cat.mjpeg")


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser], clip: Path) -> Browser:
    """A Chromium whose camera shows the cat."""
    return launch(*with_camera(clip))


@pytest.fixture(scope="session")
def six_photos(tmp_path_factory) -> ActivationIndex:
    """A scan of six photos with two labels."""
    folder = tmp_path_factory.mktemp("layers")
    for label, names in (("animal", ["chelsea"]), ("thing", ["coffee", "camera"])):
        (folder / "photos" / label).mkdir(parents=True)
        for name in names:
            photo = Image.open(CAT.parent / f"{name}.png").convert("RGB")
            photo.save(folder / "photos" / label / f"{name}.png")
            ImageOps.mirror(photo).save(folder / "photos" / label / f"{name}-mirrored.png")
    return scan(
        load("squeezenet1_1"),
        folder / "photos",
        folder / "six",
        layers=["relu1", "fire5"],
        engine="serial",
        top=4,
    )


@pytest.fixture(scope="session")
def scanned(tmp_path_factory, six_photos) -> Iterator[Served]:
    """`cutaway serve --index`, running."""
    one = Served(tmp_path_factory.mktemp("served"), "--index", str(six_photos.folder))
    yield one
    one.stop()
