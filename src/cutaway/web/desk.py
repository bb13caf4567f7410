"""What is open: networks by the names that addresses use, photos, and where all of it is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from cutaway.errors import BadSetting, UnknownModel
from cutaway.network.fingerprint import fingerprint
from cutaway.network.load import load
from cutaway.network.network import Network
from cutaway.web.photos import Photos

__all__ = ["Desk", "Opened", "explorer_folder", "short_names"]


def explorer_folder() -> Path:
    """Give where the explorer keeps photos and results: $CUTAWAY_EXPLORER, else the system's folder for data."""
    chosen = os.environ.get("CUTAWAY_EXPLORER")
    return Path(chosen) if chosen else user_data_path("cutaway") / "explorer"


def short_names(models: Sequence[str]) -> list[str]:
    """Give each model a name for addresses: letters, digits, dots, dashes; never a path.

    >>> short_names(["squeezenet1_1", "nets/mine.py:build", "nets/mine.py:build"])
    ['squeezenet1_1', 'mine-build', 'mine-build-2']
    """
    found: list[str] = []
    for model in models:
        stem = re.sub(r"\.py:", "-", re.split(r"[/\\]", model)[-1])
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


class Desk:
    """The networks and photos that are open.

    Args:
        models: as `cutaway.load` takes them.
        folder: where photos are kept.
        weights: a file for the first of the models.
        device: as `cutaway.load` takes it.

    Raises:
        BadSetting, UnknownModel, WeightsUnavailable: as `cutaway.load` does.
    """

    def __init__(
        self, models: Sequence[str], folder: Path, *, weights: str | None = None, device: str = "cpu"
    ) -> None:
        if not models:
            raise BadSetting("there must be at least one model, got none")
        self.models: dict[str, Opened] = {}
        for i, (model, name) in enumerate(zip(models, short_names(models), strict=True)):
            network = load(model, weights=weights if i == 0 else None, device=device)
            self.models[name] = Opened(name, network, fingerprint(network.module))
        self.folder = folder
        self.photos = Photos(folder / "photos")

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
