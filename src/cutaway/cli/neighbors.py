"""`cutaway neighbors`: the photos of a scan that are most like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.options import Index, Json, Moved, Out, ScanModel, Weights, open_network
from cutaway.cli.write import place, write


def run(
    photo: Annotated[
        str,
        typer.Argument(metavar="PHOTO", help="A photo of the scan (its path, name or number), or any other."),
    ],
    index: Index = "index",
    k: Annotated[int, typer.Option("--top", "-k", help="How many.", min=1, max=1000)] = 5,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer",
            help="Whose features; by default of the layer that the classifier reads.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="exact, or faiss for very large indexes.")
    ] = "exact",
    photos: Moved = None,
    model: ScanModel = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    as_json: Json = False,
) -> None:
    """Find the photos of a scan that are most like one, to the network and in pixels.

    Above: the nearest by a layer's features; below: the nearest in pixels, for contrast. Where the photos have labels,
    the caption tells how often the nearest share them.

    \b
    Examples:
      cutaway scan photos/ --out index/
      cutaway neighbors photos/cat.jpg --index index/
      cutaway neighbors new.jpg --index index/ --layer fire5 --top 9
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.recipes.neighbors import neighbors

    opened = open_index(index, photos)
    network = (
        None if model is None and weights is None else open_network(model or opened.network, weights, "cpu")
    )
    asked: int | str = int(photo) if photo.isdecimal() and not Path(photo).exists() else photo
    result = neighbors(opened, asked, k, layer=layer, network=network, engine=engine)
    stem = f"neighbors-{Path(opened.names[asked] if isinstance(asked, int) else photo).stem}"
    written = write(result, place(out, stem, set()), html=True)
    if as_json:
        rows = [
            {"path": str(one.path), "label": one.label, "similarity": one.similarity} for one in result.rows
        ]
        told = {
            "neighbors": rows,
            "precision": result.provenance["precision"],
            "outputs": [str(p) for p in written],
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for one in result:
        print(f"{one.similarity:6.2f}  {one.path}{f'  {one.label}' if one.label else ''}")
    print(f"wrote {', '.join(map(str, written))}")
