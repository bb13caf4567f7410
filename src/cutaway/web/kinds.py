"""What a job can be: a name, and the function that does it in the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cutaway.errors import BadSetting
from cutaway.web.audits import audit_of_an_index
from cutaway.web.desk import Desk
from cutaway.web.maps import made_map
from cutaway.web.planes import place_of_a_photo, plane_of_an_index

__all__ = ["KINDS", "Kind", "map_of_a_photo"]

Kind = Callable[[Desk, Mapping[str, Any]], bytes]


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
    "plane": plane_of_an_index,
    "place": place_of_a_photo,
    "audit": audit_of_an_index,
}


def done(desk: Desk, kind: str, settings: Mapping[str, Any]) -> bytes:
    """Do a job of any kind.

    Raises:
        BadSetting: for a kind that there is not.
    """
    if kind not in KINDS:
        raise BadSetting(f"a job is one of {', '.join(KINDS)}, got {kind!r}")
    return KINDS[kind](desk, settings)
