"""`cutaway filters`: images made to excite a layer's channels."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.filming import FilmOut, Speed, check_film, filmed
from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Model,
    Moved,
    Out,
    Prior,
    Seed,
    Weights,
    made_size,
    numbers,
    open_network,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    layers: Annotated[
        list[str],
        typer.Argument(metavar="LAYERS…", help="A layer, several, or a range such as conv1..fire4."),
    ],
    model: Model = "squeezenet1_1",
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels",
            "-k",
            help="Which channels, 0-based: 3,5,10..12; the first 64 by default.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            help="fourier: spectra of decorrelated colours, shifted, zoomed and turned between steps (the default). "
            "classic: pixels from gray with noise, the gradient over its root mean square, 40 steps of 1.",
            show_default=False,
        ),
    ] = None,
    prior: Prior = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            help="Of the ascent; 128 for fourier or a prior, 40 for classic by default.",
            min=0,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Of an image: 150, or 150x250 for height x width; 128 for fourier, 150 for classic by default.",
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            help="Folder of an index that `cutaway scan` made: tells what is reached beside the strongest photo.",
            show_default=False,
        ),
    ] = None,
    patches: Annotated[
        int,
        typer.Option("--patches", help="So many strongest patches of the index beside each image.", min=0),
    ] = 0,
    photos: Moved = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    seed: Seed = 0,
    device: Device = "auto",
    film: FilmOut = None,
    speed: Speed = 12.0,
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Make the images that excite a layer's channels most.

    By ascending the gradient of each channel's mean; a sheet of 64 for each layer. Below each image what it reaches:
    the channel's maximum and mean and, with an index, the maximum beside that of the strongest photo. A channel that
    is nearly silent at the start is pushed up before its ReLU. Ctrl-C keeps what is there.

    \b
    Examples:
      cutaway filters fire5
      cutaway filters conv1..fire4 --channels 0..15
      cutaway filters fire6 --recipe classic
      cutaway filters fire6 --prior fire9.safetensors
      cutaway filters fire6 --channels 0..7 --index index/ --patches 9
      cutaway filters fire8 --film growing.gif
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.network.memory import memory
    from cutaway.recipes.filters import filters
    from cutaway.recipes.making import making_of
    from cutaway.synthesis.recording import Recording

    check_film(film, speed)
    side = made_size(size)
    opened = None if index is None else open_index(index, photos)
    network = open_network(model, weights, device, seed)
    recording = None if film is None else Recording(drawn=making_of(recipe).drawn)
    with memory(max_memory), progress(quiet=as_json):
        result = filters(
            network,
            layers,
            channels=numbers(channels, "--channels"),
            size=side,
            steps=steps,
            recipe=recipe,
            prior=prior,
            seed=seed,
            index=opened,
            patches=patches,
            preview=recording,
        )
    stem = f"filters-{network.name}-{'-'.join(layers).replace('..', '-to-').strip('-')}"
    path = place(out, stem, set())
    written = [str(one) for one in write(result, path)]
    written += map(str, filmed(recording, film, speed, path.parent))
    told, stopped = result.provenance["filters"], result.provenance["stopped"]
    if as_json:
        summary = {"model": network.name, "filters": told, "stopped": stopped, "outputs": written}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        for layer in dict.fromkeys(one["layer"] for one in told):
            of = [one for one in told if one["layer"] == layer]
            early = sum(one["before_activation"] for one in of)
            words = f"{len(of)} images, {sum(one['max'] > 0 for one in of)} excite their channel"
            print(f"{layer}: {words}" + (f"; {early} pushed up before the ReLU" if early else ""))
        print(f"wrote {', '.join(written)}")
    if stopped:
        raise KeyboardInterrupt  # told as such, with what was kept
