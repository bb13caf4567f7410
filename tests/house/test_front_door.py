"""The public surface of the package: complete, sorted, and loaded only when it is used."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import cutaway
from cutaway.homes import HOMES

FRONT_DOOR = Path(cutaway.__file__)
PARTS = {part.name for part in pkgutil.iter_modules(cutaway.__path__)}


def _names_for_type_checkers() -> dict[str, str]:
    """What the imports under TYPE_CHECKING say: name -> its home, written as in the table."""
    homes = {}
    for node in ast.parse(FRONT_DOOR.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for line in node.body:
                assert isinstance(line, ast.ImportFrom)
                for alias in line.names:
                    assert alias.asname == alias.name, (
                        "write `import name as name`: type checkers export only those"
                    )
                    homes[alias.name] = (
                        f"{line.module}.{alias.name}"
                        if line.module == "cutaway"
                        else f"{line.module}:{alias.name}"
                    )
    return homes


def test_all_is_sorted():
    assert cutaway.__all__ == sorted(cutaway.__all__)


def test_table_imports_and_all_name_the_same():
    table = HOMES
    assert table == _names_for_type_checkers()
    assert sorted(table) == cutaway.__all__


@pytest.mark.parametrize("name", cutaway.__all__)
def test_name_resolves_to_what_its_home_holds(name):
    module, _, attribute = HOMES[name].partition(":")
    home = import_module(module)
    assert getattr(cutaway, name) is (getattr(home, attribute) if attribute else home)
    assert name in dir(cutaway)


def test_no_part_of_the_package_takes_a_name():
    """`import cutaway.x` binds x in cutaway, so a part must not be called like a function or class."""
    taken = {name for name, home in HOMES.items() if ":" in home}
    assert not taken & PARTS


def test_functions_stay_themselves_whatever_is_imported(python):
    """Also after every module of the package has been imported, in any order."""
    code = """
import importlib, pkgutil, cutaway
for found in pkgutil.walk_packages(cutaway.__path__, "cutaway."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
for name, home in cutaway.homes.HOMES.items():
    if ":" in home:
        assert not isinstance(getattr(cutaway, name), type(cutaway)), name
"""
    done = python("-c", code)
    assert done.returncode == 0, done.stderr


def test_import_loads_nothing_heavy(python):
    heavy = ["torch", "numpy", "PIL", "typer", "rich", "jaxtyping"]
    code = f"import sys, cutaway; print([name for name in {heavy} if name in sys.modules])"
    assert python("-c", code).stdout == "[]\n"


def test_unknown_name_gives_the_closest():
    with pytest.raises(AttributeError, match=r"no attribute 'explian'\. Closest: explain"):
        _ = cutaway.explian
    assert not hasattr(cutaway, "__wrapped__")


@pytest.mark.parametrize("name", [name for name in cutaway.__all__ if name != "attribution"])
def test_surface_has_examples(name):
    """Each function and class that a person calls shows how, in an example that the tests run."""
    thing = getattr(cutaway, name)
    if inspect.isclass(thing) and issubclass(thing, Exception):
        assert inspect.getdoc(thing)
    else:
        assert ">>>" in (inspect.getdoc(thing) or ""), f"{name} has no example in its docstring"


def test_attribution_methods_have_examples():
    methods = import_module("cutaway.attribution")
    missing = []
    for name in methods.__all__:
        thing = getattr(methods, name)
        if (
            isinstance(thing, type)
            and not getattr(thing, "_is_protocol", False)
            and ">>>" not in (inspect.getdoc(thing) or "")
        ):
            missing.append(name)
    assert not missing
