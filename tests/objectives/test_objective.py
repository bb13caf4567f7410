"""Objectives are values: they add, subtract and scale like numbers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cutaway.errors import BadSetting
from cutaway.objectives.objective import Objective, each

FACTORS = st.floats(-8, 8, allow_nan=False).filter(lambda f: abs(f) > 1e-3)


def named(layer: str) -> Objective:
    return Objective(layer, (layer,), lambda a: a[layer].mean(1))


ACTIVATIONS = {"x": torch.arange(6.0).view(3, 2), "y": torch.tensor([[2.0, -3.0]] * 3)}
X, Y = named("x"), named("y")


@settings(max_examples=40, deadline=None)
@given(FACTORS, FACTORS)
def test_algebra(a, b):
    x, y = X.score(ACTIVATIONS), Y.score(ACTIVATIONS)
    for objective, right in (
        (a * X + b * Y, a * x + b * y),
        (X * a - Y / b, a * x - y / b),
        (a * (X - Y), a * (x - y)),
        (-X, -x),
        (X - X, 0 * x),
    ):
        torch.testing.assert_close(objective.score(ACTIVATIONS), right)


def test_layers_are_joined_once_and_the_parts_stay_as_they_were():
    both = X + Y + X
    assert both.layers == ("x", "y")
    assert X.layers == ("x",)
    assert both.name == "x + y + x"
    assert (2 * (X - Y)).name == "2 × (x − y)"
    assert (0.5 * X).name == "0.5 × x"


def test_names_say_what_is_computed():
    """They stand in captions: a bracket is part of the truth."""
    assert (X - (Y - X)).name == "x − (y − x)"
    assert (X - (Y + X)).name == "x − (y + x)"
    assert (X - Y - X).name == "x − y − x"
    assert (X + (Y - X)).name == "x + y − x"
    assert (-(X + Y)).name == "-1 × (x + y)"
    assert (2 * each([X, Y])).name == "2 × (x, y)"


@pytest.mark.parametrize("other", [1, "x", None])
def test_only_objectives_add(other):
    with pytest.raises(TypeError):
        X + other
    with pytest.raises(TypeError):
        X - other
    with pytest.raises(TypeError):
        X * "x"


def test_each_image_has_its_own():
    found = each([X, 2 * Y, X - Y]).score(ACTIVATIONS)
    x, y = X.score(ACTIVATIONS), Y.score(ACTIVATIONS)
    torch.testing.assert_close(found, torch.stack([x[0], 2 * y[1], x[2] - y[2]]))
    assert each([X, Y]).layers == ("x", "y")


def test_each_refuses_another_number_of_images():
    with pytest.raises(BadSetting, match="holds 2 objectives for a batch of 3 images"):
        each([X, Y]).score(ACTIVATIONS)
    with pytest.raises(BadSetting, match="at least one"):
        each([])
