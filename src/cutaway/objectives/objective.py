"""One type answers "explain what?" and "maximise what?": a named score of the activations that it declares to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting

__all__ = ["Objective", "Unit", "each"]


class Unit(NamedTuple):
    """One channel at one place of a layer; no place for a layer that has none, or for its middle."""

    layer: str
    channel: int
    y: int | None = None
    x: int | None = None


@dataclass(frozen=True)
class Objective:
    """A score for each image of a batch, computed from the activations of named layers.

    Because it declares its layers, a network runs only as far as the deepest of them. Objectives add, subtract
    and scale; the operands are not changed.

    Args:
        name: shown in captions.
        layers: the layers whose activations the score reads; "@logits" and "@output" are allowed.
        score: from {layer: activation} to one number per image, (n,).
        units: where the score is the activation of single units, these: one for all images, or one for each.
            A method may then look at no more of an image than they see.
        columns: the entries of its one layer (n, entries) that the score reads, where it reads no others: a method
            may then leave the others out (they are NaN). None where it may read all.

    >>> brightness = Objective("brightness", ("conv1",), lambda a: a["conv1"].mean((1, 2, 3)))
    >>> both = 2 * brightness - brightness
    >>> both.name, both.layers
    ('2 × brightness − brightness', ('conv1',))
    >>> both.score({"conv1": torch.ones(2, 3, 4, 4)})
    tensor([1., 1.])
    """

    name: str
    layers: tuple[str, ...]
    score: Callable[[Mapping[str, Tensor]], Float[Tensor, " n"]]
    units: tuple[Unit, ...] = ()
    columns: frozenset[int] | None = None

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(
            f"{self.name} + {other.name}",
            tuple(dict.fromkeys((*self.layers, *other.layers))),
            lambda activations: self.score(activations) + other.score(activations),
            columns=_both(self, other),
        )

    def __sub__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(
            f"{self.name} − {_bracketed(other.name)}",
            tuple(dict.fromkeys((*self.layers, *other.layers))),
            lambda activations: self.score(activations) - other.score(activations),
            columns=_both(self, other),
        )

    def __mul__(self, factor: float) -> Objective:
        if not isinstance(factor, int | float):
            return NotImplemented
        return Objective(
            f"{factor:g} × {_bracketed(self.name)}",
            self.layers,
            lambda a: self.score(a) * factor,
            columns=self.columns,
        )

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Objective:
        return self * (1 / divisor)

    def __neg__(self) -> Objective:
        return self * -1


def _both(one: Objective, other: Objective) -> frozenset[int] | None:
    """The entries that either reads, where both read entries of the same layer."""
    if one.columns is None or other.columns is None or one.layers != other.layers:
        return None
    return one.columns | other.columns


def _bracketed(name: str) -> str:
    """Keep a sum together where a sign or a factor stands before it."""
    return f"({name})" if any(sign in name for sign in (" + ", " − ", ", ")) else name


def each(objectives: Sequence[Objective]) -> Objective:
    """Give every image of a batch its own objective: image i is scored by objectives[i].

    Args:
        objectives: one per image; a single one scores all.

    Raises:
        BadSetting: at scoring, where the batch has another number of images.

    >>> first = Objective("a", ("x",), lambda a: a["x"].sum(1))
    >>> each([first, 3 * first]).score({"x": torch.ones(2, 5)})
    tensor([ 5., 15.])
    """
    if not objectives:
        raise BadSetting("each() needs at least one objective, got none")
    if len(objectives) == 1:
        return objectives[0]

    def score(activations: Mapping[str, Tensor]) -> Tensor:
        count = len(next(iter(activations.values())))
        if count != len(objectives):
            raise BadSetting(f"each() holds {len(objectives)} objectives for a batch of {count} images")
        return torch.stack(
            [
                objective.score({name: activations[name][i : i + 1] for name in objective.layers})[0]
                for i, objective in enumerate(objectives)
            ]
        )

    layers = tuple(dict.fromkeys(layer for objective in objectives for layer in objective.layers))
    single = all(len(objective.units) == 1 for objective in objectives)
    units = tuple(objective.units[0] for objective in objectives) if single else ()
    known = [objective.columns for objective in objectives if objective.columns is not None]
    columns = frozenset[int]().union(*known) if len(layers) == 1 and len(known) == len(objectives) else None
    return Objective(", ".join(objective.name for objective in objectives), layers, score, units, columns)
