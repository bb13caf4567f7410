"""Run a network once and keep its operations on a tape."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cutaway.network.calls import Calls, Key, Visit, named_tensors, replaced, tensors
from cutaway.network.inputs import run
from cutaway.network.tape import Ref, Step, Tape, Unfollowable
from cutaway.network.trace import Target
from cutaway.network.undisturbed import undisturbed

__all__ = ["record_tape"]


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
