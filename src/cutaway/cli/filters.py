"""`cutaway filters`: images made to excite a layer's channels."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cutaway.cli.filming import FilmOut, Speed, check_film, filmed
from cutaway.cli.filters_into import make_into
from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
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
from cutaway.errors import BadSetting


def run(
    layers: Annotated[
        list[str],
        typer.Argument(metavar="LAYERS…", help="A layer, several, or a range such as conv1..fire4."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="A name that `cutaway models` lists, or path/to/file.py:build; squeezenet1_1 by default, or that "
            "of the folder of --from.",
            show_default=False,
        ),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels",
            "-k",
            help="Which channels, 0-based: 3,5,10..12; the first 64 by default, all with --into.",
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
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            help="Make the images of whole layers into this folder; the same command goes on where it was stopped.",
            show_default=False,
        ),
    ] = None,
    made: Annotated[
        str | None,
        typer.Option(
            "--from", help="Draw the images of such a folder, instead of making them.", show_default=False
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="Who fills the folder: processes, serial, ray, or ray:ADDRESS.")
    ] = "processes",
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", help="How many fill it at once; all cores by default.", min=1, show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what filling it would cost.")] = False,
    negative: Annotated[
        bool, typer.Option("--negative", help="What each channel answers least to, instead.")
    ] = False,
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
    is nearly silent at the start is pushed up before its ReLU. Ctrl-C keeps what is there. With --into all channels
    of the layers go into a folder, from which sheets (--from) and unit pages (cutaway unit --filters) are drawn.

    \b
    Examples:
      cutaway filters fire5
      cutaway filters conv1..fire4 --channels 0..15
      cutaway filters fire6 --recipe classic
      cutaway filters fire6 --prior fire9.safetensors
      cutaway filters fire6 --channels 0..7 --index index/ --patches 9
      cutaway filters fire8 --film growing.gif
      cutaway filters conv1.. --into made/
      cutaway filters fire6 --from made/ --channels 128..255
    """
    side, chosen = made_size(size), numbers(channels, "--channels")
    _check_folders(into, made, index, patches, workers, dry_run)
    check_film(film, speed)
    if film is not None and (into or made):
        raise BadSetting("--film shows a run: leave --into and --from out")
    if prior is not None and into:
        raise BadSetting("--into makes images by a recipe: leave --prior out")
    if negative and (into or made):
        raise BadSetting("--negative is for sheets: leave --into and --from out")
    from cutaway.dataset.activation_index import open_index
    from cutaway.network.memory import memory
    from cutaway.recipes.filter_folder import open_filters
    from cutaway.recipes.filters import filters
    from cutaway.recipes.making import making_of
    from cutaway.synthesis.recording import Recording

    kept = None if made is None else open_filters(made)
    opened = None if index is None else open_index(index, photos)
    network = open_network(
        model or ("squeezenet1_1" if kept is None else kept.network), weights, device, seed
    )
    settings: dict[str, Any] = {
        "channels": chosen,
        "size": side,
        "steps": steps,
        "seed": seed,
    }
    if into is not None:
        with memory(max_memory):
            make_into(
                network,
                layers,
                into,
                engine=engine,
                workers=workers,
                dry_run=dry_run,
                as_json=as_json,
                recipe=recipe or "fourier",
                **settings,
            )
        return
    recording = None if film is None else Recording(drawn=making_of(recipe or "fourier").drawn)
    with memory(max_memory), progress(quiet=as_json):
        result = filters(
            network,
            layers,
            recipe=recipe,
            prior=prior,
            index=opened,
            patches=patches,
            made=kept,
            negative=negative,
            preview=recording,
            **settings,
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
            reached = "push their channel down" if negative else "excite their channel"
            many = sum(one["mean"] < one["start"] if negative else one["max"] > 0 for one in of)
            words = f"{len(of)} images, {many} {reached}"
            print(f"{layer}: {words}" + (f"; {early} pushed up before the ReLU" if early else ""))
        print(f"wrote {', '.join(written)}")
    if stopped:
        raise KeyboardInterrupt  # told as such, with what was kept


def _check_folders(
    into: str | None, made: str | None, index: str | None, patches: int, workers: int | None, dry_run: bool
) -> None:
    if into is None:
        if workers is not None or dry_run:
            raise BadSetting("--workers and --dry-run are about filling a folder: give --into FOLDER")
        return
    if made is not None:
        raise BadSetting("--into makes a folder of images, and --from draws one: leave one of them out")
    if index is not None or patches:
        raise BadSetting(
            "--index and --patches are for sheets: fill the folder without them, then draw it: "
            f"cutaway filters LAYERS --from {into} --index …"
        )
