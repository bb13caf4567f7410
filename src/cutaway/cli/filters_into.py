"""`cutaway filters --into`: images for all channels of whole networks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutaway.cli.kept import keep
from cutaway.cli.progress import progress
from cutaway.cli.scan import told_time

if TYPE_CHECKING:
    from cutaway.network.network import Network
    from cutaway.recipes.filters_into import FilterCost

__all__ = ["make_into"]


def make_into(
    network: Network,
    layers: list[str],
    folder: str,
    *,
    engine: str,
    workers: int | None,
    dry_run: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Tell what it will take, make what is not there yet, and tell what is there."""
    from cutaway.recipes.filters_into import filters_cost, filters_into

    if dry_run or not as_json:
        cost = filters_cost(network, layers, folder, **settings)
        if as_json:
            told = {
                "images": cost.images,
                "left": cost.left,
                "layers": cost.layers,
                "seconds": cost.seconds,
                "bytes": cost.size,
            }
            print(json.dumps(told))
            return
        print(_told_cost(cost, network.name, engine, workers), flush=True)
        if dry_run:
            return
    keep(Path(folder))  # stopped at any moment, it is there to go on with
    with progress(quiet=as_json):
        made = filters_into(network, layers, folder, engine=engine, workers=workers, **settings)
    if as_json:
        skipped = [
            {"layer": layer, "channel": channel, "reason": reason}
            for (layer, channel), reason in made.skipped.items()
        ]
        summary = {
            "model": network.name,
            "folder": str(made.folder),
            "images": len(made),
            "layers": made.layers,
            "skipped": skipped,
        }
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    for (layer, channel), reason in made.skipped.items():
        print(f"left out {layer}:{channel}: {reason}")
    print(f"{len(made):,} images, {len(made.layers)} layers of {made.network}")
    print(f"wrote {made.folder}")


def _told_cost(cost: FilterCost, name: str, engine: str, workers: int | None) -> str:
    words = f"{cost.images:,} images, {len(cost.layers)} layers of {name}: {', '.join(cost.layers)}\n"
    if not cost.left:
        return f"{words}all are there"
    count = 1 if engine == "serial" else workers or os.cpu_count() or 1
    spent = told_time(cost.seconds)
    many = f" ({told_time(cost.seconds / count)} of {count})" if count > 1 and engine == "processes" else ""
    left = "" if cost.left == cost.images else f"{cost.left:,} are still to be made: "
    return f"{words}{left}about {spent} of one worker{many}, and {cost.size / 1e6:,.1f} MB on the disk in all"
