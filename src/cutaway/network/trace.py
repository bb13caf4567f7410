"""One forward pass written down: every call with its name, shape, cost, and what it sees of the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cutaway.network.calls import Key
from cutaway.network.sight import Sight
from cutaway.network.window import Window

__all__ = ["Call", "Target", "Trace"]


class Target(NamedTuple):
    """Which tensor of which call: `part` counts the tensors of a result that has several."""

    key: Key
    part: int


@dataclass(frozen=True, eq=False)
class Call:
    """One operation of the forward pass that computed a tensor from the input.

    Args:
        index: place in the order of execution.
        name: the module's dotted path, or the operation's name under its module; ":2" for the second use.
        path: the module it runs in, as the user's model names it.
        target: its address for reading it again.
        kind: the operation ("conv2d", "relu", "add", …).
        shape: of the result, for one image.
        parents: indices of the calls whose results it reads; -1 and below are the network's inputs.
        sight: what its units see.
        window: how it slides, for convolutions and pools.
        parameters: numbers learned, counted at their first use.
        macs: multiply–accumulate operations for one image.
        in_place: it overwrote its input.
        weights: names of the parameters that it reads.
        placed: it also reads constants that differ from place to place: learned positions, coordinates.
    """

    index: int
    name: str
    path: str
    target: Target
    kind: str
    shape: tuple[int, ...]
    parents: tuple[int, ...]
    sight: Sight
    window: Window | None
    parameters: int
    macs: int
    in_place: bool
    weights: tuple[str, ...]
    placed: bool = False


@dataclass(frozen=True)
class Trace:
    """All calls of one forward pass.

    Args:
        calls: in the order of execution.
        containers: module path → index of the call whose result it returned.
        outputs: (suffix, index) of every tensor that the network returned: ("", 12) or ("[0]", 11), ("[1]", 12).
        unused: names of parameters that no call read.
        input_shapes: of the inputs, for one image.
        names: every name that a layer goes by → index of its call; filled by the network that made the trace.
        notes: what was found out about runs of this size, so that it is found out once.
    """

    calls: tuple[Call, ...]
    containers: Mapping[str, int]
    outputs: tuple[tuple[str, int], ...]
    unused: tuple[str, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    names: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    _by_target: dict[Target, Call] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._by_target.update({call.target: call for call in self.calls})

    def at(self, target: Target) -> Call | None:
        """Give the call at an address, or None where the network took another way."""
        return self._by_target.get(target)

    def children(self, index: int) -> list[Call]:
        """List the calls that read a call's result."""
        return [call for call in self.calls if index in call.parents]
