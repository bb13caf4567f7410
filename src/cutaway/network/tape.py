"""One forward pass kept as a list of operations that can be carried out again on other values."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cutaway.network.calls import Calls, Key, Visit, named_tensors, replaced, tensors
from cutaway.network.inputs import run
from cutaway.network.trace import Target
from cutaway.network.undisturbed import undisturbed

__all__ = [
    "Ref",
    "Step",
    "Tape",
    "Unfollowable",
    "check_same",
    "filled",
    "for_batch",
    "needed",
    "record_tape",
]

_WRONG = 1e-4


class Unfollowable(Exception):
    """A network does something whose operations cannot be replayed one by one; the text says what."""


def check_same(found: Tensor, own: Tensor) -> None:
    """Refuse scores that differ from the network's own by more than rounding.

    Raises:
        Unfollowable: where they do.

    >>> check_same(torch.ones(2), torch.ones(2))
    """
    if bool((own - found).abs().max() > _WRONG * own.abs().max().clamp(min=1e-6)):
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


def record_tape(module: nn.Module, image: Tensor, start: Target | None = None, *, skip: bool = False) -> Tape:
    """Run a module on one image, and keep what it did.

    Args:
        module: left exactly as found.
        image: (1,c,h,w).
        start: keep only what follows this call's result, and what that reads; None keeps everything.
        skip: do not even watch what comes before the start's module: what is read of it later then counts as fixed,
            and a call's address is right only where no earlier call has its path.

    Raises:
        Unfollowable: where a value comes about unseen, or two tensors share memory that is written to.

    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
    >>> tape = record_tape(net, torch.zeros(1, 3, 8, 8))
    >>> [(step.kind, step.reads, step.makes) for step in tape.steps]
    [('conv2d', (0,), (1,)), ('relu', (1,), (2,))]
    """
    with undisturbed(module), torch.no_grad():
        recorder = _TapeRecorder(module, image, start, skip)
        with recorder:
            output = run(module, recorder.image)
        return recorder.finish(output)


class _TapeRecorder(Calls):
    def __init__(self, module: nn.Module, image: Tensor, start: Target | None, skip: bool) -> None:
        super().__init__(module, start.key.path if start is not None and skip else "")
        self.image = image.clone()
        self._start = start
        self._begun = start is None
        # Values from before the start are not held, so that their memory is used again; kept once they are read later.
        self._early: dict[int, tuple[weakref.ref[Tensor], int]] = {}
        self._steps: list[Step] = []
        self._values: list[Tensor] = []
        self._layers: dict[Target, int] = {}
        # id → (the tensor itself, kept so that its id stays its own; its value's index; its version then).
        self._live: dict[int, tuple[Tensor, int, int]] = {}
        if self._begun:
            self._keep(self.image)
        else:
            self._note_early(self.image)

    def _keep(self, tensor: Tensor) -> int:
        self._live[id(tensor)] = (tensor, len(self._values), tensor._version)
        self._values.append(tensor.clone())
        return len(self._values) - 1

    def _note_early(self, tensor: Tensor) -> None:
        self._early[id(tensor)] = (weakref.ref(tensor), tensor._version)

    def _is_early(self, tensor: Tensor) -> bool:
        known = self._early.get(id(tensor))
        return known is not None and known[0]() is tensor

    def _index(self, tensor: Tensor) -> int | None:
        if id(tensor) in self._live:
            _, index, version = self._live[id(tensor)]
        elif self._begun and self._is_early(tensor):
            version = self._early[id(tensor)][1]
            index = self._keep(tensor)
        else:
            return None
        if version != tensor._version:
            raise Unfollowable("it writes into a tensor through another that shares its memory")
        return index

    def copied(self, source: Sequence[Tensor], result: Tensor) -> None:
        for tensor in source:
            if not self._begun and self._is_early(tensor):
                self._note_early(result)
                return
            index = self._index(tensor)
            if index is not None:
                if result.dtype != tensor.dtype:
                    raise Unfollowable("it changes the type of its numbers on the way")
                self._live[id(result)] = (result, index, result._version)
                return

    def call(self, visit: Visit) -> Any:
        given = tensors((visit.args, visit.kwargs))
        if not self._begun:
            return self._before(visit, given)
        places = {id(tensor): index for tensor in given if (index := self._index(tensor)) is not None}
        if not places:
            return visit.run()
        indices = [places[id(tensor)] for tensor in given if id(tensor) in places]
        refs = {key: Ref(index) for key, index in places.items()}
        args, kwargs = replaced(visit.args, refs), replaced(visit.kwargs, refs)
        result = visit.run()
        made = tensors(result)
        if len({id(t) for t in made}) != len(made):
            raise Unfollowable(f"{visit.key.operation} returns one tensor twice")
        floats = [t for t in made if t.is_floating_point()]
        kept = [self._keep(tensor) for tensor in made]
        for part, tensor in enumerate(floats):
            self._layers[Target(visit.key, part)] = self._live[id(tensor)][1]
        self._steps.append(
            Step(visit.key.operation, visit.function, args, kwargs, tuple(indices), tuple(kept))
        )
        return result

    def _before(self, visit: Visit, given: Sequence[Tensor]) -> Any:
        """Carry a call before the start out; at the start itself, begin."""
        result = visit.run()
        at_start = self._start is not None and visit.key == self._start.key
        if not at_start and not any(self._is_early(tensor) for tensor in given):
            return result
        self._begun = at_start
        part = 0
        for tensor in tensors(result):
            if not self._begun:
                self._note_early(tensor)
                continue
            index = self._keep(tensor)
            if tensor.is_floating_point():
                self._layers[Target(visit.key, part)] = index
                part += 1
        return result

    def returned(self, key: Key, args: Any, output: Any) -> Any:
        def known(tensor: Tensor) -> bool:
            return id(tensor) in self._live or self._is_early(tensor)

        unseen = [t for t in tensors(output) if t.is_floating_point() and not known(t)]
        if unseen and any(known(t) for t in tensors(args)):
            raise Unfollowable(f"{key.path or 'the network'} computes in a way that cannot be seen")
        return None

    def finish(self, output: Any) -> Tape:
        outputs = {}
        for suffix, tensor in named_tensors(output).items():
            index = self._index(tensor)
            if index is None:
                raise Unfollowable("its output comes about in a way that cannot be seen")
            outputs[suffix] = index
        return Tape(tuple(self._steps), tuple(self._values), self._layers, outputs)
