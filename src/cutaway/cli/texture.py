"""`cutaway texture`: more of a texture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.filming import FilmOut, Speed, check_film, filmed
from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Model,
    Out,
    Seed,
    Weights,
    made_size,
    one_photo,
    open_network,
    sizes,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    picture: Annotated[
        str, typer.Argument(metavar="PICTURE", help="A picture of a texture, or - for standard input.")
    ],
    model: Model = "squeezenet1_1",
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", help="From early to late; repeat; five by default.", show_default=False
        ),
    ] = None,
    method: Annotated[
        list[str],
        typer.Option(
            "--method", help="gram, covariance, mean, or quilting: copied patches. Repeat for more rows."
        ),
    ] = ["gram"],  # noqa: B006 - typer copies it
    sets: Annotated[
        str,
        typer.Option(
            "--sets", help="cumulative: the first layer, the first two, and so on; each alone; or together."
        ),
    ] = "cumulative",
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Of the textures made: 256 for a square, 150x250 for height x width; the picture's by default.",
            show_default=False,
        ),
    ] = None,
    source_size: Annotated[
        str | None,
        typer.Option(
            "--source-size",
            help="Of the picture as the network sees it: 160 for the shortest side, 150x250, or photo for its own.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int, typer.Option("--steps", help="Evaluations for each texture.", min=1, max=100_000)
    ] = 200,
    patch: Annotated[
        int | None,
        typer.Option("--patch", help="Side of a copied patch, in pixels.", min=2, show_default=False),
    ] = None,
    seed: Seed = 0,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    film: FilmOut = None,
    speed: Speed = 12.0,
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Make more of a picture's texture from what a network's layers tell of it.

    From noise, until the channels of the layers named fire together as they do for the picture, wherever that is (Gatys
    and others, 2015): the first layer alone keeps colours, later ones add strokes, then whole things. Or by the way
    that was there before networks: patches copied, and sewn together where they differ least (Efros and Freeman, 2001).
    Ctrl-C ends it, and what is there by then is written.

    \b
    Examples:
      cutaway texture gravel.jpg
      cutaway texture gravel.jpg --model vgg16 --source-size 192 --size 192x320 --sets together
      cutaway texture gravel.jpg --method gram --method covariance --method mean --method quilting
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.texture import texture
    from cutaway.synthesis.recording import Recording

    check_film(film, speed)
    given = one_photo(picture, "texture")
    target = made_size(size)
    network = open_network(model, weights, device)
    recording = None if film is None else Recording()
    with memory(max_memory), progress(quiet=as_json):
        found = texture(
            network,
            given,
            layers,
            method=method,
            sets=sets,
            size=target,
            source_size=sizes(source_size),
            steps=steps,
            patch=patch,
            seed=seed,
            preview=recording,
        )
    stem = f"texture-{'picture' if picture == '-' else Path(given).stem}"
    path = place(out, stem, set())
    written = [str(one) for one in write(found, path, html=True)]
    written += map(str, filmed(recording, film, speed, path.parent))
    if found.stopped:
        raise KeyboardInterrupt
    if as_json:
        print(json.dumps({"errors": found.errors, "outputs": written}, ensure_ascii=False, indent=2))
        return
    for name, errors in found.errors.items():
        print(f"{name:32} " + "   ".join(f"{layer} {100 * one:.1f} %" for layer, one in errors.items()))
    print(f"wrote {', '.join(written)}")
