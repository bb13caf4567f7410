"""`cutaway explain`: the strongest classes of photos, and where the network looked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Model,
    Out,
    Seed,
    Size,
    Weights,
    expanded,
    open_network,
    sizes,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write
from cutaway.errors import BadImage


def run(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO", help="Photos, folders of photos, or - for standard input."),
    ],
    model: Model = "squeezenet1_1",
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", "-c", help="Draw this class, by index or name; repeat for several.", show_default=False
        ),
    ] = None,
    true: Annotated[
        str | None, typer.Option("--true", help="The class that the photos really show.", show_default=False)
    ] = None,
    top: Annotated[
        int, typer.Option("--top", help="How many of the most probable classes to draw.", min=1)
    ] = 3,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            help="cam, grad-cam, layer-cam, saliency, smooth-grad, integrated-gradients, guided-backprop, deconvnet, "
            "occlusion, rise, …; the best there is by default. A wrong name lists them all.",
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="The layer that a class activation method weighs.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", help="Which output holds the classes, where there are several.", show_default=False
        ),
    ] = None,
    trust: Annotated[
        str,
        typer.Option(
            "--trust",
            help="Numbers below each map: cheap; full (deletion, insertion, shuffled weights), at about 140 passes "
            "for each; none.",
        ),
    ] = "cheap",
    scale: Annotated[
        str,
        typer.Option(
            "--scale", help="layer: one scale for a photo; cell: each map its own; shared: all photos."
        ),
    ] = "layer",
    look: Annotated[
        str, typer.Option("--look", help="overlay, or camshow (jet over a half-dark gray photo).")
    ] = "overlay",
    together: Annotated[
        bool, typer.Option("--together", help="All photos on one sheet, a row each.")
    ] = False,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    max_memory: MaxMemory = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Show the strongest classes of photos and where the network looked.

    For each photo: a sheet NAME.png with the photo and a map for each class, the same as a page NAME.html that
    opens anywhere, and the raw maps in NAME.npz. Indices of classes are 0-based.

    Reading help: bright is where the evidence for the class lies. Maps of one sheet share one scale, so brighter
    is stronger. A place in a map is the same place in the photo.

    \b
    Examples:
      cutaway explain cat.jpg
      cutaway explain cat.jpg --class "Egyptian cat" --class 282
      cutaway explain holiday/ --out sheets/ --json > summary.json
      cutaway explain mistake.jpg --true espresso
      cutaway explain cat.jpg --model models/mine.py:build --weights mine.safetensors --method grad-cam
    """
    from cutaway.attribution.methods import method_named
    from cutaway.network.memory import memory

    chosen = None
    if method is not None or layer is not None:
        chosen = method_named(method or "grad-cam", layer)
    settings: dict[str, Any] = {
        "classes": classes or None,
        "true": true,
        "top": top,
        "method": chosen,
        "size": sizes(size),
        "scale": scale,
        "look": look,
        "output": output,
        "trust": trust,
    }
    paths = expanded(photos)
    network = open_network(model, weights, device, seed)
    with memory(max_memory), progress(quiet=as_json or len(paths) > 1):
        told, refused = _sheets(network, paths, settings, out, together or scale == "shared", as_json)
    if as_json:
        print(json.dumps({"photos": told, "skipped": refused}, ensure_ascii=False, indent=2))
    if refused:
        more = f"; {len(refused)} photos could not be read" if len(refused) > 1 else ""
        raise BadImage(refused[0]["path"], refused[0]["reason"] + more)


def _sheets(
    network: Any, paths: list[Any], settings: dict[str, Any], out: str, together: bool, quiet: bool
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    from rich.console import Console
    from rich.progress import track

    from cutaway.images.read import read
    from cutaway.recipes.explain import explain

    told: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    taken: set[Path] = set()
    groups = [paths] if together else [[path] for path in paths]
    console = Console(stderr=True)
    steps = track(
        groups,
        description="explain",
        console=console,
        transient=True,
        disable=quiet or len(groups) < 2 or not console.is_terminal,
    )
    for group in steps:
        photos = []
        for path in group:
            try:
                photos.append(read(path))
            except BadImage as error:
                refused.append({"path": error.path, "reason": error.reason})
        if not photos:
            continue
        sheet = explain(network, photos, **settings)
        stem = "explain" if len(group) > 1 else _stem(group[0])
        written = write(sheet, place(out, stem, taken), html=True)
        rows = sheet.provenance["photos"]
        assert isinstance(rows, list)
        for row in rows:
            told.append(row | {"outputs": [str(path) for path in written]})
            if not quiet:
                _say(row)
        if not quiet:
            print(f"  wrote {', '.join(str(path) for path in written)}")
    return told, refused


def _stem(path: Any) -> str:
    return "photo" if str(path) == "-" else Path(path).stem


def _say(row: dict[str, Any]) -> None:
    print(row["path"] or "photo", *(f"({note})" for note in row["notes"]))
    first = row["top"][: max(3, len(row["drawn"]))]
    for guess in [*first, *(drawn for drawn in row["drawn"] if drawn not in first)]:
        share = guess["probability"]
        value = f"{guess['score']:7.3g}" if share is None else f"{100 * share:5.1f} %"
        print(f"  {value}  {guess['label']} ({guess['index']})")
