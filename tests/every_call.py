"""How the tests check the annotations of cutaway: types and array shapes, at every call.

pytest puts `checked` on every function of the package (see `--jaxtyping-packages` in pyproject.toml).
"""

from __future__ import annotations

from typing import Self

import typer
from beartype import BeartypeConf, FrozenDict, beartype

checked = beartype(
    conf=BeartypeConf(
        is_pep484_tower=True,  # as for type checkers: an int will do where a float is asked for
        hint_overrides=FrozenDict(
            {
                Self: object,  # methods are checked one by one, without their class
                typer.Context: object,  # typer hands over an instance of its base class
            }
        ),
    )
)
