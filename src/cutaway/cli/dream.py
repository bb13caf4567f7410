"""`cutaway dream`: DeepDream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.filming import Speed, check_film, write_film
from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Model,
    Out,
    Seed,
    Weights,
    numbers,
    one_photo,
    open_network,
    sizes,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, or - for standard input.")],
    layer: Annotated[
        str, typer.Option("--layer", "-l", help="Whose answers grow; `cutaway layers` lists them.")
    ],
    model: Model = "squeezenet1_1",
    channels: Annotated[
        str | None,
        typer.Option("--channels", "-c", help="Only these of the layer: 3,5,10..12.", show_default=False),
    ] = None,
    guide: Annotated[
        str | None,
        typer.Option("--guide", help="A second photo: dream of what is on it.", show_default=False),
    ] = None,
    octaves: Annotated[int, typer.Option("--octaves", help="Sizes, from small to large.", min=1)] = 4,
    factor: Annotated[float, typer.Option("--factor", help="From one size to the next.")] = 1.4,
    steps: Annotated[int, typer.Option("--steps", help="At each size; more is stronger.", min=1)] = 10,
    rate: Annotated[
        float, typer.Option("--rate", help="What a pixel moves in a step, on average, in levels of 255.")
    ] = 1.5,
    jitter: Annotated[
        int, typer.Option("--jitter", help="Roll the image by up to so many pixels at each step.", min=0)
    ] = 16,
    tiles: Annotated[
        int | None,
        typer.Option(
            "--tiles",
            help="Side of tiles for large pictures; by default only what does not fit the memory is cut.",
            show_default=False,
        ),
    ] = None,
    frames: Annotated[
        int, typer.Option("--frames", help="Dreams, each begun in the middle of the one before.", min=1)
    ] = 1,
    zoom: Annotated[float, typer.Option("--zoom", help="How much closer each frame is.")] = 1.05,
    film: Annotated[
        str | None,
        typer.Option(
            "--film",
            help="Name of a film, .gif, .webp or .mp4: of the frames, or of a single dream's steps.",
            show_default=False,
        ),
    ] = None,
    speed: Speed = 12.0,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Of the picture: 480 for the shortest side, 300x400 for height x width; the photo's own by default.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Let a layer see more and more in a photo of what it already sees: DeepDream.

    Early layers dream of strokes and patterns, middle ones of eyes, late ones of animals. Writes the picture, its raw
    numbers, and a page with the photo beside it. Ctrl-C keeps the picture as it is then.

    \b
    Examples:
      cutaway dream cat.jpg --layer fire8
      cutaway dream sky.jpg --layer relu4_3 --model vgg16 --size 480 --steps 20
      cutaway dream sky.jpg --layer fire6 --guide flowers.jpg
      cutaway dream sky.jpg --layer fire8 --frames 60 --zoom 1.05 --film fall.mp4
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.dream import dream
    from cutaway.synthesis.recording import Recording
    from cutaway.view.film import Film

    given = one_photo(photo, "dream")
    check_film(film, speed)
    path = place(out, f"dream-{'photo' if photo == '-' else Path(given).stem}", set())
    network = open_network(model, weights, device)
    recording = Recording() if film is not None and frames == 1 else None
    with memory(max_memory), progress(quiet=as_json):
        made = dream(
            network,
            given,
            layer,
            channels=numbers(channels, "--channels"),
            guide=guide,
            octaves=octaves,
            factor=factor,
            steps=steps,
            rate=rate,
            jitter=jitter,
            size=sizes(size),
            tiles=tiles,
            frames=frames,
            zoom=zoom,
            seed=seed,
            preview=recording,
        )
    written = write(made, path, html=True)
    if film is not None:
        moving = recording.film(speed) if recording is not None else Film(made.frames, speed)
        written.append(write_film(moving, film, path.parent))
    if made.stopped:
        raise KeyboardInterrupt
    if as_json:
        told = {"caption": made.caption, "scores": made.history.tolist(), "outputs": list(map(str, written))}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(made.caption)
    print(f"wrote {', '.join(map(str, written))}")
