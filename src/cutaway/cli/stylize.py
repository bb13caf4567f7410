"""`cutaway stylize`: photos and videos in a trained style."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, Out, expanded, made_size
from cutaway.cli.progress import progress
from cutaway.cli.write import place
from cutaway.errors import BadImage


def run(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO…", help="Photos, folders, videos, or - for standard input."),
    ],
    styles: Annotated[
        list[str],
        typer.Option(
            "--style",
            "-s",
            help="The file that `cutaway train-style` wrote; repeat for several, which are blended.",
        ),
    ],
    share: Annotated[
        list[float] | None,
        typer.Option("--share", help="Weight of a style among several; once for each.", show_default=False),
    ] = None,
    strength: Annotated[
        float, typer.Option("--strength", help="1 is painted, 0 the photo, between them both are blended.")
    ] = 1.0,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Of the pictures: 512 for the shortest side, 300x400 for height x width; the photo's own by default. "
            "Strokes keep their size in pixels.",
            show_default=False,
        ),
    ] = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Paint photos and videos in a trained style, in one forward pass each.

    For each photo a picture NAME-STYLE.png; of a video, which needs the extra `video`, an .mp4 with its sound.

    \b
    Examples:
      cutaway stylize cat.jpg --style wave.safetensors
      cutaway stylize holiday/ --style wave.safetensors --strength 0.7 --size 1024
      cutaway stylize clip.mp4 --style wave.safetensors
      cutaway stylize cat.jpg --style wave.safetensors --style night.safetensors --share 2 --share 1
    """
    from cutaway.faststyle.stylizer import Stylizer
    from cutaway.images.video import is_video
    from cutaway.network.load import device_named
    from cutaway.network.progress import report
    from cutaway.recipes.stylize import stylize, stylize_video

    side = made_size(size)
    stylizer = Stylizer(styles, weights=share, strength=strength, device=device_named(device))
    videos = [one for one in photos if is_video(one)]
    others = [one for one in photos if not is_video(one)]
    paths: list[Any] = [*(expanded(others) if others else []), *videos]
    taken: set[Path] = set()
    told: list[dict[str, Any]] = []
    refused: list[BadImage] = []
    name = "-".join(stylizer.names)
    with progress(quiet=as_json):
        for done, path in enumerate(paths):
            stem = f"{'photo' if str(path) == '-' else Path(path).stem}-{name}"
            target = place(out, stem, taken)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                if path in videos:
                    film = target.with_suffix(".mp4")
                    written = keep(stylize_video(path, stylizer, film, size=side))
                else:
                    written = keep(stylize(path, stylizer, size=side).save(target))
                    report("photos", done + 1, len(paths))
            except BadImage as error:
                refused.append(error)
                continue
            told.append({"path": str(path), "output": str(written)})
            if not as_json:
                print(f"wrote {written}")
    if as_json:
        skipped = [{"path": error.path, "reason": error.reason} for error in refused]
        print(json.dumps({"styles": list(stylizer.names), "photos": told, "skipped": skipped}, indent=2))
    if refused:
        more = f"; {len(refused)} could not be read" if len(refused) > 1 else ""
        raise BadImage(refused[0].path, refused[0].reason + more)
