"""`cutaway class-image`: images made to be a class."""

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
    Out,
    Prior,
    Seed,
    Weights,
    made_size,
    open_network,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write


def run(
    classes: Annotated[
        list[str],
        typer.Argument(metavar="CLASS…", help="A class, its number or name; or several."),
    ],
    model: Model = "squeezenet1_1",
    regularizer: Annotated[
        list[str] | None,
        typer.Option(
            "--regularizer",
            "-r",
            help="l2, blur, small-pixels, small-gradient, small-benefit, centre or tv; repeat for several at once; all "
            "compares them.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            help="fourier: spectra of decorrelated colours, shifted, zoomed and turned between steps (the default). "
            "classic: pixels from the mean colour with L2 decay, or with the regularizers given.",
            show_default=False,
        ),
    ] = None,
    prior: Prior = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            help="Of the ascent; 192 for fourier, 128 for classic or a prior by default.",
            min=0,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Of an image: 224, or 150x250 for height x width; the network's own, or the prior's, by default.",
            show_default=False,
        ),
    ] = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    seed: Seed = 0,
    device: Device = "auto",
    film: FilmOut = None,
    speed: Speed = 12.0,
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Make the image that is most a class to a network.

    By ascending the class's score before its softmax, and before the ReLU that some networks end in. Below the image
    stands what the network answers to it. Ctrl-C keeps what is there.

    \b
    Examples:
      cutaway class-image "Egyptian cat"
      cutaway class-image 285 espresso goldfish
      cutaway class-image 285 --regularizer blur --regularizer small-benefit
      cutaway class-image 285 --regularizer all
      cutaway class-image 285 --prior fire9.safetensors
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.class_image import ALL, class_image
    from cutaway.synthesis.recording import Recording

    check_film(film, speed)
    side = made_size(size)
    asked = ALL if regularizer == [ALL] else regularizer
    network = open_network(model, weights, device, seed)
    recording = None if film is None else Recording()
    with memory(max_memory), progress(quiet=as_json):
        result = class_image(
            network,
            classes,
            regularizer=asked,
            recipe=recipe,
            prior=prior,
            size=side,
            steps=steps,
            seed=seed,
            preview=recording,
        )
    stem = "-".join(["class-image", *classes[:3], *(["…"] if len(classes) > 3 else []), *(regularizer or [])])
    path = place(out, stem.replace(" ", "-"), set())
    written = [str(one) for one in write(result, path)]
    written += map(str, filmed(recording, film, speed, path.parent))
    told, stopped = result.provenance["images"], result.provenance["stopped"]
    if as_json:
        summary = {"model": network.name, "images": told, "stopped": stopped, "outputs": written}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        for one in told:
            share = one.get("probability")
            words = f"score {one['logit']:.3g}" if share is None else f"{100 * share:.1f} %"
            print(
                f"{one['label']}: {words}"
                + ("" if one["regularizer"] == "no regularizer" else f" ({one['regularizer']})")
            )
        print(f"wrote {', '.join(written)}")
    if stopped:
        raise KeyboardInterrupt  # told as such, with what was kept
