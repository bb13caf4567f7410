"""`cutaway facets`: the several kinds of things that a class or a channel stands for."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.filming import FilmOut, Speed, check_film, filmed
from cutaway.cli.options import (
    Device,
    Index,
    Json,
    MaxMemory,
    Moved,
    Out,
    ScanModel,
    Seed,
    Weights,
    made_size,
    open_network,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    target: Annotated[
        str,
        typer.Argument(
            metavar="CLASS|LAYER:CHANNEL",
            help="A class, its number or name; or a channel, such as fire7:180.",
        ),
    ],
    index: Index = "index",
    count: Annotated[int, typer.Option("--count", "-n", help="Facets.", min=1, max=32)] = 4,
    most: Annotated[
        int | None,
        typer.Option(
            "--top",
            help="So many photos, those in which it is strongest. By default those of the class; of a channel the "
            "strongest fifth, 16 at least and 100 at most.",
            min=1,
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label", help="Take the photos with this label, not those of the class.", show_default=False
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer",
            help="Whose features divide the photos; the layer that the classifier reads by default.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe", help="fourier: spectra. classic: pixels with centre bias, blur and total variation."
        ),
    ] = "fourier",
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            help="Of the ascent; 64 for fourier, 96 for classic by default.",
            min=0,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Of an image: 224, or 150x250 for height x width; that of the scan by default.",
            show_default=False,
        ),
    ] = None,
    photos: Moved = None,
    model: ScanModel = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    seed: Seed = 0,
    device: Device = "auto",
    film: FilmOut = None,
    speed: Speed = 12.0,
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Make an image for each kind of photos that a class or a channel stands for, from a scan.

    The photos are divided by their features. From the mean of each kind an image is made that excites the class or the
    channel more. Ctrl-C keeps what is there.

    \b
    Examples:
      cutaway scan photos/ --out index/
      cutaway facets espresso --index index/
      cutaway facets fire7:180 --index index/ --count 3 --top 60
      cutaway facets "Egyptian cat" --label cat --index index/
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.network.memory import memory
    from cutaway.recipes.facets import facets
    from cutaway.synthesis.recording import Recording

    check_film(film, speed)
    side = made_size(size)
    opened = open_index(index, photos)
    network = open_network(model or opened.network, weights, device, seed)
    recording = None if film is None else Recording()
    with memory(max_memory), progress(quiet=as_json):
        result = facets(
            network,
            opened,
            target,
            count=count,
            photos=most,
            label=label,
            layer=layer,
            recipe=recipe,
            size=side,
            steps=steps,
            seed=seed,
            preview=recording,
        )
    stem = f"facets-{target}".replace(" ", "-").replace(":", "-")
    path = place(out, stem, set())
    written = [str(one) for one in write(result, path, html=True)]
    written += map(str, filmed(recording, film, speed, path.parent))
    told, stopped = result.provenance["facets"], result.provenance["stopped"]
    if as_json:
        summary = {"model": network.name, "facets": told, "stopped": stopped, "outputs": written}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        print(result.title)
        for n, one in enumerate(told):
            count = len(one["photos"])
            print(f"facet {n + 1}: {count} photo{'' if count == 1 else 's'}")
        print(f"wrote {', '.join(written)}")
    if stopped:
        raise KeyboardInterrupt  # told as such, with what was kept
