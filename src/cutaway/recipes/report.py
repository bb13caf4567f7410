"""One page of all that is known of a photo, a network or a data set."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadSetting
from cutaway.images.read import Source, read
from cutaway.network.network import Network
from cutaway.recipes.data_report import DataReport
from cutaway.recipes.filter_folder import FilterFolder
from cutaway.recipes.kept_filters import foldered
from cutaway.recipes.network_report import NetworkReport
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin, spelled
from cutaway.recipes.patches import indexed
from cutaway.recipes.photo_report import PhotoReport
from cutaway.recipes.question import Class
from cutaway.recipes.report_parts import chosen_parts, made_parts
from cutaway.recipes.scanned_network import scanned_network
from cutaway.view.report import Report

__all__ = ["KINDS", "report"]

KINDS = ("photo", "network", "data")


def report(
    network: Network | str | nn.Module | None = None,
    photo: Source | None = None,
    *,
    index: ActivationIndex | str | os.PathLike[str] | None = None,
    of: str | None = None,
    sections: Sequence[str] | None = None,
    target: Class | None = None,
    layers: Sequence[str] | None = None,
    filters: FilterFolder | str | os.PathLike[str] | None = None,
    megabytes: float = 10.0,
    seed: int = 0,
) -> Report:
    """Put all that is known of a photo, a network or a data set on one page: one file that needs nothing else.

    What is given decides: a photo, else a network, else an index. Sections that cannot be made are left out, and the
    page tells why. Ctrl-C keeps the sections that are there.

    Args:
        network: the network, or its name; None takes that of the index.
        photo: whatever `cutaway.read` takes.
        index: that `scan` made, or its folder; alone it is what the report is of, else it adds to it.
        of: "photo", "network" or "data", where what is given does not say it: an index and its own network, say.
        sections: some of them, by name; None takes all.
        target: the class asked about in a photo; None takes the most probable ones.
        layers: whose channels are shown; None takes a few, early to late.
        filters: a folder that `filters_into` made, or its path: a network's filter images are taken from there.
        megabytes: the most that the page may take; its pictures are written smaller until it fits.
        seed: of what is drawn by lot, and of images that are made.

    Returns:
        A Report: `.save("report.html")` writes the page, `report["maps"].results` are a section's results.

    Raises:
        BadImage, BadIndex, BadSetting, UnknownLayer, UnknownModel: with what to do instead.

    >>> import numpy as np
    >>> from cutaway.network.preprocessing import Preprocessing
    >>> from cutaway.view.picture import Picture
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), Preprocessing(size=16))
    >>> page = report(net, Picture(np.full((20, 30, 3), 99, np.uint8)), sections=["answer", "units"])
    >>> [one.name for one in page.sections], page.left_out[0][0]
    (['units'], 'What the network says')
    """
    kind = _kind(of, network, photo, index)
    if not megabytes > 0:
        raise BadSetting(f"megabytes must be above 0, got {megabytes}")
    _check_given(kind, target, filters)
    scan = None if index is None else indexed(index)
    picture = read(photo) if kind == "photo" and photo is not None else None
    model = None if network is None else opened(network)
    if scan is not None and (model is not None or kind != "data"):
        model = scanned_network(scan, model)
    for name in layers or ():
        if model is not None and kind != "data":
            model.layer(name)
        elif scan is not None:
            scan.layer(name)
    chosen: PhotoReport | NetworkReport | DataReport
    if target is not None and model is not None:
        model.class_index(target)
    if picture is not None and model is not None:
        chosen = PhotoReport(model, picture, scan, target, layers)
        title = f"{Path(picture.path).name if picture.path else 'A photo'}, by {model.name}"
    elif kind == "network" and model is not None:
        folder = None if filters is None else foldered(filters)
        if folder is not None:
            folder.check(model)
        chosen, title = NetworkReport(model, scan, layers, folder, seed), model.name
    else:
        assert scan is not None
        chosen, title = DataReport(scan, model, layers, seed), f"{scan.root.name}, by {scan.network}"
    done = made_parts(chosen_parts(chosen.parts(), sections))
    given = None if photo is None else (picture.path if picture is not None and picture.path else "photo")
    settings: dict[str, object] = {
        "index": None if scan is None else str(scan.folder),
        "of": of,
        "sections": _listed(sections),
    }
    settings |= {"target": target if target is None or isinstance(target, str) else int(target)}
    settings |= {"layers": _listed(layers)}
    made = filters.folder if isinstance(filters, FilterFolder) else filters
    settings |= {"filters": None if made is None else os.fspath(made), "megabytes": megabytes, "seed": seed}
    words = [] if network is None or model is None else [network_spelled(model)]
    words += [] if given is None else [("" if words else "photo=") + repr(given)]
    told = origin(model, f"{spelled(report, *words, **settings)}.save('report.html')", kind=kind, **settings)
    if scan is not None:
        told |= {"network": scan.network, "weights": scan.weights, "index": str(scan.folder)}
    told |= {"photo": given, "sections": [one.name for one in done.sections], "stopped": done.stopped}
    if command := _command(None if network is None else model, given, settings):
        told["command"] = command
    return Report(title, chosen.lead(), done.sections, done.left_out, megabytes, told)


def _kind(of: str | None, network: object, photo: object, index: object) -> str:
    if of is not None and of not in KINDS:
        raise BadSetting(f"of must be one of {', '.join(KINDS)}, got {of!r}")
    kind = of or ("photo" if photo is not None else "network" if network is not None else "data")
    if kind == "data" and index is None:
        raise BadSetting(
            "a report needs something to be of: a photo (cutaway report PHOTO), a network (--model NAME), or the index "
            "of a scan (--index FOLDER)"
        )
    if kind == "photo" and photo is None:
        raise BadSetting("a report of a photo needs the photo: cutaway report PHOTO")
    if kind != "photo" and photo is not None:
        raise BadSetting(
            f"a report of a {kind if kind == 'network' else 'data set'} takes no photo: leave it out"
        )
    if kind != "data" and network is None and index is None:
        raise BadSetting(f"a report of a {kind} needs a network: cutaway report --model NAME")
    return kind


def _check_given(kind: str, target: object, filters: object) -> None:
    if target is not None and kind != "photo":
        raise BadSetting("target is the class asked about in a photo: give a photo, or leave it out")
    if filters is not None and kind != "network":
        raise BadSetting("filters are shown in the report of a network: give no photo, or leave them out")


def _listed(several: Sequence[str] | None) -> list[str] | None:
    return None if several is None else [several] if isinstance(several, str) else list(several)


def _command(network: Network | None, photo: str | None, settings: dict[str, object]) -> str:
    """Write the command line that makes it again; nothing for a network or a photo that only Python has."""
    if photo == "photo" or (network is not None and network_spelled(network) == "network"):
        return ""
    words = [
        "cutaway",
        "report",
        *([photo] if photo else []),
        *(["--model", network.name] if network else []),
    ]
    for name, value in settings.items():
        if value is None or (name, value) in (("megabytes", 10.0), ("seed", 0)):
            continue
        words += [f"--{name}", ",".join(value) if isinstance(value, list) else str(value)]
    return shlex.join([*words, "--out", "report.html"])
