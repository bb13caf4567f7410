"""The command line: one command is one small file here, and one recipe behind it.

To add the command `cutaway do-it`:

1. Add its name and its one line of help to `COMMANDS` in cli/commands.py.
2. Write cli/do_it.py with a function `run` that returns nothing. Its parameters become arguments and options,
   by `Annotated[...]` with `typer.Argument` and `typer.Option`. Its docstring is the help: first that same
   line, then what more there is to say, then a block of examples, which starts with a backslash and a b alone
   on a line so that its lines are kept. (With commands of its own it has `app`, a `typer.Typer`, not `run`.)
3. Import torch, numpy and the recipe inside `run`, not at the top: help and completion load this file too.
4. Write results through `keep`, from cli/kept.py: a person who stops the command is told what is there.

Nothing else is needed: cli/outcome.py turns every ending into an exit code and, where there is something to
say, one line of text. A command says what went wrong by letting a `CutawayError` pass.
"""

from __future__ import annotations

from cutaway.cli.outcome import main

__all__ = ["main"]
