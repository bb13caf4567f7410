"""`cutaway train-style`: a painter learnt from a folder of photos."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, Seed, Weights, open_network
from cutaway.cli.progress import progress
from cutaway.cli.write import write


def run(
    paintings: Annotated[
        list[str], typer.Argument(metavar="PAINTING…", help="A painting, or several whose styles are mixed.")
    ],
    photos: Annotated[str, typer.Option("--photos", help="Folder of photos to learn from.")],
    out: Annotated[
        str, typer.Option("--out", "-o", help="The style's file, .safetensors; a sheet .png beside it.")
    ],
    model: Annotated[
        str, typer.Option("--model", "-m", help="The network that tells content and style.")
    ] = "vgg16",
    preset: Annotated[
        str,
        typer.Option(
            "--preset", help="small: a CPU, some twelve minutes; medium and large: a graphics card."
        ),
    ] = "small",
    share: Annotated[
        list[float] | None,
        typer.Option(
            "--share", help="Weight of a painting among several; once for each.", show_default=False
        ),
    ] = None,
    content_layer: Annotated[
        str | None,
        typer.Option("--content-layer", help="Where content is told; relu4_2 of VGG-16.", show_default=False),
    ] = None,
    style_layer: Annotated[
        list[str] | None,
        typer.Option(
            "--style-layer",
            help="Where style is told; repeat for several; relu1_1 to relu5_1.",
            show_default=False,
        ),
    ] = None,
    content_weight: Annotated[float, typer.Option("--content-weight", help="Of the content's loss.")] = 1.0,
    style_weight: Annotated[float, typer.Option("--style-weight", help="Of the style's loss.")] = 2.0,
    total_variation: Annotated[
        float, typer.Option("--total-variation", help="Weight of differences between neighbours: smoother.")
    ] = 0.02,
    style_size: Annotated[
        int | None,
        typer.Option(
            "--style-size",
            help="Shortest side of the painting, in pixels: larger has finer strokes; 4/3 of --size by default.",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option("--size", help="Side of the photos' cuts; the preset's by default.", show_default=False),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option("--batch", help="Cuts in a step; the preset's by default.", show_default=False),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="The preset's by default.", show_default=False)
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", help="Of Adam at the beginning; the preset's by default.", show_default=False),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width",
            help="Channels of the painter's first convolution; the preset's by default.",
            show_default=False,
        ),
    ] = None,
    blocks: Annotated[
        int | None,
        typer.Option(
            "--blocks", help="The painter's residual blocks; the preset's by default.", show_default=False
        ),
    ] = None,
    start: Annotated[
        str,
        typer.Option(
            "--start",
            help="The painter to begin at: a style's file; usual: the bundled one; nothing: drawn weights.",
        ),
    ] = "usual",
    held: Annotated[
        float, typer.Option("--held", help="Part of the photos that is only used to judge.")
    ] = 0.05,
    shown: Annotated[int, typer.Option("--shown", help="So many of these on the sheet.", min=1)] = 4,
    every: Annotated[
        int,
        typer.Option(
            "--every", help="So many steps what is there is kept, and shown in NAME-preview.jpg.", min=1
        ),
    ] = 100,
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train a network that paints any photo in a painting's style in one pass.

    Stopped at any moment, the same command goes on where it was. Several graphics cards through PyTorch's own launcher:
    torchrun --nproc-per-node 4 -m cutaway train-style …

    \b
    Examples:
      cutaway train-style wave.jpg --photos photos/ --out wave.safetensors
      cutaway train-style wave.jpg --photos photos/ --out wave.safetensors --preset large --device cuda
      cutaway train-style night.jpg --photos photos/ --out night.safetensors --style-weight 4 --style-size 384
      cutaway stylize cat.jpg --style wave.safetensors
    """
    from cutaway.recipes.painter_training import chosen_preset
    from cutaway.recipes.train_style import train_style
    from cutaway.training.several import is_first, together

    total = chosen_preset(preset, steps=steps).steps
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with together():
        network = open_network(model, weights, device)
        with progress(quiet=as_json or not is_first()):
            result = train_style(
                paintings,
                photos,
                out=out,
                network=network,
                preset=preset,
                weights=share,
                content=content_layer,
                style=style_layer,
                content_weight=content_weight,
                style_weight=style_weight,
                total_variation=total_variation,
                style_size=style_size,
                size=size,
                batch=batch,
                steps=steps,
                rate=rate,
                width=width,
                blocks=blocks,
                start=start,
                held=held,
                shown=shown,
                seed=seed,
                every=every,
                preview=_preview(Path(out), total, quiet=as_json),
            )
        if not is_first():
            return
        told: Any = result.provenance
        written = [str(path) for path in (keep(Path(out)), *write(result, Path(out).with_suffix(".png")))]
        if as_json:
            summary = {name: told[name] for name in ("style", "held_out", "skipped", "stopped")}
            print(json.dumps({**summary, "outputs": written}, ensure_ascii=False, indent=2))
        else:
            for one in told["skipped"]:
                print(f"left out {one['path']}: {one['reason']}")
            loss = told["held_out"]
            print(
                f"{told['style']['photos']:,} photos, {told['style']['done']:,} steps; {loss['photos']} held out: "
                f"style loss {loss['style']:.3g}, content loss {loss['content']:.3g}"
            )
            print(f"wrote {', '.join(written)}")
        if told["stopped"]:
            raise KeyboardInterrupt  # told as such, with what was kept


def _preview(out: Path, steps: int, *, quiet: bool) -> Callable[[int, Any], None]:
    """Keep what is painted now in a picture, and tell of it and of the time left where no bar is drawn."""
    target = out.with_name(f"{out.stem}-preview.jpg")
    seen: list[tuple[int, float]] = []

    def shown(step: int, images: Any) -> None:
        from cutaway.view.mosaic import mosaic
        from cutaway.view.picture import Picture

        drawn = [Picture.of_values(one.permute(1, 2, 0).numpy()) for one in images]
        mosaic(drawn, len(drawn), max(drawn[0].size), caption=f"step {step}").save(target)
        seen.append((step, time.monotonic()))
        if not quiet and not sys.stderr.isatty():
            (first, start), (_, now) = seen[0], seen[-1]
            left = (steps - step) * (now - start) / (60 * max(1, step - first))
            words = f", {left:.0f} minutes left" if step > first else ""
            typer.echo(f"step {step:,} of {steps:,}{words}; {target}", err=True)

    return shown
