"""`cutaway layers`: everything in a network that can be looked at."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, Model, Size, Weights, open_network, sizes
from cutaway.errors import BadSetting


def run(
    name: Annotated[
        str | None, typer.Argument(help="The network, as for --model.", metavar="[MODEL]", show_default=False)
    ] = None,
    model: Model = "squeezenet1_1",
    size: Size = None,
    weights: Weights = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", help="Also write the table: .png, .html, .csv or .npz.", show_default=False
        ),
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """List a network's layers with shapes, parameters and receptive fields.

    In the order of execution, functional and in-place operations too; ":2" is an operation's second use. The names
    are what --layer takes. Below the table: what is odd about the network.

    \b
    Examples:
      cutaway layers
      cutaway layers vgg16 --size 320
      cutaway layers models/mine.py:build --out layers.html
    """
    from pathlib import Path

    from cutaway.recipes.layers import layers

    wanted = sizes(size)
    if wanted == "photo":
        raise BadSetting("--size photo needs a photo; give numbers, such as 320 or 150x250")
    network = open_network(name or model, weights, device)
    table = layers(network, size=wanted)
    written = [str(keep(table.save(Path(out))))] if out else []
    if as_json:
        rows: list[dict[str, Any]] = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        summary = {"model": network.name, "layers": rows, "notes": list(table.notes), "outputs": written}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    print(table.to_text())
    for path in written:
        print(f"wrote {path}")
