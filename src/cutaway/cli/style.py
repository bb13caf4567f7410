"""`cutaway style`: a photo in the hand of a painting."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, MaxMemory, Out, Seed, Weights, one_photo, open_network, sizes
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write
from cutaway.errors import BadSetting

FILMS = (".gif", ".webp", ".mp4")


def run(
    content: Annotated[str, typer.Argument(metavar="CONTENT", help="The photo, or - for standard input.")],
    styles: Annotated[list[str], typer.Argument(metavar="STYLE...", help="One painting, or several.")],
    model: Annotated[
        str,
        typer.Option("--model", "-m", help="Whose layers tell content and style; vgg16 is the best at it."),
    ] = "vgg16",
    content_weight: Annotated[
        float, typer.Option("--content-weight", help="Larger keeps more of the photo.")
    ] = 1.0,
    style_weight: Annotated[
        float, typer.Option("--style-weight", help="Larger paints more strongly.")
    ] = 10.0,
    style_scale: Annotated[
        float,
        typer.Option("--style-scale", help="The painting's shortest side over the photo's: larger strokes."),
    ] = 1.0,
    shares: Annotated[
        str | None,
        typer.Option("--shares", help="Of several paintings, how much of each: 2,1.", show_default=False),
    ] = None,
    masks: Annotated[
        list[str] | None,
        typer.Option(
            "--mask",
            help="Where in the photo a painting is wanted: a picture, white there. One for each, in their order; "
            "none for everywhere.",
            show_default=False,
        ),
    ] = None,
    colours: Annotated[
        str,
        typer.Option(
            "--colours",
            help="style: the painting's. luminance: the photo's, only light and dark are painted. histogram: the "
            "painting's, moved to the photo's before.",
        ),
    ] = "style",
    size: Annotated[
        str,
        typer.Option(
            "--size",
            help="Of the result: 256 for the shortest side, 150x250 for height x width, photo for the photo's own.",
        ),
    ] = "256",
    steps: Annotated[int, typer.Option("--steps", help="Evaluations, at all sizes together.", min=1)] = 150,
    scales: Annotated[
        int | None,
        typer.Option(
            "--scales", help="Sizes from small to large; by the size by default.", show_default=False
        ),
    ] = None,
    init: Annotated[
        str,
        typer.Option("--init", help="Begin from content, from noise, or from a picture, to go on with it."),
    ] = "content",
    optimizer: Annotated[str, typer.Option("--optimizer", help="lbfgs or adam.")] = "lbfgs",
    total_variation: Annotated[
        float, typer.Option("--total-variation", help="Larger is smoother: 0.1 is little.")
    ] = 0.0,
    content_layers: Annotated[
        list[str] | None,
        typer.Option("--content-layer", help="Repeat; relu4_2 of VGG-16, or its like.", show_default=False),
    ] = None,
    style_layers: Annotated[
        list[str] | None,
        typer.Option("--style-layer", help="Repeat; relu1_1 to relu5_1, or their like.", show_default=False),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            help="A sheet of pictures while a setting changes: content-weight=1,10,100. Repeat for a second setting.",
            show_default=False,
        ),
    ] = None,
    tiles: Annotated[
        int | None,
        typer.Option(
            "--tiles",
            help="Side of tiles for large pictures; by default only what does not fit the memory is cut.",
            show_default=False,
        ),
    ] = None,
    film: Annotated[
        str | None,
        typer.Option("--film", help="Name of a film of the steps: .gif, .webp or .mp4.", show_default=False),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", help="Frames of the film a second.")] = 12.0,
    live: Annotated[
        int | None,
        typer.Option(
            "--live", help="Write the picture as it is every so many steps.", min=1, show_default=False
        ),
    ] = None,
    seed: Seed = 0,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Give a photo the style of a painting (Gatys and others, 2016).

    The photo is moved until a network's late layer still answers as it did, and the channels of early to late ones fire
    together as they do for the painting: from a small size to the full one. Writes the picture, its raw numbers, and a
    page with the photo and the painting beside it. Ctrl-C keeps the picture as it is then; --init goes on with it.

    \b
    Examples:
      cutaway style cat.jpg wave.jpg
      cutaway style cat.jpg wave.jpg --size 480 --style-scale 1.5 --colours luminance
      cutaway style cat.jpg wave.jpg night.jpg --mask left.png --mask right.png
      cutaway style cat.jpg wave.jpg --sweep content-weight=1,10,100 --sweep style-scale=0.5,1,2
    """
    from cutaway.images.read import read
    from cutaway.network.memory import memory
    from cutaway.recipes.style import Styled, style
    from cutaway.recipes.style_sheet import StyleSheet, style_sheet
    from cutaway.synthesis.recording import Recording

    given = one_photo(content, "style")
    if film is not None and Path(film).suffix.lower() not in FILMS:
        raise BadSetting(f"--film takes a name ending in {', '.join(FILMS)}, got {film!r}")
    if sweep and (film is not None or live is not None):
        raise BadSetting("--film and --live show one picture, and --sweep makes several: give one of them")
    swept = _sweeps(sweep or [])
    changing: dict[str, Any] = {
        "content_weight": content_weight,
        "style_weight": style_weight,
        "style_scale": style_scale,
        "total_variation": total_variation,
        "steps": steps,
        "scales": scales,
        "seed": seed,
    }
    path = place(out, f"style-{'photo' if content == '-' else Path(given).stem}", set())
    network = open_network(model, weights, device)
    recording = Recording() if film is not None else None

    def preview(step: int, images: Any) -> None:
        if live is not None and step % live == 0:
            still = Recording()
            still(step, images)
            path.parent.mkdir(parents=True, exist_ok=True)
            still.film().frames[0].save(path if path.suffix != ".html" else path.with_suffix(".png"))
        if recording is not None:
            recording(step, images)

    settings: dict[str, Any] = {
        "network": network,
        "weights": _numbers(shares, "--shares"),
        "masks": masks,
        "colours": colours,
        "size": sizes(size),
        "init": init if init in ("content", "noise") else read(init),
        "optimizer": optimizer,
        "content_layers": content_layers,
        "style_layers": style_layers,
        "tiles": tiles,
        "preview": preview if live is not None or recording is not None else None,
    }
    settings |= {name: value for name, value in changing.items() if name not in swept}
    made: Styled | StyleSheet
    with memory(max_memory), progress(quiet=as_json):
        made = style_sheet(given, styles, swept, **settings) if swept else style(given, styles, **settings)
    written = write(made, path, html=True)
    if film is not None and recording is not None:
        target = Path(film) if Path(film).parent != Path() else path.parent / film
        target.parent.mkdir(parents=True, exist_ok=True)
        written.append(keep(recording.film(speed).save(target)))
    if made.stopped:
        raise KeyboardInterrupt
    each = made.made if isinstance(made, StyleSheet) else (made,)
    if as_json:
        told = {
            "caption": made.caption,
            "losses": [dict(zip(("content", "style"), one.losses, strict=True)) for one in each],
            "outputs": list(map(str, written)),
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(made.caption)
    print(f"wrote {', '.join(map(str, written))}")


def _sweeps(given: Sequence[str]) -> dict[str, list[float]]:
    """Read "content-weight=1,10" → {"content_weight": [1, 10]}."""
    found: dict[str, list[float]] = {}
    for text in given:
        name, sign, values = text.partition("=")
        if not sign or not name.strip():
            raise BadSetting(f"--sweep takes a setting and its values, content-weight=1,10,100, got {text!r}")
        found[name.strip().replace("-", "_")] = _numbers(values, "--sweep") or []
    return found


def _numbers(text: str | None, option: str) -> list[float] | None:
    if text is None:
        return None
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise BadSetting(f"{option} takes numbers such as 1,10,100, got {text!r}")
    return found
