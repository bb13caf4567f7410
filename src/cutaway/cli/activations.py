"""`cutaway activations`: what a layer's channels answer to photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.options import (
    Device,
    Json,
    Model,
    Out,
    Seed,
    Size,
    Weights,
    expanded,
    numbers,
    open_network,
    sizes,
)
from cutaway.cli.write import place, write


def run(
    photos: Annotated[
        list[str], typer.Argument(metavar="PHOTO", help="Photos, folders of photos, or - for standard input.")
    ],
    layer: Annotated[
        list[str],
        typer.Option(
            "--layer",
            "-l",
            help="A layer, a range conv1..fire4, or all; repeat for several. See: cutaway layers.",
        ),
    ],
    model: Model = "squeezenet1_1",
    channels: Annotated[
        str | None,
        typer.Option("--channels", "-k", help="These channels, 0-based: 3,5,10..12.", show_default=False),
    ] = None,
    strongest: Annotated[
        int | None,
        typer.Option(
            "--strongest", help="The channels with the largest values, this many.", min=1, show_default=False
        ),
    ] = None,
    tile: Annotated[
        int | None, typer.Option("--tile", help="Enlarge each map of a sheet to this many pixels.", min=1)
    ] = None,
    columns: Annotated[int | None, typer.Option("--columns", help="Columns of a sheet.", min=1)] = None,
    scale: Annotated[
        str,
        typer.Option(
            "--scale", help="layer (all together), cell, symmetric, percentile or channel (standardised)."
        ),
    ] = "layer",
    colormap: Annotated[
        str, typer.Option("--colormap", help="gray, viridis, inferno, jet or diverging.")
    ] = "gray",
    beside: Annotated[
        bool | None,
        typer.Option("--beside/--alone", help="Maps as large as the photo, beside it.", show_default=False),
    ] = None,
    relu: Annotated[bool, typer.Option("--relu", help="Each channel before and after the ReLU.")] = False,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Show what a layer's channels answer to photos.

    All channels of a layer as one sheet; or, with --channels or --strongest, chosen ones as large as the photo
    and beside it, a row for each photo, all on one scale so that brightness can be compared. Beside every PNG lies
    an .npz with the raw activations.

    Reading help: white is strongly positive, black strongly negative. A place in a map is the same place in the
    photo. Early layers answer to edges and colours, late ones to parts and objects.

    \b
    Examples:
      cutaway activations face.jpg --layer conv1
      cutaway activations face.jpg --layer fire6-relu_squeeze1x1 --channels 3,5
      cutaway activations face.jpg closed-eye.jpg --layer fire6.squeeze --channels 14,46
      cutaway activations face.jpg --layer conv1 --strongest 1
      cutaway activations face.jpg --layer conv1 --channels 5 --relu
      cutaway activations face.jpg --layer conv1.. --scale channel --columns 16
    """
    from cutaway.recipes.activations import activations
    from cutaway.view.album import Album

    chosen = numbers(channels, "--channels")
    paths = expanded(photos)
    network = open_network(model, weights, device, seed)
    result = activations(
        network,
        paths,
        layer[0] if len(layer) == 1 else layer,
        channels=chosen,
        strongest=strongest,
        beside=beside,
        relu=relu,
        scale=scale,
        colormap=colormap,
        columns=columns,
        tile=tile,
        size=sizes(size),
    )
    first = "photo" if paths[0] == "-" else Path(paths[0]).stem
    stem = f"{first}-{'-'.join(layer)}" if len(paths) == 1 else f"activations-{'-'.join(layer)}"
    written = write(result, place(out, stem.replace("..", "-to-"), set()), html=isinstance(result, Album))
    if as_json:
        summary = {
            "photos": [str(path) for path in paths],
            "layers": layer,
            "names": list(result.names),
            "scale": scale,
            "outputs": [str(path) for path in written],
        }
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    print(f"wrote {', '.join(str(path) for path in written)}")
