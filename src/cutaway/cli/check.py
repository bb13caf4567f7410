"""`cutaway check`: what is wrong with a network's filters and channels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Json, Model, Weights, open_network


def run(
    name: Annotated[
        str | None, typer.Argument(help="The network, as for --model.", metavar="[MODEL]", show_default=False)
    ] = None,
    model: Model = "squeezenet1_1",
    index: Annotated[
        str | None,
        typer.Option(
            "--index", "-i", help="A scan with it: channels that no photo excites, too.", show_default=False
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Another convolution than the first.", show_default=False)
    ] = None,
    weights: Weights = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", help="Also write the table: .png, .html, .csv or .npz.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look for dead, copied, noisy and aliased filters, and for channels that no photo excites.

    Each finding comes with its figure, and below the table stands in words what it means and what to do.

    \b
    Examples:
      cutaway check
      cutaway check alexnet --index index/
      cutaway check --model mine.py:build --weights mine.safetensors --out check.html
    """
    from cutaway.recipes.check import check

    table = check(open_network(name or model, weights, "cpu"), index, layer=layer)
    written = [str(keep(table.save(Path(out))))] if out else []
    if as_json:
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        told = {"findings": rows, "notes": list(table.notes), "outputs": written}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(table.to_text())
    for path in written:
        print(f"wrote {path}")
