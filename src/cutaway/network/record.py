"""Run a network once and write its calls down."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cutaway.errors import CutawayError, UnsupportedNetwork
from cutaway.network.calls import RETURN, Calls, Key, Visit, named_tensors, operation, tensors
from cutaway.network.inputs import Inputs, input_tensors, run
from cutaway.network.sight import BLIND, Sight, look
from cutaway.network.trace import Call, Target, Trace
from cutaway.network.undisturbed import undisturbed
from cutaway.network.window import Window, window_of

__all__ = ["record"]


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
            given = " and ".join(str(tuple(t.shape)) for t in input_tensors(inputs))
            reason = " ".join(str(error).split()) or "no reason given"
            raise UnsupportedNetwork(
                f"{type(module).__name__} cannot run on an input of {given}: {type(error).__name__}: {reason}. "
                "Check its size and channels (n,c,h,w), and that the network runs by itself"
            ) from error
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
        # id → (the tensor, kept so that its id stays its own; the call that made it; what it sees).
        self._made: dict[int, tuple[Tensor, int, Sight]] = {}
        # The same for tensors computed from parameters alone, as a class token that was expanded.
        self._learned: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}
        self._input_shapes = []
        for place, tensor in enumerate(input_tensors(inputs)):
            h, w = (tensor.shape[-2], tensor.shape[-1]) if tensor.dim() >= 3 else (1, 1)
            self._made[id(tensor)] = (
                tensor,
                -1 - place,
                Sight.of_input(h, w) if tensor.dim() >= 3 else BLIND,
            )
            self._input_shapes.append(tuple(tensor.shape))

    def entered(self, path: str) -> None:
        if self._frames:
            self._frames[-1].nested = True
        self._frames.append(_Frame(path, len(self._drafts)))

    def copied(self, source: Sequence[Tensor], result: Tensor) -> None:
        for tensor in source:
            if id(tensor) in self._made:
                _, index, sight = self._made[id(tensor)]
                self._made[id(result)] = (result, index, sight)
                return
        if learned := self._parameters(source):
            self._learned[id(result)] = (result, learned)

    def call(self, visit: Visit) -> Any:
        given = tensors((visit.args, visit.kwargs))
        versions = {id(t): t._version for t in given if not t.is_inference()}
        result = visit.run()
        self._note(visit, given, result, versions)
        return result

    def returned(self, key: Key, args: Any, output: Any) -> Any:
        frame = self._frames.pop()
        found = [t for t in tensors(output) if t.is_floating_point()]
        if any(id(t) not in self._made for t in found):
            self._note(Visit(key, type(self._modules[key.path]).forward, args, {}), tensors(args), output, {})
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
        seen = [self._made[id(t)] for t in given if id(t) in self._made]
        made = [t for t in tensors(result) if t.is_floating_point()]
        if not seen:
            learned = self._parameters(given)
            self._learned |= {id(tensor): (tensor, learned) for tensor in made if learned}
            return
        if not made:
            return
        weights = self._weights(visit.key, given)
        count = sum(self._read(name, p) for name, p in weights.items())
        cost = _macs(visit, given, made[0])
        parents = tuple(dict.fromkeys(index for _, index, _ in seen))
        for part, tensor in enumerate(made):
            changed = id(tensor) in versions and tensor._version != versions[id(tensor)]
            sight = BLIND
            if visit.key.operation != RETURN:
                inputs = [(t, s) for t, _, s in seen]
                sight = look(visit.key.operation, visit.args, visit.kwargs, inputs, tensor)
            window = window_of(visit.key.operation, visit.args, visit.kwargs)
            self._made[id(tensor)] = (tensor, len(self._drafts), sight)
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
                )
            )

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


def _macs(visit: Visit, given: Sequence[Tensor], output: Tensor) -> int:
    """Multiply–accumulates for one image; zero for what multiplies nothing by learned or computed weights."""
    kind = operation(visit.function)
    size = output.numel()
    if kind.startswith("conv") and len(given) > 1:
        weight = given[1]
        if kind.startswith("conv_transpose"):
            return given[0].numel() * math.prod(weight.shape[1:])
        return size * math.prod(weight.shape[1:])
    if kind == "linear":
        return size * given[0].shape[-1]
    if kind in ("matmul", "bmm", "mm") and given[0].dim() > 1:
        return size * given[0].shape[-1]
    if kind == "scaled_dot_product_attention":
        query, key = given[0], given[1]
        return 2 * query.numel() * key.shape[-2]
    return 0
