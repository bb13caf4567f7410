"""`cutaway invert`: what a layer still knows of a photo."""

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
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", help="Whose answer; repeat for several; five by default.", show_default=False
        ),
    ] = None,
    steps: Annotated[
        int, typer.Option("--steps", help="Evaluations for each layer.", min=1, max=100_000)
    ] = 100,
    method: Annotated[
        str, typer.Option("--method", help="fourier, or paper: pixels and both penalties.")
    ] = "fourier",
    total_variation: Annotated[
        float | None,
        typer.Option("--total-variation", help="Weight of this penalty: smoother.", show_default=False),
    ] = None,
    alpha_norm: Annotated[
        float | None,
        typer.Option("--alpha-norm", help="Weight of this penalty: no glaring colours.", show_default=False),
    ] = None,
    seed: Seed = 0,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    film: FilmOut = None,
    speed: Speed = 12.0,
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Make an image from a layer's answer to a photo alone: what the layer still knows.

    Early layers give the photo back nearly as it was; late ones keep what is there and roughly where, and lose colours
    and details (Mahendran and Vedaldi, 2015). Ctrl-C ends it, and what is there by then is written.

    \b
    Examples:
      cutaway invert cat.jpg
      cutaway invert cat.jpg --model vgg16 --layer relu2_2 --layer relu4_3 --size 176
      cutaway invert cat.jpg --layer fire5 --method paper --total-variation 0.05
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.invert import invert
    from cutaway.synthesis.recording import Recording

    check_film(film, speed)
    given = one_photo(photo, "invert")
    network = open_network(model, weights, device)
    recording = None if film is None else Recording()
    with memory(max_memory), progress(quiet=as_json):
        found = invert(
            network,
            given,
            layers,
            steps=steps,
            size=sizes(size),
            method=method,
            total_variation=total_variation,
            alpha_norm=alpha_norm,
            seed=seed,
            preview=recording,
        )
    stem = f"invert-{'photo' if photo == '-' else Path(given).stem}"
    path = place(out, stem, set())
    written = [str(one) for one in write(found, path, html=True)]
    written += map(str, filmed(recording, film, speed, path.parent))
    if found.stopped:
        raise KeyboardInterrupt
    if as_json:
        told = {layer: one._asdict() for layer, one in found.scores.items()}
        print(json.dumps({"layers": told, "outputs": written}, ensure_ascii=False, indent=2))
        return
    for layer, one in found.scores.items():
        print(
            f"{layer:16} correlation {one.correlation:5.2f}   PSNR {one.psnr:5.1f} dB   "
            f"features {100 * one.error:.1f} % off"
        )
    print(f"wrote {', '.join(written)}")
