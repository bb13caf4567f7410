"""`cutaway embed`: the photos of a scan in a plane."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Index, Json, Moved, Out, Seed
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    index: Index = "index",
    method: Annotated[str, typer.Option("--method", help="tsne, pca or umap.")] = "tsne",
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer",
            help="Whose features; by default of the layer that the classifier reads.",
            show_default=False,
        ),
    ] = None,
    neighbors: Annotated[
        int, typer.Option("--neighbors", help="To how many each photo is kept near.", min=2, max=1000)
    ] = 30,
    photo_map: Annotated[
        bool, typer.Option("--map/--no-map", help="Also lay the photos themselves on a grid.")
    ] = True,
    tile: Annotated[
        int,
        typer.Option("--tile", help="Side of a photo in the map; large ones to zoom into.", min=4, max=512),
    ] = 48,
    photos: Moved = None,
    out: Out = "cutaway-out",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Lay the photos of a scan out in a plane, near where the network finds them alike.

    Points are coloured by label; below stands how far neighbours in the picture are neighbours in the features, and
    how much labels stay together. The map shows the photos themselves, none over another.

    \b
    Examples:
      cutaway scan photos/ --out index/
      cutaway embed --index index/
      cutaway embed --index index/ --method pca --layer fire5 --tile 128
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.recipes.embed import embed

    result = embed(open_index(index, photos), method, layer=layer, seed=seed, neighbors=neighbors)
    path = place(out, f"embed-{method}", set())
    written = write(result, path, html=True)
    if photo_map:
        with progress(quiet=as_json):
            drawn = result.photo_map(tile)
        written.append(keep(drawn.save(path.with_name(f"{path.stem}-map.png"))))
    if as_json:
        told = {
            "points": [
                {"path": str(result.index.path(photo)), "x": float(x), "y": float(y)}
                for photo, (x, y) in zip(result.photos, result.points, strict=True)
            ],
            "silhouette": result.silhouette,
            "trustworthiness": result.trustworthiness,
            "outputs": [str(one) for one in written],
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(result.caption)
    print(f"wrote {', '.join(map(str, written))}")
