"""The bundled network and real photos, for the tests of recipes."""

from __future__ import annotations

from pathlib import Path

import pytest

import cutaway as cw

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


@pytest.fixture(scope="session")
def net() -> cw.Network:
    return cw.load("squeezenet1_1")


@pytest.fixture(scope="session")
def cat() -> cw.Picture:
    return cw.read(PHOTOS / "chelsea.png")


@pytest.fixture(scope="session")
def coffee() -> cw.Picture:
    return cw.read(PHOTOS / "coffee.png")


@pytest.fixture(scope="session")
def camera() -> cw.Picture:
    return cw.read(PHOTOS / "camera.png")
