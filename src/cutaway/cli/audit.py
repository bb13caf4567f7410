"""`cutaway audit`: what the labels of a data set are told by, and whether it is the object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, Out, Seed, Weights, open_network
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write

if TYPE_CHECKING:
    from cutaway.dataset.activation_index import ActivationIndex
    from cutaway.network.network import Network


def run(
    photos: Annotated[
        str,
        typer.Argument(metavar="PHOTOS", help="A folder of photos, or an index that `cutaway scan` made."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="A name that `cutaway models` lists, or path/to/file.py:build; by default squeezenet1_1, for an index "
            "its own.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        str,
        typer.Option("--labels", help="folders (their names), or a table: photos.csv, photos.csv:COLUMN."),
    ] = "folders",
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            help="Folder of the index that is made of the photos; by default beside the report.",
            show_default=False,
        ),
    ] = None,
    objects: Annotated[
        str | None,
        typer.Option(
            "--objects",
            help="A folder of masks, bright where the object is, named and sized as the photos; by default it is "
            "guessed.",
            show_default=False,
        ),
    ] = None,
    most: Annotated[
        int, typer.Option("--most", help="Photos looked at of each label.", min=8, max=10_000)
    ] = 100,
    mistakes: Annotated[
        int, typer.Option("--mistakes", help="Wrongly decided photos to show.", min=0, max=200)
    ] = 12,
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "auto",
    out: Out = "cutaway-out",
    as_json: Json = False,
) -> None:
    """Look for what labels are told by that is not the object: a background, a mark, a thing beside it.

    The network decides where the labels are names of its classes; else a linear probe on its features does. Suspects
    are tried: put into photos of other labels, and taken away from their own.

    \b
    Examples:
      cutaway audit photos/ --labels photos.csv:category
      cutaway audit photos/ --model mine.py:build --weights mine.safetensors --out audit/
      cutaway audit index/ --objects masks/ --json
    """
    from cutaway.dataset.activation_index import open_index
    from cutaway.recipes.audit import audit
    from cutaway.recipes.scan import scan

    path = place(out, "audit", set())
    with progress(quiet=as_json):
        if (Path(photos) / "manifest.json").is_file():
            opened = open_index(photos)
            network = _network_of(opened, model, weights, device)
        else:
            network = open_network(model or "squeezenet1_1", weights, device)
            folder = Path(index) if index is not None else path.with_name(f"{path.stem}-index")
            keep(folder)
            opened = scan(network, photos, folder, labels=labels)
        result = audit(opened, network=network, objects=objects, most=most, mistakes=mistakes, seed=seed)
    written = write(result, path, html=True)
    written.append(keep(result.save(path.with_suffix(".json"))))
    if as_json:
        told = result.told() | {"outputs": [str(one) for one in written]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(result.title)
    print(result.caption)
    print(f"wrote {', '.join(map(str, written))}")


def _network_of(opened: ActivationIndex, model: str | None, weights: str | None, device: str) -> Network:
    from cutaway.errors import BadIndex, CutawayError

    try:
        return open_network(model or opened.network, weights, device)
    except CutawayError as error:
        if model is not None:
            raise
        raise BadIndex(
            f"{opened.folder} is of {opened.network}, which does not open by its name: {error} "
            "Give it: --model FILE:FUNCTION --weights FILE"
        ) from error
