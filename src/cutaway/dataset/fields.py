"""Receptive fields as JSON, so that an index knows what its units see without the network."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cutaway.network.receptive_field import Axis, ReceptiveField

__all__ = ["field_of", "told_field"]


def told_field(field: ReceptiveField | None) -> dict[str, Any] | None:
    """Write a field as JSON; fractions stay exact.

    >>> seen = ReceptiveField(Axis(), Axis(), (8, 8)).window((3, 3), (2, 2), (1, 1), (1, 1)).counted(4, 4)
    >>> field_of(told_field(seen)) == seen
    True
    """
    if field is None:
        return None
    sides = {name: _told(axis) for name, axis in (("y", field.y), ("x", field.x))}
    return {**sides, "input_size": list(field.input_size), "whole_image": field.whole_image}


def field_of(told: Mapping[str, Any] | None) -> ReceptiveField | None:
    """Read what `told_field` wrote."""
    if told is None:
        return None
    h, w = told["input_size"]
    return ReceptiveField(_axis(told["y"]), _axis(told["x"]), (h, w), told["whole_image"])


def _told(axis: Axis) -> dict[str, Any]:
    edges = None if axis.edges is None else [str(edge) for edge in axis.edges]
    return {"jump": str(axis.jump), "low": str(axis.low), "high": str(axis.high), "edges": edges}


def _axis(told: Mapping[str, Any]) -> Axis:
    jump, low, high = (Fraction(told[name]) for name in ("jump", "low", "high"))
    edges = None if told["edges"] is None else (Fraction(told["edges"][0]), Fraction(told["edges"][1]))
    return Axis(jump, low, high, edges)
