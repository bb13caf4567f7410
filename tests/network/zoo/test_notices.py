"""What the notices say about the files beside them is true."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from cutaway.network.zoo.imagenet import imagenet_classes

FOLDERS = {"src/cutaway/network/zoo/weights": "NOTICE.md", "examples/photos": "SOURCES.md"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_listed_with_its_hash(folder: str, root: Path) -> None:
    text = (root / folder / FOLDERS[folder]).read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| (\S+\.\w+) \|.*?\b([0-9a-f]{64})\b", text, re.MULTILINE))
    there = {path.name: path for path in (root / folder).iterdir() if path.name != FOLDERS[folder]}
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}


@pytest.mark.reference
def test_the_class_names_are_torchvisions(torchvision: object) -> None:
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    assert imagenet_classes() == tuple(_IMAGENET_CATEGORIES)
