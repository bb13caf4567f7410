"""`cutaway serve`: the explorer in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from cutaway.cli.options import Device, Weights


def run(
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="A name that `cutaway models` lists, or path/to/file.py:build; several times for several.",
            show_default="squeezenet1_1",
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", "-p", help="To listen on; 0 takes a free one.")] = 8765,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; 0.0.0.0 for other machines too.")
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address and open nothing.")
    ] = False,
    folder: Annotated[
        str | None,
        typer.Option("--folder", help="Where photos and results are kept between runs.", show_default=False),
    ] = None,
    index: Annotated[
        list[str] | None,
        typer.Option("--index", help="A folder that `cutaway scan` made; several times for several."),
    ] = None,
    painter: Annotated[
        list[str] | None,
        typer.Option("--painter", help="A style that `cutaway train-style` made; several times for several."),
    ] = None,
    max_memory: Annotated[
        str | None,
        typer.Option(
            "--max-memory",
            help="What the process of jobs may take, as 4G: a job that needs more fails alone. Linux only.",
            show_default=False,
        ),
    ] = None,
    max_disk: Annotated[
        str,
        typer.Option(
            "--max-disk",
            help="What photos may take, and results as much again; beyond, the oldest that nothing needs go.",
        ),
    ] = "2G",
    weights: Weights = None,
    device: Device = "auto",
) -> None:
    """Open the explorer in the browser: a webcam or a photo, and where the network looks.

    It prints one line with the address and a token, and ends with Ctrl-C. Without the token nothing is answered, and
    pages of other sites are refused. The page loads nothing from elsewhere.

    \b
    Examples:
      cutaway serve
      cutaway serve --model models/mine.py:build --model squeezenet1_1
      cutaway serve --index shapes.index --painter night.safetensors
      cutaway serve --port 8765 --no-browser
    """
    from cutaway.network.memory import keep_freed
    from cutaway.web.serve import serve

    keep_freed()
    serve(
        models or "squeezenet1_1",
        host=host,
        port=port,
        browser=not no_browser,
        folder=folder,
        index=index or (),
        painter=painter or (),
        weights=weights,
        device=device,
        max_memory=max_memory,
        max_disk=max_disk,
    )
