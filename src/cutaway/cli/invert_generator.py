"""`cutaway invert-generator`: a network from a layer's features back to photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, MaxMemory, Model, Seed, Weights, open_network
from cutaway.cli.progress import progress
from cutaway.cli.write import write


def run(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="The layer whose features are read.")],
    photos: Annotated[str, typer.Option("--photos", "-p", help="Folder of the photos to learn from.")],
    out: Annotated[
        str, typer.Option("--out", "-o", help="The file to write; the sheet of pictures lies beside it.")
    ] = "generator.safetensors",
    model: Model = "squeezenet1_1",
    steps: Annotated[int, typer.Option("--steps", help="Of training.", min=1, max=10_000_000)] = 3000,
    size: Annotated[
        int, typer.Option("--size", help="Side of the images made, in pixels.", min=8, max=2048)
    ] = 128,
    batch: Annotated[int, typer.Option("--batch", help="Photos in a step.", min=1, max=4096)] = 8,
    width: Annotated[
        int, typer.Option("--width", help="Channels of the generator at its coarsest.", min=1, max=4096)
    ] = 128,
    rate: Annotated[
        float, typer.Option("--rate", help="Of Adam at the beginning; it falls to 0 along half a cosine.")
    ] = 1e-3,
    features: Annotated[
        str | None,
        typer.Option(
            "--features",
            help="The layer whose features are compared; one in the middle before LAYER by default.",
            show_default=False,
        ),
    ] = None,
    total_variation: Annotated[
        float,
        typer.Option(
            "--total-variation", help="Weight of differences between neighbours; of pixels it is 1.", min=0
        ),
    ] = 0.0,
    held: Annotated[
        float, typer.Option("--held", help="The part of the photos that is only used to judge; 64 at most.")
    ] = 0.1,
    shown: Annotated[int, typer.Option("--shown", help="So many of these are drawn.", min=1, max=64)] = 6,
    ascent: Annotated[
        int,
        typer.Option(
            "--ascent",
            help="Evaluations with which the same photos are made by ascent; 0 leaves it out.",
            min=0,
        ),
    ] = 50,
    weights: Weights = None,
    seed: Seed = 0,
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Train a small network that makes photos from a layer's features.

    It learns from random cuts of a folder's photos, and is judged on some that it never saw. With its file, --prior of
    class-image and filters searches for features instead of pixels. Stopped at any moment, the same command goes on
    where it was.

    \b
    Examples:
      cutaway invert-generator fire9 --photos photos/ --out fire9.safetensors
      cutaway invert-generator fire5 --photos photos/ --steps 1000 --size 96 --out fire5.safetensors
      cutaway class-image espresso --prior fire9.safetensors
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.invert_generator import invert_generator

    network = open_network(model, weights, device, seed)
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with memory(max_memory), progress(quiet=as_json):
        result = invert_generator(
            network,
            layer,
            photos,
            out=out,
            steps=steps,
            size=size,
            batch=batch,
            width=width,
            rate=rate,
            features=features,
            total_variation=total_variation,
            held=held,
            shown=shown,
            ascent=ascent,
            seed=seed,
        )
    told = result.provenance
    written = [str(path) for path in (keep(Path(out)), *write(result, Path(out).with_suffix(".png")))]
    if as_json:
        names = ("generator", "held_out", "photos", "skipped", "stopped")
        summary = {"model": network.name, **{name: told[name] for name in names}, "outputs": written}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        for one in told["skipped"]:
            print(f"left out {one['path']}: {one['reason']}")
        score = told["held_out"]
        print(
            f"{told['generator']['photos']:,} photos, {told['generator']['done']:,} steps; {score['photos']} held out: "
            f"correlation {score['correlation']:.2f}, {score['psnr']:.1f} dB, features {100 * score['error']:.0f} % off"
        )
        print(f"wrote {', '.join(written)}")
    if told["stopped"]:
        raise KeyboardInterrupt  # told as such, with what was kept
