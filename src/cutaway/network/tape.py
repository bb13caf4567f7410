"""One forward pass kept as a list of operations that can be carried out again on other values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from torch import Tensor

from cutaway.network.calls import tensors
from cutaway.network.trace import Target

__all__ = [
    "Ref",
    "Step",
    "Tape",
    "Unfollowable",
    "check_same",
    "filled",
    "for_batch",
    "needed",
]

_WRONG = 1e-4


class Unfollowable(Exception):
    """A network does something whose operations cannot be replayed one by one; the text says what."""


def check_same(found: Tensor, own: Tensor) -> None:
    """Refuse scores that differ from the network's own by more than rounding.

    Raises:
        Unfollowable: where they do.

    >>> import torch
    >>> check_same(torch.ones(2), torch.ones(2))
    """
    # So written that NaN, which is neither more nor less than anything, is refused too.
    if not bool((own - found).abs().max() <= _WRONG * own.abs().max().clamp(min=1e-6)):
        raise Unfollowable(
            "carrying its operations out one by one gave another answer than the network itself"
        )


class Ref(NamedTuple):
    """Stands in a step's arguments for a value that depends on the image."""

    value: int


@dataclass(frozen=True, eq=False)
class Step:
    """One operation, with values that depend on the image replaced by where they are found.

    Args:
        kind: the operation's plain name.
        function: to call.
        args: its arguments, with `Ref` for such values.
        kwargs: its named arguments, likewise.
        reads: indices of the values read, in order.
        makes: indices of the values made, in order.
    """

    kind: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    reads: tuple[int, ...]
    makes: tuple[int, ...]

    def run(self, values: Mapping[int, Tensor]) -> list[Tensor]:
        """Carry it out on other values; give what it makes."""
        made = self.function(*filled(self.args, values), **filled(self.kwargs, values))
        return tensors(made)


@dataclass(frozen=True, eq=False)
class Tape:
    """All operations of a forward pass on one image, and every value that depends on the image.

    Args:
        steps: in the order of execution.
        values: of that image; 0 is the image itself.
        layers: where each call's result is.
        outputs: by their suffixes ("" for a single one).
    """

    steps: tuple[Step, ...]
    values: tuple[Tensor, ...]
    layers: Mapping[Target, int]
    outputs: Mapping[str, int]

    def place(self, target: Target | str) -> int:
        """Find the value of a layer by its address, or of the input or an output by its name.

        Raises:
            Unfollowable: where it was not seen.
        """
        if isinstance(target, Target):
            index = self.layers.get(target)
        else:
            index = 0 if target.startswith("@input") else self.outputs.get(target.removeprefix("@output"))
        if index is None:
            raise Unfollowable("what is asked for comes about in a way that cannot be seen")
        return index


def needed(tape: Tape, wanted: set[int]) -> list[Step]:
    """List the steps that lead to some values, in order.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.record_tape import record_tape
    >>> tape = record_tape(nn.Sequential(nn.ReLU(), nn.ReLU()), torch.zeros(1, 3, 4, 4))
    >>> len(needed(tape, {1}))
    1
    """
    found, values = [], set(wanted)
    for step in reversed(tape.steps):
        if values.intersection(step.makes):
            found.append(step)
            values.update(step.reads)
    return found[::-1]


def for_batch(step: Step, tape: Tape, count: int) -> Step:
    """Write the batch's size into a shape that the network gave for one image.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.record_tape import record_tape
    >>> tape = record_tape(nn.Unflatten(1, (3, 1)), torch.zeros(1, 3))
    >>> for_batch(tape.steps[0], tape, 5) is tape.steps[0]
    True
    """
    if step.kind not in ("view", "reshape", "expand"):
        return step
    if len(step.makes) != 1 or tape.values[step.makes[0]].shape[:1] != (1,):
        return step
    shape = step.args[1:]
    if len(shape) == 1 and isinstance(shape[0], Sequence):
        if shape[0] and shape[0][0] == 1:
            return replace(step, args=(step.args[0], (count, *shape[0][1:])))
    elif shape and shape[0] == 1:
        return replace(step, args=(step.args[0], count, *shape[1:]))
    return step


def filled(value: Any, values: Mapping[int, Tensor]) -> Any:
    """Put values into the places of their `Ref`s.

    >>> import torch
    >>> filled((Ref(0), [Ref(1), 2]), {0: torch.zeros(1), 1: torch.ones(1)})
    (tensor([0.]), [tensor([1.]), 2])
    """
    if isinstance(value, Ref):
        return values[value.value]
    if isinstance(value, Mapping):
        return {key: filled(item, values) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(filled(item, values) for item in value))
    if isinstance(value, list | tuple):
        items = [filled(item, values) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value
