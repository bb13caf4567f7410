"""`cutaway invariance`: what becomes of features and class when a photo is shifted, scaled and turned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.options import Device, Json, Model, Out, Size, Weights, one_photo, open_network, sizes
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, or - for standard input.")],
    model: Model = "squeezenet1_1",
    target: Annotated[
        str | None,
        typer.Option(
            "--class", "-c", help="The class followed; the most probable by default.", show_default=False
        ),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", help="Whose features; repeat for several; four by default.", show_default=False
        ),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="Of each change.", min=2, max=1000)] = 25,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Shift, scale and turn a photo, and tell what becomes of its features and its class.

    For each layer, how far its features move from those of the photo itself; for the class, its probability. Early
    layers move at once, late ones more steadily (Zeiler and Fergus, 2014, figure 5).

    \b
    Examples:
      cutaway invariance cat.jpg
      cutaway invariance cat.jpg --class tabby --layer fire2 --layer fire9 --steps 49
    """
    from cutaway.recipes.invariance import invariance

    given = one_photo(photo, "invariance")
    network = open_network(model, weights, device)
    with progress(quiet=as_json):
        found = invariance(network, given, target=target, layers=layers, steps=steps, size=sizes(size))
    stem = f"invariance-{'photo' if photo == '-' else Path(given).stem}"
    written = [str(path) for path in write(found, place(out, stem, set()), html=True)]
    if as_json:
        told = {
            change: {
                "amounts": found.amounts[change].tolist(),
                "probability": found.probabilities[change].tolist(),
                "distances": {name: line.tolist() for name, line in found.distances[change].items()},
            }
            for change in found.names
        }
        print(json.dumps({"changes": told, "outputs": written}, ensure_ascii=False, indent=2))
        return
    for change in found.names:
        line = found.probabilities[change]
        print(f"{change:12} probability {100 * line.min():.0f} … {100 * line.max():.0f} %")
    print(f"wrote {', '.join(written)}")
