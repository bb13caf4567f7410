"""What a job can be: a name, and the function that does it in the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cutaway import __version__
from cutaway.errors import BadSetting
from cutaway.web.atlas import identity
from cutaway.web.audits import audit_of_an_index
from cutaway.web.desk import Desk
from cutaway.web.maps import made_map
from cutaway.web.planes import place_of_a_photo, plane_of_an_index
from cutaway.web.reported import page_of_a_report
from cutaway.web.run import Run
from cutaway.web.studio import STUDIO
from cutaway.web.unit_image import unit_image

__all__ = ["KINDS", "KINDS_SHOWN", "Kind", "KindShown", "done", "map_of_a_photo"]

Kind = Callable[[Desk, Mapping[str, Any]], bytes]
KindShown = Callable[[Desk, Mapping[str, Any], Run], bytes]


def map_of_a_photo(desk: Desk, settings: Mapping[str, Any]) -> bytes:
    """Make one method's map of one class, as `maps.made_map` does.

    Args:
        desk: networks and photos.
        settings: model, photo, method, target, full.
    """
    network = desk.opened(str(settings["model"])).network
    photo = desk.photos.read(str(settings["photo"]))
    return made_map(
        network, photo, str(settings["method"]), int(settings["target"]), full=bool(settings["full"])
    )


KINDS: dict[str, Kind] = {
    "map": map_of_a_photo,
    "unit-image": unit_image,
    "plane": plane_of_an_index,
    "place": place_of_a_photo,
    "audit": audit_of_an_index,
}

KINDS_SHOWN: dict[str, KindShown] = {**STUDIO, "report": page_of_a_report}
"""Kinds that have a folder for what they show, and that end with what is there where they are cancelled."""


def _check_asked_here(desk: Desk, settings: Mapping[str, Any]) -> None:
    """Refuse what was queued for other weights, another index or style, or by another version: results bear these."""
    now: dict[str, str] = {"version": __version__}
    if settings.get("weights"):
        now["weights"] = desk.opened(str(settings["model"])).weights
    if settings.get("scanned"):
        now["scanned"] = identity(desk.index(str(settings["index"])))
    if settings.get("trained"):
        now["trained"] = desk.trained(str(settings["painter"]))
    for name, is_now in now.items():
        if settings.get(name, is_now) != is_now:
            raise BadSetting(f"what it was asked of has changed since ({name}): ask again")


def done(desk: Desk, kind: str, settings: Mapping[str, Any], run: Run) -> bytes:
    """Do a job of any kind.

    Raises:
        BadSetting: for a kind that there is not.
    """
    _check_asked_here(desk, settings)
    if kind in KINDS_SHOWN:
        return KINDS_SHOWN[kind](desk, settings, run)
    if kind not in KINDS:
        raise BadSetting(f"a job is one of {', '.join((*KINDS, *KINDS_SHOWN))}, got {kind!r}")
    return KINDS[kind](desk, settings)
