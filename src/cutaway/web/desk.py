"""What is open: networks, indexes and painters by the names that addresses use, photos, and where all of it is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from cutaway.dataset.activation_index import ActivationIndex, open_index
from cutaway.errors import BadSetting, UnknownModel
from cutaway.faststyle.style_file import read_style
from cutaway.network.fingerprint import fingerprint
from cutaway.network.load import load
from cutaway.network.network import Network
from cutaway.web.photos import Photos

__all__ = ["Desk", "Opened", "Opening", "explorer_folder", "short_names"]


def explorer_folder() -> Path:
    """Give where the explorer keeps photos and results: $CUTAWAY_EXPLORER, else the system's folder for data."""
    chosen = os.environ.get("CUTAWAY_EXPLORER")
    return Path(chosen) if chosen else user_data_path("cutaway") / "explorer"


def short_names(given: Sequence[str]) -> list[str]:
    """Give each model, or file, a name for addresses: letters, digits, dots, dashes; never a path.

    >>> short_names(["squeezenet1_1", "nets/mine.py:build", "nets/mine.py:build"])
    ['squeezenet1_1', 'mine-build', 'mine-build-2']
    """
    found: list[str] = []
    for one in given:
        stem = re.sub(r"\.py:", "-", re.split(r"[/\\]", one.rstrip("/\\"))[-1])
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.") or "model"
        name, count = plain, 1
        while name in found:
            count += 1
            name = f"{plain}-{count}"
        found.append(name)
    return found


@dataclass(frozen=True)
class Opened:
    """One network that the page may ask.

    Args:
        id: its name in addresses.
        network: loaded.
        weights: a hash of its parameters, by which results are kept.
    """

    id: str
    network: Network
    weights: str


@dataclass(frozen=True)
class Opening:
    """What is to be opened, by the server and by the process that does its jobs.

    Args:
        models: as `cutaway.load` takes them.
        folder: where photos and results are kept.
        weights: a file for the first of the models.
        device: as `cutaway.load` takes it.
        indexes: folders that `scan` made.
        painters: files that `train_style` made.
        memory: bytes that the process of jobs may take; None sets no ceiling.
        disk: bytes that photos may take, and results as many: beyond, the oldest that nothing needs go.
    """

    models: tuple[str, ...]
    folder: str
    weights: str | None = None
    device: str = "cpu"
    indexes: tuple[str, ...] = ()
    painters: tuple[str, ...] = ()
    memory: int | None = None
    disk: int = 2 * 2**30

    def told(self) -> dict[str, Any]:
        """Give it as JSON can hold it; `Opening(**told)` is this one again."""
        return asdict(self)


class Desk:
    """The networks, indexes, painters and photos that are open.

    Args:
        opening: which.

    Raises:
        BadSetting, UnknownModel, WeightsUnavailable: as `cutaway.load` does.
        BadIndex: as `cutaway.open_index` does.
    """

    def __init__(self, opening: Opening) -> None:
        if not opening.models:
            raise BadSetting("there must be at least one model, got none")
        self.device, self.most_disk = opening.device, opening.disk
        self.models: dict[str, Opened] = {}
        for i, (model, name) in enumerate(zip(opening.models, short_names(opening.models), strict=True)):
            network = load(model, weights=opening.weights if i == 0 else None, device=opening.device)
            self.models[name] = Opened(name, network, fingerprint(network.module))
        self.folder = Path(opening.folder)
        self.photos = Photos(self.folder / "photos")
        self.indexes = {
            name: open_index(folder)
            for name, folder in zip(short_names(opening.indexes), opening.indexes, strict=True)
        }
        names = short_names([Path(one).stem for one in opening.painters])
        self.painters = dict(zip(names, opening.painters, strict=True))
        self._trained = {name: fingerprint(read_style(path)[0]) for name, path in self.painters.items()}

    def index(self, name: str) -> ActivationIndex:
        """Give an index by its name in addresses; nothing gives the first.

        Raises:
            UnknownModel: for one that is not open.
        """
        if not self.indexes:
            raise UnknownModel("no index is open here. To open one: cutaway serve --index FOLDER")
        if name and name not in self.indexes:
            raise UnknownModel(f"{name!r} is not open here. Open: {', '.join(self.indexes)}")
        return self.indexes[name or next(iter(self.indexes))]

    def painter(self, name: str) -> str:
        """Give a style's file by its name in addresses; nothing gives the first.

        Raises:
            UnknownModel: for one that is not open.
        """
        if not self.painters:
            raise UnknownModel("no style is open here. To open one: cutaway serve --painter FILE")
        if name and name not in self.painters:
            raise UnknownModel(f"{name!r} is not open here. Open: {', '.join(self.painters)}")
        return self.painters[name or next(iter(self.painters))]

    def trained(self, name: str) -> str:
        """Give a hash of a painter's parameters, by which what it paints is kept."""
        return self._trained[name]

    def opened(self, name: str) -> Opened:
        """Give a network by its name in addresses; nothing gives the first.

        Raises:
            UnknownModel: for one that is not open: a page opens no model.
        """
        if not name:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise UnknownModel(
                f"{name!r} is not open here. Open: {', '.join(self.models)}. "
                "To open another: cutaway serve --model NAME"
            )
        return self.models[name]
