"""`cutaway correspondence`: whether hiding the same part of several photos changes the same features."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.options import Device, Json, Model, Out, Seed, Size, Weights, expanded, open_network, sizes
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    photos: Annotated[
        list[str], typer.Argument(metavar="PHOTO", help="Two photos or more, or their folder.")
    ],
    parts: Annotated[
        str | None,
        typer.Option(
            "--parts",
            help="A .csv with the columns photo, part, top, left, bottom, right, or a .json of such rows; nine places "
            "of a grid by default, for photos that are aligned.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--part", help="Only this part; repeat for several; all by default.", show_default=False
        ),
    ] = None,
    model: Model = "squeezenet1_1",
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", help="Whose features; repeat for several; four by default.", show_default=False
        ),
    ] = None,
    pooled: Annotated[
        bool,
        typer.Option("--pooled", help="Compare the means of channels, wherever in a photo the part lies."),
    ] = False,
    draws: Annotated[int, typer.Option("--draws", help="Random sets of places to compare with.", min=1)] = 20,
    seed: Seed = 0,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Hide the same part in several photos, and tell how alike their features change.

    For each layer and part, the share of features that change with different signs in two photos (Zeiler and Fergus,
    2014, table 1): lower is more consistent. Random places tell what to compare it with.

    \b
    Examples:
      cutaway correspondence dog1.jpg dog2.jpg dog3.jpg --parts parts.csv
      cutaway correspondence faces/ --layer fire5 --layer fire9
    """
    from cutaway.recipes.correspondence import correspondence

    given = expanded(photos)
    network = open_network(model, weights, device)
    with progress(quiet=as_json):
        found = correspondence(
            network,
            given,
            parts,
            only=only or None,
            layers=layers,
            pooled=pooled,
            draws=draws,
            seed=seed,
            size=sizes(size),
        )
    written = [str(path) for path in write(found, place(out, "correspondence", set()), html=True)]
    if as_json:
        told = {
            layer: {
                "parts": dict(zip(found.parts, found.values[k].tolist(), strict=True)),
                "sums": dict(zip(found.parts, found.sums[k].tolist(), strict=True)),
                "random": found.random[k].tolist(),
                "shared": found.shared[k].tolist(),
            }
            for k, layer in enumerate(found.layers)
        }
        print(json.dumps({"layers": told, "outputs": written}, ensure_ascii=False, indent=2))
        return
    print(found.table().to_text())
    print(f"wrote {', '.join(written)}")
