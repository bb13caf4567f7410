"""`cutaway segment`: cut an object out of a photo by a class's map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Model,
    Out,
    Size,
    Weights,
    numbers,
    one_photo,
    open_network,
    sizes,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write
from cutaway.errors import BadSetting


def run(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, or - for standard input.")],
    model: Model = "squeezenet1_1",
    target: Annotated[
        str | None,
        typer.Option(
            "--class",
            "-c",
            help="The class to cut out; the most probable one by default.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", help="Whose map to use; the best there is by default.", show_default=False),
    ] = None,
    how: Annotated[
        str, typer.Option("--how", help="grabcut (needs OpenCV), otsu, share or percentile.")
    ] = "grabcut",
    level: Annotated[
        float | None,
        typer.Option("--level", help="Of share (0..1) or percentile (0..100).", show_default=False),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            "--truth",
            help="The known mask, a picture bright where the object is, or its box top,left,bottom,right: "
            "gives the IoU.",
            show_default=False,
        ),
    ] = None,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Cut an object out of a photo by a class's map.

    The map's strongest places are seeds of the object, its weakest ones of the background, and GrabCut finds the
    border. Writes the sheet, its raw numbers, and the mask as a black-and-white picture NAME-mask.png.

    \b
    Examples:
      cutaway segment cat.jpg
      cutaway segment cat.jpg --how otsu --class tabby
      cutaway segment cat.jpg --truth cat-mask.png --json
      cutaway segment cat.jpg --truth 10,20,280,400
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.segment import segment
    from cutaway.view.picture import Picture

    given = one_photo(photo, "segment")
    known: Any = truth
    if truth is not None and truth.replace(",", "").isdecimal():
        corners = numbers(truth, "--truth") or []
        if len(corners) != 4:
            raise BadSetting(f"--truth takes a picture or top,left,bottom,right, got {truth!r}")
        known = tuple(corners)
    network = open_network(model, weights, device)
    with memory(max_memory), progress(quiet=as_json):
        result = segment(
            network,
            given,
            target=target,
            method=method,
            how=how,
            level=level,
            truth=known,
            size=sizes(size),
        )
    path = place(out, f"segment-{'photo' if photo == '-' else Path(given).stem}", set())
    written = write(result, path, html=True)
    values = result.rows[0][-1]
    assert isinstance(values, Picture)
    black_and_white = Picture.of_values(values.values[..., None].repeat(3, -1))
    written.append(keep(black_and_white.save(path.with_name(f"{path.stem}-mask.png"))))
    told = result.provenance["mask"]
    assert isinstance(told, dict)
    if as_json:
        summary = {"path": str(given), "class": result.provenance["class"], **told}
        print(
            json.dumps(summary | {"outputs": [str(file) for file in written]}, ensure_ascii=False, indent=2)
        )
        return
    print(result.title)
    agreement = f", IoU {told['iou']:.2f}" if "iou" in told else ""
    print(f"  {100 * told['area']:.0f} % of the photo, box {told['box']}{agreement}")
    print(f"wrote {', '.join(str(file) for file in written)}")
