"""`cutaway report`: one page of all that is known of a photo, a network or a data set."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from cutaway.cli.kept import keep
from cutaway.cli.options import Device, Json, MaxMemory, Moved, Seed, Weights, one_photo, open_network
from cutaway.cli.progress import progress
from cutaway.cli.write import place
from cutaway.errors import BadSetting


def run(
    photo: Annotated[
        str | None, typer.Argument(metavar="[PHOTO]", help="A photo.", show_default=False)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="A name that `cutaway models` lists, or path/to/file.py:build; for a photo squeezenet1_1 by default.",
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            help="A scan. Alone the report is of its photos; else what it knows of the photo or the network is told "
            "too.",
            show_default=False,
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            "--of", help="photo, network or data, where what is given does not say it.", show_default=False
        ),
    ] = None,
    sections: Annotated[
        str | None,
        typer.Option("--sections", help="Some of them, as answer,maps; all by default.", show_default=False),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", "-t", help="Class asked about in a photo, by name or index.", show_default=False
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            "--layers", help="Whose channels are shown, as fire3,fire9; a few by default.", show_default=False
        ),
    ] = None,
    filters: Annotated[
        str | None,
        typer.Option(
            "--filters",
            help="A folder that `cutaway filters --into` made, to take a network's filter images from.",
            show_default=False,
        ),
    ] = None,
    photos: Moved = None,
    weights: Weights = None,
    out: Annotated[
        str, typer.Option("--out", "-o", help="The page's name, or a folder for it.")
    ] = "cutaway-out",
    megabytes: Annotated[
        float,
        typer.Option(
            "--megabytes", help="The most that it may take; pictures are written smaller until it fits."
        ),
    ] = 10.0,
    seed: Seed = 0,
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Put all that is known of a photo, a network or a data set on one page.

    One file that needs nothing else: it opens from the disk and prints on A4. What cannot be made is left out, and the
    page tells why. Ctrl-C keeps the sections that are there.

    \b
    Examples:
      cutaway report cat.jpg
      cutaway report cat.jpg --model vgg16 --index index/ --out cat.html
      cutaway report --model squeezenet1_1 --index index/
      cutaway report --index index/ --sections photos,map,audit
    """
    if weights is not None and model is None and photo is None:
        raise BadSetting("--weights are of a model: give --model too")
    from cutaway.dataset.activation_index import open_index
    from cutaway.network.memory import memory
    from cutaway.recipes.report import report

    given = None if photo is None else one_photo(photo, "report")
    opened = None if index is None else open_index(index, photos)
    named = model or ("squeezenet1_1" if photo is not None and opened is None else None)
    network = None if named is None else open_network(named, weights, device, seed)
    with memory(max_memory), progress(quiet=as_json):
        result = report(
            network,
            given,
            index=opened,
            of=of,
            sections=_listed(sections),
            target=_class(target),
            layers=_listed(layers),
            filters=filters,
            megabytes=megabytes,
            seed=seed,
        )
    more = {"--weights": weights, "--photos": photos, "--max-memory": max_memory}
    typed = [word for option, value in more.items() if value is not None for word in (option, value)]
    if typed and "command" in result.provenance:
        result = result.with_provenance(command=f"{result.provenance['command']} {shlex.join(typed)}")
    told = result.provenance
    stem = Path(photo).stem if photo else told["network"] if told["settings"]["kind"] == "network" else "data"
    path = place(out, f"report-{stem}", set())
    written = path if path == Path(out) or path.suffix != ".png" else path.with_suffix(".html")
    written.parent.mkdir(parents=True, exist_ok=True)
    keep(result.save(written))
    if as_json:
        left = [{"title": title, "why": why} for title, why in result.left_out]
        summary = {
            "title": result.title,
            "sections": list(result.names),
            "left_out": left,
            "outputs": [str(written)],
        }
        print(json.dumps(summary | {"stopped": told["stopped"]}, ensure_ascii=False, indent=2))
    else:
        print(f"{result.title}: {', '.join(result.names)}")
        for title, why in result.missing.items():
            print(f"left out: {title}: {why}")
        print(f"wrote {written}, {written.stat().st_size / 1e6:.1f} MB")
    if told["stopped"]:
        raise KeyboardInterrupt  # told as such, with what was kept


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _class(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdigit() else text
