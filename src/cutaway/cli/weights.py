"""`cutaway weights`: a layer's learned filters."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cutaway.cli.options import Device, Json, Out, Weights, numbers, open_network
from cutaway.cli.write import place, write
from cutaway.errors import BadSetting


def run(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]",
            help="One network, or several to compare; squeezenet1_1 by default.",
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option("--layer", "-l", help="A convolution; the first one by default.", show_default=False),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option("--channels", "-k", help="Which filters, 0-based: 3,5,10..12.", show_default=False),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option("--inputs", help="Which input channels of deeper filters.", show_default=False),
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", help="cell, layer or symmetric.", show_default=False)
    ] = None,
    weights: Weights = None,
    out: Out = "cutaway-out",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Show a layer's learned filters.

    The first layer's filters as colour images, those of several networks side by side; deeper ones as gray groups,
    a row for each filter and a tile for each input channel.

    \b
    Examples:
      cutaway weights
      cutaway weights squeezenet1_1 alexnet
      cutaway weights --layer fire2.expand3x3 --channels 0..7
    """
    from cutaway.recipes.weights import weights as draw

    names = models or ["squeezenet1_1"]
    if weights is not None and len(names) > 1:
        raise BadSetting("--weights goes with one network")
    networks = [open_network(name, weights, device) for name in names]
    result = draw(
        networks if len(networks) > 1 else networks[0],
        layer,
        channels=numbers(channels, "--channels"),
        inputs=numbers(inputs, "--inputs"),
        scale=scale,
    )
    stem = f"weights-{'-'.join(network.name for network in networks)}" + (f"-{layer}" if layer else "")
    written = write(result, place(out, stem, set()))
    if as_json:
        summary = {"models": names, "layer": layer, "outputs": [str(path) for path in written]}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    print(f"wrote {', '.join(str(path) for path in written)}")
