"""`cutaway purity`: which label each channel of a layer fires for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Index, Json, Moved, ScanModel, Seed, Weights, open_network
from cutaway.cli.progress import progress


def run(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="A layer that the scan kept.")],
    index: Index = "index",
    k: Annotated[
        int | None,
        typer.Option(
            "--top",
            help="Strongest photos of each channel that are counted; nine by default.",
            min=1,
            max=1000,
            show_default=False,
        ),
    ] = None,
    alike: Annotated[
        bool,
        typer.Option("--alike/--no-alike", help="Also run the network, and tell how alike the places are."),
    ] = True,
    rows: Annotated[
        int, typer.Option("--rows", help="How many channels are printed, purest first.", min=1)
    ] = 20,
    photos: Moved = None,
    model: ScanModel = None,
    weights: Weights = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", help="Also write the table: .csv, .html, .png or .npz.", show_default=False
        ),
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Tell for each channel of a layer which label it fires for, and how purely, from a scan.

    Counted are the channel's strongest photos with one label, beside the average precision of the label that it finds
    best over all photos, and how alike its strongest places are; below stands what chance would give.

    \b
    Examples:
      cutaway scan photos/ --labels photos.csv:category --out index/
      cutaway purity fire9 --index index/
      cutaway purity fire9 --index index/ --no-alike --out fire9.csv
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.recipes.purity import purity

    opened = open_index(index, photos)
    network = (
        None if model is None and weights is None else open_network(model or opened.network, weights, "cpu")
    )
    with progress(quiet=as_json):
        table = purity(opened, layer, k=k, alike=alike, network=network, seed=seed)
    written = [str(keep(table.save(Path(out))))] if out else []
    if as_json:
        told = {"channels": list(table), "notes": list(table.notes), "outputs": written}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(replace(table, rows=table.rows[:rows]).to_text())
    for path in written:
        print(f"wrote {path}")
