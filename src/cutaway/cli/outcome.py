"""How a command ends: its exit code, and the one line that says why.

    0    done
    1    refused or failed: one line `cutaway: BadImage: ...` on stderr; a traceback only for a bug
    2    wrong usage
    130  stopped by Ctrl-C; what was finished is kept and named
    141  the reader of our output went away (`cutaway layers vgg16 | head`): silent

`CUTAWAY_DEBUG=1` adds the traceback to every failure.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from cutaway.cli.commands import command_line
from cutaway.cli.kept import KEPT
from cutaway.errors import BadSetting, CutawayError

__all__ = ["main"]

DONE, FAILED, USAGE, STOPPED, UNREAD = 0, 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave Python with its exit code.

    Args:
        arguments: the words after `cutaway`; those of this process by default.

    >>> try:
    ...     main(["--version"])
    ... except SystemExit as exit:
    ...     exit.code
    cutaway 0...
    0
    """
    if "_CUTAWAY_COMPLETE" in os.environ:  # a shell asks for completions: typer answers it and leaves
        command_line().main(prog_name="cutaway")
    words = list(sys.argv[1:] if arguments is None else arguments)
    KEPT.clear()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a label that the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_outcome(words))


def _outcome(words: list[str]) -> int:
    try:
        code = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        return UNREAD
    except KeyboardInterrupt:
        kept = ", ".join(map(str, KEPT))
        return _say(f"stopped; kept {kept}" if kept else "stopped; nothing was written", STOPPED)
    except typer.Abort:
        return _say("stopped", FAILED)
    except BadSetting as error:
        return _say(f"{type(error).__name__}: {error}", USAGE, debug=True)
    except CutawayError as error:
        return _say(f"{type(error).__name__}: {error}", FAILED, debug=True)
    except OSError as error:
        if error.strerror is None:  # not from the operating system, so not something a person can act on
            return _bug(words)
        where = f": {error.filename}" if error.filename is not None else ""
        return _say(f"{error.strerror}{where}", FAILED, debug=True)
    except Exception:
        return _bug(words)
    return code


def _run(words: list[str]) -> int:
    group = command_line()
    try:
        with group.make_context("cutaway", words) as context:
            group.invoke(context)
    except typer.Exit as exit:
        return exit.exit_code
    except typer.TyperException as refused:  # wrong usage; `show` prints the usage line too
        show: Any = getattr(refused, "show", None)
        if show is None:
            return _say(str(refused), refused.exit_code)
        show()
        return refused.exit_code
    return DONE


def _say(line: str, code: int, debug: bool = False) -> int:
    if debug and os.environ.get("CUTAWAY_DEBUG", "0") not in ("", "0"):
        traceback.print_exc()
    try:
        # One line whatever is in it: a file's name may hold line breaks.
        print("cutaway:", line.replace("\r", "\\r").replace("\n", "\\n"), file=sys.stderr, flush=True)
    except BrokenPipeError:
        _silence(sys.stderr)
    return code


def _bug(words: list[str]) -> int:
    traceback.print_exc()
    command = shlex.join(["cutaway", *words])
    return _say(f"this is a bug in cutaway; please report it with the lines above and: {command}", FAILED)


def _silence(stream: Any) -> None:
    """Send what is still buffered nowhere, so that Python's own last flush does not complain."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
