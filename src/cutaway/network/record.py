"""Run a network once and write its calls down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from cutaway.errors import CutawayError
from cutaway.network.calls import RETURN, Calls, Key, Visit, named_tensors, tensors
from cutaway.network.cost import macs
from cutaway.network.inputs import Inputs, cannot_run, input_tensors, run
from cutaway.network.sight import BLIND, Sight, look
from cutaway.network.trace import Call, Target, Trace
from cutaway.network.undisturbed import undisturbed
from cutaway.network.window import Window, window_of

__all__ = ["record"]

# Operations in which a map may meet a constant of its own size.
_MEETING = frozenset("add sub mul div cat maximum minimum where lerp addcmul masked_fill pow".split())


def record(module: nn.Module, inputs: Inputs, rename: Callable[[str], str] = str) -> Trace:
    """Run a module once on one image and write every call down.

    Args:
        module: left exactly as found.
        inputs: a tensor (n,c,h,w), or a tuple or mapping of them; the first image is used.
        rename: from the model's own paths to the names shown.

    Raises:
        UnsupportedNetwork: where the module itself fails on such an input, with what it said.

    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU())
    >>> [(call.name, call.kind, call.shape) for call in record(net, torch.zeros(1, 3, 9, 9)).calls]
    [('0', 'conv2d', (1, 4, 4, 4)), ('1', 'relu', (1, 4, 4, 4))]
    """
    with undisturbed(module), torch.no_grad():
        recorder = _Recorder(module, inputs)
        try:
            with recorder:
                output = run(module, inputs)
        except CutawayError:
            raise
        except Exception as error:
            raise cannot_run(module, input_tensors(inputs), error) from error
    return recorder.finish(output, rename)


@dataclass
class _Draft:
    """A call while its final name is not known yet."""

    key: Key
    part: int
    parts: int
    shape: tuple[int, ...]
    parents: tuple[int, ...]
    sight: Sight
    window: Window | None
    parameters: int
    macs: int
    in_place: bool
    weights: tuple[str, ...]
    placed: bool
    owner: str | None = None


@dataclass
class _Frame:
    """One module call in progress."""

    path: str
    first_call: int
    nested: bool = False


class _Recorder(Calls):
    def __init__(self, module: nn.Module, inputs: Inputs) -> None:
        super().__init__(module)
        self._modules = dict(module.named_modules(remove_duplicate=False))
        self._parameter_names = {id(p): name for name, p in module.named_parameters()}
        self._unread = dict(self._parameter_names)
        self._drafts: list[_Draft] = []
        self._frames: list[_Frame] = []
        self._containers: dict[str, int] = {}
        self._container_uses: Counter[str] = Counter()
        # id → (the tensor, kept so that its id stays its own; the call that made it; what it sees; its version then).
        self._made: dict[int, tuple[Tensor, int, Sight, int]] = {}
        # The same for tensors computed from parameters alone, as a class token that was expanded.
        self._learned: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}
        self._input_shapes = []
        for place, tensor in enumerate(input_tensors(inputs)):
            h, w = (tensor.shape[-2], tensor.shape[-1]) if tensor.dim() >= 3 else (1, 1)
            self._made[id(tensor)] = (
                tensor,
                -1 - place,
                Sight.of_input(h, w) if tensor.dim() >= 3 else BLIND,
                _version(tensor),
            )
            self._input_shapes.append(tuple(tensor.shape))

    def entered(self, path: str) -> None:
        if self._frames:
            self._frames[-1].nested = True
        self._frames.append(_Frame(path, len(self._drafts)))

    def copied(self, source: Sequence[Tensor], result: Tensor) -> None:
        for tensor in source:
            if id(tensor) in self._made:
                index, sight = self._seen(tensor)
                self._made[id(result)] = (result, index, sight, _version(result))
                return
        if learned := self._parameters(source):
            self._learned[id(result)] = (result, learned)

    def call(self, visit: Visit) -> Any:
        given = tensors((visit.args, visit.kwargs))
        versions = {id(t): _version(t) for t in given}
        result = visit.run()
        self._note(visit, given, result, versions)
        return result

    def returned(self, key: Key, args: Any, output: Any) -> Any:
        frame = self._frames.pop()
        found = [t for t in tensors(output) if t.is_floating_point()]
        if any(self._is_news(t) for t in found):
            before = [t for t in found if id(t) in self._made]
            visit = Visit(key, type(self._modules[key.path]).forward, args, {})
            self._note(visit, [*tensors(args), *before], output, {})
        if len(found) == 1 and id(found[0]) in self._made:
            index = self._made[id(found[0])][1]
            if index >= frame.first_call and not frame.nested:
                self._drafts[index].owner = key.path
            self._keep_container(key.path, index)
        elif isinstance(output, tuple | list | Mapping):
            for suffix, tensor in named_tensors(output).items():
                if id(tensor) in self._made:
                    self._keep_container(key.path + suffix, self._made[id(tensor)][1])
        return None

    def _keep_container(self, path: str, index: int) -> None:
        self._container_uses[path] += 1
        use = self._container_uses[path]
        self._containers[path if use == 1 else f"{path}:{use}"] = index

    def _note(self, visit: Visit, given: Sequence[Tensor], result: Any, versions: Mapping[int, int]) -> None:
        seen = [(t, *self._seen(t, versions.get(id(t)))) for t in given if id(t) in self._made]
        made = [t for t in tensors(result) if t.is_floating_point()]
        if not seen:
            learned = self._parameters(given)
            for tensor in made if learned else ():
                # A module returns what its last operation made, which knows more than the module's arguments.
                self._learned[id(tensor)] = (tensor, learned | self._parameters([tensor]))
            return
        if not made:
            # Complex numbers are no layer of their own, but what is computed from them depends on the input.
            hidden = [t for t in tensors(result) if t.is_complex()]
            self._made |= {id(t): (t, seen[0][1], BLIND, _version(t)) for t in hidden}
            return
        weights = self._weights(visit.key, given)
        count = sum(self._read(name, p) for name, p in weights.items())
        cost = macs(visit, given, made[0])
        parents = tuple(dict.fromkeys(index for _, index, _ in seen))
        for part, tensor in enumerate(made):
            changed = id(tensor) in versions and _version(tensor) != versions[id(tensor)]
            sight = self._seen(tensor)[1] if id(tensor) in self._made else BLIND
            if visit.key.operation != RETURN:
                inputs = [(t, s) for t, _, s in seen]
                sight = look(visit.key.operation, visit.args, visit.kwargs, inputs, tensor)
            window = window_of(visit.key.operation, visit.args, visit.kwargs)
            self._made[id(tensor)] = (tensor, len(self._drafts), sight, _version(tensor))
            self._drafts.append(
                _Draft(
                    visit.key,
                    part,
                    len(made),
                    tuple(tensor.shape),
                    parents,
                    sight,
                    window,
                    count if part == 0 else 0,
                    cost if part == 0 else 0,
                    changed,
                    tuple(weights),
                    visit.key.operation in _MEETING and any(map(self._is_placed, given)),
                )
            )

    def _is_placed(self, tensor: Tensor) -> bool:
        return id(tensor) not in self._made and any(side > 1 for side in tensor.shape[-2:])

    def _is_news(self, tensor: Tensor) -> bool:
        """Whether no call gave this tensor as it is now: unseen, or written to through a view of it."""
        return id(tensor) not in self._made or self._made[id(tensor)][3] != _version(tensor)

    def _seen(self, tensor: Tensor, version: int | None = None) -> tuple[int, Sight]:
        """The call that made a tensor, and what it sees: anything, once something was written into a part of it."""
        _, index, sight, made = self._made[id(tensor)]
        if made != (_version(tensor) if version is None else version) and sight.field is not None:
            sight = replace(sight, field=replace(sight.field, whole_image=True))
        return index, sight

    def _weights(self, key: Key, given: Sequence[Tensor]) -> dict[str, Tensor]:
        """The parameters that a call reads: its arguments, and those of the leaf module it runs in."""
        module = self._modules.get(key.path)
        names = self._parameters(given)
        if module is not None and key.path and (key.operation == RETURN or not list(module.children())):
            own = {id(p): p for p in module.parameters()}
            names |= {self._parameter_names[i]: p for i, p in own.items() if i in self._parameter_names}
        elif module is not None and hasattr(module, "parametrizations"):
            names |= {self._parameter_names[id(p)]: p for p in module.parameters()}
        return names

    def _parameters(self, given: Sequence[Tensor]) -> dict[str, Tensor]:
        """The parameters among tensors, and those that others were computed from."""
        names: dict[str, Tensor] = {}
        for tensor in given:
            if id(tensor) in self._parameter_names:
                names[self._parameter_names[id(tensor)]] = tensor
            elif id(tensor) in self._learned:
                names |= self._learned[id(tensor)][1]
        return names

    def _read(self, name: str, parameter: Tensor) -> int:
        return parameter.numel() if self._unread.pop(id(parameter), None) else 0

    def finish(self, output: Any, rename: Callable[[str], str]) -> Trace:
        uses: Counter[str] = Counter()
        calls = []
        for index, draft in enumerate(self._drafts):
            path, operation_name, _ = draft.key
            if draft.owner is not None or operation_name == RETURN:
                base = rename(draft.owner if draft.owner is not None else path)
            else:
                base = f"{rename(path)}.{operation_name}" if path else operation_name
            base = base or operation_name
            if draft.part == 0:
                uses[base] += 1
            name = base if uses[base] == 1 else f"{base}:{uses[base]}"
            if draft.parts > 1:
                name += f"[{draft.part}]"
            kind = operation_name if operation_name != RETURN else type(self._modules[path]).__name__
            calls.append(
                Call(
                    index,
                    name,
                    path,
                    Target(draft.key, draft.part),
                    kind,
                    draft.shape,
                    draft.parents,
                    draft.sight,
                    draft.window,
                    draft.parameters,
                    draft.macs,
                    draft.in_place,
                    draft.weights,
                    draft.placed,
                )
            )
        outputs = tuple(
            (suffix, self._made[id(tensor)][1])
            for suffix, tensor in named_tensors(output).items()
            if id(tensor) in self._made
        )
        return Trace(
            tuple(calls), self._containers, outputs, tuple(self._unread.values()), tuple(self._input_shapes)
        )


def _version(tensor: Tensor) -> int:
    """How often a tensor was written to; tensors made in inference mode do not count it."""
    return 0 if tensor.is_inference() else tensor._version
