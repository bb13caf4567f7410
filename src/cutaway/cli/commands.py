"""The table of commands, and the group that loads a command only when it is called.

Plain text, and one-liners from a table, keep `cutaway --help` close to the time that importing typer takes;
rich's help panels would double it (benchmarks/help_time.py measures).
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from cutaway import __version__
from cutaway.errors import closest

__all__ = ["COMMANDS", "Commands", "command_line"]

# Command -> the first line of its help. The command `do-it` lies in cli/do_it.py.
COMMANDS = {
    "explain": "Show the strongest classes of photos and where the network looked.",
    "compare": "Ask several methods the same question about one photo.",
    "deconv": "Show what in a photo made a layer's units fire.",
    "segment": "Cut an object out of a photo by a class's map.",
    "scan": "Read a folder of photos once, and keep what excites every channel.",
    "patches": "Show the patches that excite a layer's channels most, from a scan.",
    "unit": "Show all that can be told of a channel on one page, from a scan.",
    "purity": "Tell for each channel of a layer which label it fires for, and how purely, from a scan.",
    "neighbors": "Find the photos of a scan that are most like one, to the network and in pixels.",
    "embed": "Lay the photos of a scan out in a plane, near where the network finds them alike.",
    "audit": "Look for what labels are told by that is not the object: a background, a mark, a thing beside it.",
    "invariance": "Shift, scale and turn a photo, and tell what becomes of its features and its class.",
    "correspondence": "Hide the same part in several photos, and tell how alike their features change.",
    "dream": "Let a layer see more and more in a photo of what it already sees: DeepDream.",
    "fool": "Change a photo so little that nobody sees it, until the network says something else.",
    "filters": "Make the images that excite a layer's channels most.",
    "class-image": "Make the image that is most a class to a network.",
    "facets": "Make an image for each kind of photos that a class or a channel stands for, from a scan.",
    "invert": "Make an image from a layer's answer to a photo alone: what the layer still knows.",
    "invert-generator": "Train a small network that makes photos from a layer's features.",
    "texture": "Make more of a picture's texture from what a network's layers tell of it.",
    "style": "Give a photo the style of a painting (Gatys and others, 2016).",
    "train-style": "Train a network that paints any photo in a painting's style in one pass.",
    "stylize": "Paint photos and videos in a trained style, in one forward pass each.",
    "report": "Put all that is known of a photo, a network or a data set on one page.",
    "check": "Look for dead, copied, noisy and aliased filters, and for channels that no photo excites.",
    "layers": "List a network's layers with shapes, parameters and receptive fields.",
    "activations": "Show what a layer's channels answer to photos.",
    "weights": "Show a layer's learned filters.",
    "models": "List the networks that are there, and fetch weights.",
    "serve": "Open the explorer in the browser: a webcam or a photo, and where the network looks.",
}

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(TyperGroup):
    """The group `cutaway`: knows its commands by name, and imports one when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """Load one command; an unknown name is a usage error that gives the closest ones."""
        if cmd_name in COMMANDS:
            return load_command(cmd_name)
        near = closest(cmd_name, COMMANDS)
        if near and not ctx.resilient_parsing:
            ctx.fail(f"No such command {cmd_name!r}. Closest: {', '.join(near)}.")
        return None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table into the help page, without loading any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def load_command(name: str) -> TyperCommand | TyperGroup:
    """Import one command's file; make a command of its `run` or, if it has some of its own, its `app`."""
    module = import_module(f"cutaway.cli.{name.replace('-', '_')}")
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, context_settings=_SETTINGS)(module.run)
    return cast(TyperCommand | TyperGroup, typer.main.get_command(app))


def command_line() -> TyperGroup:
    """Build the whole command line.

    >>> command_line().list_commands(None)[0]
    'explain'
    """
    app = typer.Typer(
        cls=Commands,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings=_SETTINGS,
        epilog="Help on one command, with examples: cutaway explain --help",
    )
    app.callback()(_cutaway)
    return cast(TyperGroup, typer.main.get_command(app))


def _print_version(asked: bool) -> bool:
    if asked:
        typer.echo(f"cutaway {__version__}")
        raise typer.Exit
    return asked


def _cutaway(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Open a vision network: see what each layer computes, and why a photo got its answer."""
