"""How a command ends: exit codes and the one line on stderr, as a shell sees them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A command of the test's own, added the way that any command is: a row in the table and a module with `run`.
PROGRAM = """
import sys, types
from pathlib import Path
from cutaway.cli import main
from cutaway.cli.commands import COMMANDS
from cutaway.cli.kept import keep
from cutaway.errors import BadImage, CutawayError

def run(value: int = 0) -> None:
    "Try an ending."
{body}

COMMANDS["try-it"] = "Try an ending."
sys.modules["cutaway.cli.try_it"] = types.SimpleNamespace(run=run)
main()
"""


@pytest.fixture
def ending(python):
    """Run a command with this body; gives the finished process."""

    def run(body: str, *arguments: str, **settings: object):
        return python("-c", PROGRAM.format(body="    " + body), "try-it", *arguments, **settings)

    return run


def test_done(ending):
    done = ending("print('fine', value)", "--value", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine 3\n", "")


def test_refusal_is_one_line(ending):
    done = ending("raise BadImage('a\\nb.jpg', 'not a photo')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "cutaway: BadImage: a\\nb.jpg: not a photo\n"


def test_debug_adds_the_traceback(ending):
    done = ending("raise CutawayError('no')", env={"CUTAWAY_DEBUG": "1"})
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("\ncutaway: CutawayError: no\n")


def test_what_the_system_refuses_is_one_line(ending, tmp_path):
    done = ending(f"Path({str(tmp_path)!r}).write_text('x')")
    assert (done.returncode, done.stderr) == (1, f"cutaway: Is a directory: {tmp_path}\n")


def test_bug_shows_the_traceback_and_says_so(ending):
    done = ending("1 / value", "--value", "0")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("please report it with the lines above and: cutaway try-it --value 0\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["try-it", "--value", "much"], "--value"),
        (["try-it", "--no-such-option"], "--no-such-option"),
        (["try-it", "too", "many"], "too"),
        (["try-ti"], "Closest: try-it"),
        (["--no-such-option"], "--no-such-option"),
        ([], "Usage: cutaway"),
    ],
)
def test_wrong_usage(words, said, python):
    done = python("-c", PROGRAM.format(body="    pass"), *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("pass", "stopped; nothing was written"),
        ("keep(Path('a.png')); keep(Path('b.npz'))", "stopped; kept a.png, b.npz"),
    ],
)
def test_stopped_by_hand(body, said, root):
    code = PROGRAM.format(body=f"    {body}; print('ready', flush=True); import time; time.sleep(60)")
    around = os.environ | {"PYTHONPATH": str(root / "src")}
    command = [sys.executable, "-c", code, "try-it"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=around
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        time.sleep(0.1)  # until it sleeps
        running.send_signal(signal.SIGINT)
        _, printed = running.communicate(timeout=30)
    assert (running.returncode, printed) == (130, f"cutaway: {said}\n")


@pytest.mark.parametrize("lines", [1, 100_000])
def test_reader_that_goes_away_is_no_fault(lines, root):
    code = PROGRAM.format(body=f"    import time; time.sleep(0.5); print('line\\n' * {lines})")
    around = os.environ | {"PYTHONPATH": str(root / "src")}
    command = [sys.executable, "-c", code, "try-it"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=around
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        printed = running.stderr.read()
    assert (running.returncode, printed) == (141, "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_label_that_the_terminal_cannot_show_ends_nothing(encoding, ending):
    done = ending("print('虎 cat')", env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert done.stdout.endswith(" cat\n")


def test_no_colour_is_asked_for_nor_given(cutaway):
    for words in (["--help"], ["explain"], ["nothing"]):
        done = cutaway(*words, env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
        assert "\x1b" not in done.stdout + done.stderr


def test_installed_command_and_module_are_the_same(cutaway):
    program = Path(sys.executable).with_name("cutaway")
    if not program.exists():
        pytest.skip("cutaway is on the path here, but not installed")
    installed = subprocess.run([program, "--version"], capture_output=True, text=True)
    assert installed.stdout == cutaway("--version").stdout
