"""`cutaway compare`: several methods' answers to one question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

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
    one_photo,
    open_network,
    sizes,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, or - for standard input.")],
    model: Model = "squeezenet1_1",
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="A method's name; repeat for several. The usual ones by default.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--class",
            "-c",
            help="The class asked about; the most probable one by default.",
            show_default=False,
        ),
    ] = None,
    look: Annotated[str, typer.Option("--look", help="overlay, plain or camshow.")] = "overlay",
    columns: Annotated[int, typer.Option("--columns", help="Of the sheet.", min=1, max=20)] = 4,
    trust: Annotated[
        str,
        typer.Option(
            "--trust",
            help="Numbers below each map: cheap, or full (deletion, insertion, shuffled weights), at about 140 passes "
            "for each.",
        ),
    ] = "cheap",
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    max_memory: MaxMemory = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Ask several methods the same question about one photo.

    Each method's map is drawn from zero to its own largest value: methods measure in different units, and what can be
    compared is where they look. Methods that the network does not allow are left out, with the reason.

    \b
    Examples:
      cutaway compare cat.jpg
      cutaway compare cat.jpg --class "Egyptian cat" --method cam --method occlusion
      cutaway compare cat.jpg --model resnet50 --weights resnet50.safetensors --out sheets
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.compare import USUAL, compare

    given = one_photo(photo, "compare")
    network = open_network(model, weights, device, seed)
    with memory(max_memory), progress(quiet=as_json):
        result = compare(
            network,
            given,
            methods=methods or USUAL,
            target=target,
            size=sizes(size),
            look=look,
            columns=columns,
            trust=trust,
        )
    stem = f"compare-{'photo' if photo == '-' else Path(given).stem}"
    written = write(result, place(out, stem, set()), html=True)
    if as_json:
        summary = {
            "path": str(given),
            "question": result.title,
            "methods": result.provenance["methods"],
            "outputs": [str(path) for path in written],
        }
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    print(result.title)
    print(f"wrote {', '.join(str(path) for path in written)}")
