"""One forward pass that keeps what is asked for, and goes no further than it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from torch import Tensor

from cutaway.errors import CutawayError, UnknownLayer, UnsupportedNetwork
from cutaway.network.backward_rule import Rules, ruled
from cutaway.network.calls import RETURN, Calls, Key, Visit, named_tensors, replaced, tensors
from cutaway.network.inputs import Inputs, cannot_run, changed, input_tensors, run
from cutaway.network.network import INPUT, OUTPUT, Network
from cutaway.network.trace import Target, Trace

__all__ = ["Keep", "Reader", "Stop"]

# What to keep of the activation of a name.
Keep = Callable[[str, Tensor], Tensor]


class Stop(BaseException):
    """Ends a forward pass once everything asked for is there. Not an Exception: a model may catch those."""


class Reader(Calls):
    """Keeps what is asked for; hands copies on, so that nothing later can overwrite what was kept."""

    def __init__(
        self,
        network: Network,
        targets: Mapping[str, Target | str],
        at: frozenset[str],
        copies: int = 1,
        rules: Rules | None = None,
        trace: Trace | None = None,
        keep: Keep | None = None,
    ) -> None:
        addressed = [target for target in targets.values() if isinstance(target, Target)]
        alone = len(set(addressed)) == 1 and not at and not rules
        super().__init__(network.module, addressed[0].key.path if alone else "")
        self._network = network
        self._targets = targets
        self._copies = copies
        self._rules = rules or {}
        self._names: dict[Target, list[str]] = {}
        for name, target in targets.items():
            if isinstance(target, Target):
                self._names.setdefault(target, []).append(name)
        self._keys = {target.key for target in self._names}
        self._gradient_targets = {target for target, names in self._names.items() if at.intersection(names)}
        self._with_gradient = bool(at)
        self._input_gradient = any(name.startswith(INPUT) for name in at)
        self._recording = self._input_gradient
        self._missing = set(self._names)
        self._kept: dict[str, Tensor] = {}
        self._views: list[tuple[str, Tensor, int, Tensor]] = []
        self._trace = trace
        self._reduced = keep
        # Nothing on the way is kept or changed where only the input and the output are asked for.
        self._watching = bool(self._keys or self._rules) or (self._with_gradient and not self._recording)

    def read(self, inputs: Inputs) -> dict[str, Tensor]:
        """Run the network as far as needed; give each name's activation."""
        self._trace = self._trace or self._network.trace(inputs)
        if self._input_gradient:
            inputs = changed(inputs, lambda t: t.requires_grad_(True) if t.is_floating_point() else t)
        given = input_tensors(inputs)
        # The network may write into its input; what is kept of it must stay what was given.
        input_asked = any(isinstance(t, str) and t.startswith(INPUT) for t in self._targets.values())
        fed = changed(inputs, Tensor.clone) if input_asked else inputs
        to_the_end = any(isinstance(t, str) and t.startswith(OUTPUT) for t in self._targets.values())
        output: Any = None
        if self._missing or to_the_end:
            self._stops = not to_the_end
            try:
                with self if self._watching else nullcontext():
                    output = run(self._network.module, fed)
            except Stop:
                pass
            except CutawayError:
                raise
            except Exception as error:
                raise cannot_run(self._network.module, given, error) from error
        for name, target in self._targets.items():
            if isinstance(target, str) and target.startswith(INPUT):
                self._kept[name] = _inside(self._network, name, inputs, INPUT)
            elif isinstance(target, str):
                found = _inside(self._network, name, output, OUTPUT)
                if self._reduced is not None:
                    self._kept[name] = self._reduced(name, found)
                else:
                    self._kept[name] = found if self._with_gradient else found.clone()
        lost = [name for target in self._missing for name in self._names[target]]
        if lost:
            raise UnknownLayer(
                f"{self._network.name}: {', '.join(lost)} did not run on these images, although it ran when the "
                "network was traced: its path depends on the values. Choose another layer"
            )
        return self._kept

    def call(self, visit: Visit) -> Any:
        """Carry one call out, and keep its result where it is asked for."""
        if visit.key not in self._keys:
            return self._run(visit)
        assert self._trace is not None
        call = self._trace.at(next(t for t in self._names if t.key == visit.key))
        if self._with_gradient and call is not None and call.in_place:
            return self._keep_in_place(visit)
        result = self._run(visit)
        return self._keep(visit.key, result, (visit.args, visit.kwargs))

    def returned(self, key: Key, args: Any, output: Any) -> Any:
        """Keep what a module returned where no operation seen has made it."""
        if key in self._keys and key.operation == RETURN:
            return self._keep(key, output, args)
        return None

    def check_views(self) -> None:
        """Refuse a gradient at a view that the network wrote through later: the copy handed on did not follow."""
        for name, base, version, handed in self._views:
            if base._version != version or handed._version != 0:
                raise UnsupportedNetwork(
                    f"{self._network.name}: {name} is a view that is written to later, so no gradient can be told "
                    "there. Choose the layer before or after it"
                )

    def _run(self, visit: Visit) -> Any:
        if self._recording and visit.key.operation in self._rules:
            call = self._trace.at(Target(visit.key, 0)) if self._trace is not None else None
            if call is not None:
                return ruled(visit, self._rules[visit.key.operation], in_place=call.in_place)
        if not self._with_gradient or self._recording:
            return visit.run()
        # Nothing is recorded yet. Not `no_grad`: the views made in it could not be written to later.
        plain = {id(t): t.detach() for t in tensors((visit.args, visit.kwargs)) if t.requires_grad}
        if not plain:
            return visit.run()
        return visit._replace(args=replaced(visit.args, plain), kwargs=replaced(visit.kwargs, plain)).run()

    def _keep(self, key: Key, result: Any, given: Any) -> Any:
        floats = [t for t in tensors(result) if t.is_floating_point()]
        onward: dict[int, Tensor] = {}
        for target in [t for t in self._names if t.key == key]:
            tensor = floats[target.part]
            if not self._with_gradient:
                # Nothing runs after the last one, so nothing can overwrite it.
                last = self._stops and len(self._missing) == 1 and not _is_written(given, tensor)
                if self._reduced is not None:
                    self._kept |= {name: self._reduced(name, tensor) for name in self._names[target]}
                    self._missing.discard(target)
                else:
                    self._store(target, tensor if last else tensor.clone())
                continue
            kept = self._rooted(target, tensor)
            handed = kept.clone()
            shared = [t for t in tensors(given) if _shares(t, tensor)]
            if shared:
                self._views.append((self._names[target][0], shared[0], shared[0]._version, handed))
            onward[id(tensor)] = handed
            self._store(target, kept)
        self._maybe_stop()
        return replaced(result, onward) if onward else result

    def _keep_in_place(self, visit: Visit) -> Any:
        """Compute beside, then write over: what is kept stays on the way to the score."""
        out = visit.kwargs.get("out")
        written = out if isinstance(out, Tensor) else tensors((visit.args, visit.kwargs))[0]
        beside = {id(written): written.clone()}
        fresh = self._run(
            visit._replace(args=replaced(visit.args, beside), kwargs=replaced(visit.kwargs, beside))
        )
        target = next(t for t in self._names if t.key == visit.key)
        kept = self._rooted(target, fresh)
        self._store(target, kept)
        written.copy_(kept)
        self._maybe_stop()
        return written

    def _rooted(self, target: Target, tensor: Tensor) -> Tensor:
        """Make a tensor a root of the gradient where nothing before it is recorded."""
        if target not in self._gradient_targets or tensor.requires_grad:
            return tensor
        self._recording = True
        root = tensor.detach()
        if self._copies > 1:
            # From here on each copy has a gradient of its own.
            root = root.expand(self._copies, *root.shape[1:])
        return root.clone().requires_grad_(True)

    def _store(self, target: Target, tensor: Tensor) -> None:
        for name in self._names[target]:
            self._kept[name] = tensor
        self._missing.discard(target)

    def _maybe_stop(self) -> None:
        if self._stops and not self._missing:
            raise Stop


def _inside(network: Network, name: str, value: Any, root: str) -> Tensor:
    """Follow a name like "@output[1]" or "@output['out']" into a result."""
    floats = [t for t in tensors(value) if t.is_floating_point()]
    way = name[len(root) :]
    if not way:
        if root == INPUT or len(floats) == 1:
            return floats[0]
        keys = [root + suffix for suffix in named_tensors(value)]
        if not keys:
            raise UnknownLayer(
                f"{network.name} returns {type(value).__name__}: no floating tensor, "
                "nor a tuple, list or mapping of them"
            )
        raise UnknownLayer(f"{network.name} has several outputs: name one of {', '.join(keys)}")
    ways = named_tensors(value)
    if way not in ways:
        raise UnknownLayer(f"{network.name} has no {name}. It has: {', '.join(root + w for w in ways)}")
    return ways[way]


def _is_written(given: Any, tensor: Tensor) -> bool:
    """Whether a result is, or lies in, a tensor that went in."""
    return any(_shares(t, tensor) for t in tensors(given))


def _shares(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
