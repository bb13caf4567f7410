"""Help and completion answer at once: neither loads torch, numpy or the recipes."""

from __future__ import annotations

import importlib

import pytest

from cutaway.cli.commands import COMMANDS

HEAVY = ("torch", "numpy", "PIL", "rich", "cutaway.network", "cutaway.recipes", "cutaway.view")

PROBE = f"""
import runpy, sys
sys.argv[0] = "cutaway"
try:
    runpy.run_module("cutaway", run_name="__main__")
except SystemExit as exit:
    code = exit.code or 0
print("loaded:", *[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def _check(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)], ids=" ".join
)
def test_help_loads_nothing_heavy(words, python):
    done = python("-c", PROBE, *words)
    _check(done)
    assert "\x1b" not in done.stdout


def test_completion_loads_nothing_heavy(python):
    typed = {"_CUTAWAY_COMPLETE": "complete_bash", "COMP_WORDS": "cutaway ", "COMP_CWORD": "1"}
    done = python("-c", PROBE, env=typed)
    _check(done)
    assert done.stdout.split() == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_as_the_table_says(name, cutaway):
    """Its help starts with the table's line, and shows examples that call it."""
    shown = " ".join(cutaway(name, "--help").stdout.split())
    assert COMMANDS[name] in shown
    assert f"cutaway {name}" in shown.partition(COMMANDS[name])[2], "its help has no example"


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_a_recipe_of_the_same_name(name):
    """One command, one function, one file: `cutaway do-it`, `cutaway.do_it`, recipes/do_it.py.

    What opens the explorer lies above the recipes, as the explorer does.
    """
    import cutaway as package

    word = name.replace("-", "_")
    assert word in package.__all__
    home = "web" if word == "serve" else "recipes"
    assert importlib.import_module(f"cutaway.{home}.{word}")
