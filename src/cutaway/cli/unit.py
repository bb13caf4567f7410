"""`cutaway unit`: the page of one channel, or of several."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.options import (
    Device,
    Index,
    Json,
    MaxMemory,
    Moved,
    Out,
    ScanModel,
    Seed,
    Weights,
    expanded,
    open_network,
)
from cutaway.cli.progress import progress
from cutaway.cli.write import place, write
from cutaway.errors import BadSetting


def run(
    units: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LAYER:CHANNEL…]",
            help="Channels, such as fire5:40; with --random, layers to draw from.",
            show_default=False,
        ),
    ] = None,
    index: Index = "index",
    live: Annotated[
        list[str] | None,
        typer.Option(
            "--photo",
            help="A photo, folder or pattern to draw the channel's map on, repeat for several; those in which it is "
            "strongest by default.",
            show_default=False,
        ),
    ] = None,
    random: Annotated[
        int | None,
        typer.Option("--random", help="So many units, drawn by lot.", min=1, show_default=False),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "--top", help="Strongest and lowest places; nine by default.", min=1, max=32, show_default=False
        ),
    ] = None,
    synthesised: Annotated[
        list[str] | None,
        typer.Option(
            "--synthesised",
            help="An image of your own that excites the unit, instead of one made here; one for each unit, in their "
            "order.",
            show_default=False,
        ),
    ] = None,
    made: Annotated[
        bool | None,
        typer.Option(
            "--made/--no-made",
            help="Make an image that excites the unit, as `cutaway filters` does; where the network can, by default.",
            show_default=False,
        ),
    ] = None,
    filters: Annotated[
        str | None,
        typer.Option(
            "--filters",
            help="Take that image from a folder that `cutaway filters --into` made.",
            show_default=False,
        ),
    ] = None,
    photos: Moved = None,
    model: ScanModel = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    seed: Seed = 0,
    device: Device = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
) -> None:
    """Show all that can be told of a channel on one page, from a scan.

    An image made to excite it, its map on photos, the strongest and the lowest places, what in each made it fire, with
    a proof, the filter that made it, how its maxima lie over the photos, which label it fires for and how purely, and
    the channels most like it.

    \b
    Examples:
      cutaway scan photos/ --out index/
      cutaway unit fire5:40 --index index/
      cutaway unit fire5:40 fire9:12 --index index/ --photo cat.jpg
      cutaway unit fire9 --random 5 --seed 1 --index index/
      cutaway unit fire5:40 --index index/ --filters made/
    """
    if filters is not None and (made is not None or synthesised is not None):
        raise BadSetting("--filters gives the image: leave out --synthesised, --made and --no-made")
    if synthesised is not None and made:
        raise BadSetting("--made makes the image, and --synthesised gives one: leave one of them out")
    from cutaway.dataset.activation_index import open_index
    from cutaway.network.memory import memory
    from cutaway.recipes.unit import unit_page

    opened = open_index(index, photos)
    shown = None if live is None else expanded(live)
    network = open_network(model or opened.network, weights, device)
    with memory(max_memory), progress(quiet=as_json):
        result = unit_page(
            opened,
            units,
            photos=shown,
            random=random,
            seed=seed,
            k=k,
            synthesised=made if synthesised is None else synthesised,
            filters=filters,
            network=network,
        )
    told = result.provenance["units"]
    names = [one["unit"] for one in told]
    stem = f"unit-{'-'.join(name.replace(':', '-') for name in names[:3])}{'-…' if len(names) > 3 else ''}"
    written = write(result, place(out, stem, set()), html=True)
    if as_json:
        print(
            json.dumps(
                {"units": told, "outputs": [str(path) for path in written]}, ensure_ascii=False, indent=2
            )
        )
        return
    pages = [result] if len(told) == 1 else result.pages
    for one in pages:
        print(f"{one.title}: {one.lead}")  # type: ignore[attr-defined]
    print(f"wrote {', '.join(map(str, written))}")
