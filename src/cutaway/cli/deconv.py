"""`cutaway deconv`: what in a photo made units fire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cutaway.cli.options import (
    Device,
    Json,
    MaxMemory,
    Moved,
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
    layers: Annotated[
        list[str], typer.Option("--layer", "-l", help="The layer to look into; repeat for several.")
    ],
    photo: Annotated[
        str | None,
        typer.Argument(
            metavar="[PHOTO]", help="A photo, or - for standard input; none with --index.", show_default=False
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            help="A scan's folder: its strongest places instead of a photo's.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="The network, as `cutaway models` lists them, or file.py:build; squeezenet1_1, or the scan's own.",
            show_default=False,
        ),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels",
            "-k",
            help="Which channels, 0-based: 3,5,10..12; the strongest by default.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", help="Place of the units, row,column, 0-based; each channel's strongest by default."
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            help="How many of the strongest channels; with --index, places of each; nine by default.",
            min=1,
            max=4096,
            show_default=False,
        ),
    ] = None,
    how: Annotated[
        str,
        typer.Option("--how", help="each unit beside its patch; sum or overlay of them as one picture."),
    ] = "each",
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="deconvnet, or guided for guided backpropagation; of an index deconvnet,guided too.",
        ),
    ] = "deconvnet",
    average: Annotated[
        str,
        typer.Option("--average", help="Back through average pools: fill, or gradient for the share 1/n."),
    ] = "fill",
    photos: Moved = None,
    size: Size = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Show what in a photo made a layer's units fire.

    Each unit's activation is sent back to the pixels through transposed filters, recorded switches and ReLUs
    (Zeiler and Fergus, 2014), and drawn beside the patch of the photo that the unit sees. Below it stands the proof:
    how the activation changes when the pixels that are shown are hidden, and when as many others are.

    \b
    Examples:
      cutaway deconv cat.jpg --layer fire5
      cutaway deconv cat.jpg --layer fire7 --channels 12,40 --method guided
      cutaway deconv cat.jpg --layer fire3 --at 10,12 --channels 5
      cutaway deconv cat.jpg --layer fire9 --top 3 --how sum
      cutaway deconv cat.jpg -l conv1 -l fire3 -l fire7 --top 512 --how overlay
      cutaway deconv --index index/ -l fire5 --channels 0..15 --method deconvnet,guided
    """
    from cutaway.network.memory import memory
    from cutaway.recipes.deconv import deconv

    if (photo is None) == (index is None):
        raise BadSetting("deconv takes a photo, or the folder of a scan: --index index/")
    if index is not None:
        if size is not None or at is not None or how != "each":
            raise BadSetting(
                "--size, --at and --how are of a single photo; a scan has its own size and places"
            )
        _of_index(
            index,
            photos,
            layers,
            channels,
            top,
            method,
            average,
            model,
            weights,
            device,
            max_memory,
            out,
            as_json,
        )
        return
    assert photo is not None
    path = one_photo(photo, "deconv")
    settings: dict[str, Any] = {
        "channels": numbers(channels, "--channels"),
        "at": _place(at),
        "top": top or 9,
        "how": how,
        "method": method,
        "average": average,
        "size": sizes(size),
    }
    network = open_network(model or "squeezenet1_1", weights, device)
    with memory(max_memory), progress(quiet=as_json):
        result = deconv(network, path, layers if len(layers) > 1 else layers[0], **settings)
    stem = f"deconv-{'photo' if photo == '-' else Path(path).stem}-{'-'.join(layers)}"
    written = write(result, place(out, stem, set()), html=True)
    units = result.provenance["units"]
    assert isinstance(units, list)
    if as_json:
        summary = {"path": str(path), "units": units, "outputs": [str(file) for file in written]}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    for unit in units[:16]:
        where = "" if unit["y"] is None else f" at ({unit['y']}, {unit['x']})"
        print(
            f"  {unit['layer']}:{unit['channel']}{where}  {unit['activation']:.3g}  "
            f"falls {round(100 * unit['fall_shown'])} % without what is shown, "
            f"{round(100 * unit['fall_others'])} % without others"
        )
    print(f"wrote {', '.join(str(file) for file in written)}")


def _of_index(
    index: str,
    photos: str | None,
    layers: list[str],
    channels: str | None,
    top: int | None,
    method: str,
    average: str,
    model: str | None,
    weights: str | None,
    device: str,
    max_memory: str | None,
    out: str,
    as_json: bool,
) -> None:
    from cutaway.dataset.activation_index import open_index
    from cutaway.network.memory import memory
    from cutaway.recipes.deconv_sheet import deconv_sheet

    opened = open_index(index, photos)
    network = open_network(model or opened.network, weights, device)
    with memory(max_memory), progress(quiet=as_json):
        result = deconv_sheet(
            opened,
            layers,
            numbers(channels, "--channels"),
            k=top,
            method=[part.strip() for part in method.split(",")],
            average=average,
            network=network,
        )
    written = write(result, place(out, f"deconv-{'-'.join(layers)}", set()), html=True)
    if as_json:
        units, outputs = result.provenance["units"], [str(file) for file in written]
        print(json.dumps({"units": units, "outputs": outputs}, ensure_ascii=False, indent=2))
        return
    print(result.title)
    print(f"wrote {', '.join(str(file) for file in written)}")


def _place(text: str | None) -> tuple[int, int] | None:
    found = numbers(text, "--at")
    if found is None:
        return None
    if len(found) != 2:
        raise BadSetting(f"--at takes row,column such as 10,12, got {text!r}")
    return found[0], found[1]
