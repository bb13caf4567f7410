"""`cutaway patches`: what excites a layer's channels most."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.options import Index, Json, Moved, Out, numbers
from cutaway.cli.write import place, write


def run(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="A layer that the scan kept.")],
    index: Index = "index",
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels",
            help="Counted from 0, such as 0..15 or 3,9; the first 16 by default.",
            show_default=False,
        ),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "--top", help="Patches of each channel; nine by default.", min=1, max=1000, show_default=False
        ),
    ] = None,
    lowest: Annotated[
        bool, typer.Option("--lowest", help="Where the channel answers least, instead.")
    ] = False,
    photos: Moved = None,
    out: Out = "cutaway-out",
    as_json: Json = False,
) -> None:
    """Show the patches that excite a layer's channels most, from a scan.

    Each patch is exactly what the unit sees, cut out of the original photo: crop and resize are undone.

    \b
    Examples:
      cutaway scan photos/ --out index/
      cutaway patches fire5 --index index/ --channels 0..15
      cutaway patches fire9 --index index/ --channels 7 --lowest
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.recipes.patches import patches

    result = patches(open_index(index, photos), layer, numbers(channels, "--channels"), k=k, lowest=lowest)
    written = write(result, place(out, f"patches-{layer}", set()), html=True)
    if as_json:
        outputs = [str(path) for path in written]
        print(
            json.dumps({"rows": result.provenance["rows"], "outputs": outputs}, ensure_ascii=False, indent=2)
        )
        return
    print(result.title)
    print(f"wrote {', '.join(map(str, written))}")
