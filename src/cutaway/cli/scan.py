"""`cutaway scan`: a folder of photos folded into an index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, Model, Size, Weights, open_network, sizes
from cutaway.cli.progress import progress


def run(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTOS", help="A folder, or files and folders.")],
    model: Model = "squeezenet1_1",
    out: Annotated[str, typer.Option("--out", "-o", help="Folder of the index.")] = "index",
    layers: Annotated[
        str | None,
        typer.Option(
            "--layers",
            help="Names with commas, or a range such as conv1..fire4; by default those that everything goes through.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        str,
        typer.Option(
            "--labels",
            help="folders (their names), none, or a table: photos.csv, photos.csv:COLUMN.",
        ),
    ] = "folders",
    engine: Annotated[
        str, typer.Option("--engine", help="processes, serial, ray, or ray:ADDRESS of a cluster.")
    ] = "processes",
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="How many at once; all cores by default.", min=1, show_default=False),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Places kept of each channel.", min=1, max=1000)] = 9,
    fit: Annotated[
        str | None,
        typer.Option(
            "--fit",
            help="exact (the whole photo, squeezed) or crop (the largest middle part).",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[int, typer.Option("--batch", help="Photos in one pass.", min=1, max=4096)] = 32,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first photo that cannot be read.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would cost.")] = False,
    size: Size = None,
    weights: Weights = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Read a folder of photos once, and keep what excites every channel.

    For each photo and channel the maximum and the mean are kept, for each channel its strongest and lowest places.
    Stopped at any moment, the same command goes on where it was. Photos that cannot be read are left out and listed.

    \b
    Examples:
      cutaway scan photos/ --out index/
      cutaway scan photos/ --labels photos.csv:category --layers fire2..fire9 --out index/
      cutaway scan photos/ --model resnet50 --weights resnet50.safetensors --dry-run
    """
    from cutaway.recipes.scan import scan, scan_cost

    network = open_network(model, weights, device)
    asked = None if layers is None else [part.strip() for part in layers.split(",") if part.strip()]
    table = None if labels == "none" else labels
    settings: dict[str, Any] = {"layers": asked, "top": top, "size": sizes(size), "fit": fit, "batch": batch}
    if dry_run:
        cost, names = scan_cost(network, photos, **settings)
        if as_json:
            told = {"photos": cost.photos, "seconds": cost.seconds, "bytes": cost.size, "layers": names}
            print(json.dumps(told))
            return
        print(f"{cost.photos:,} photos, {len(names)} layers of {network.name}: {', '.join(names)}")
        print(f"about {told_time(cost.seconds)} of one worker, and {cost.size / 1e6:,.1f} MB on the disk")
        return
    keep(Path(out))  # stopped at any moment, it is there to go on with
    with progress(quiet=as_json):
        index = scan(
            network, photos, out, labels=table, engine=engine, workers=workers, strict=strict, **settings
        )
    if as_json:
        skipped = [{"path": str(path), "reason": reason} for path, reason in index.skipped]
        summary = {
            "index": str(index.folder),
            "photos": len(index),
            "layers": index.layers,
            "skipped": skipped,
        }
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    for path, reason in index.skipped:
        print(f"left out {path}: {reason}")
    count = len(index) - len(index.skipped)
    print(f"{count:,} photos, {len(index.layers)} layers of {index.network}")
    print(f"wrote {index.folder}")


def told_time(seconds: float) -> str:
    """Write a time so that a person can plan with it.

    >>> told_time(7.2), told_time(400), told_time(90_000)
    ('7 s', '7 min', '25 h')
    """
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600):,} h"
