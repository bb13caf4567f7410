"""Read the activations of named layers from one forward pass, and stop after the deepest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cutaway.errors import NonFinite, UnknownLayer, UnsupportedNetwork
from cutaway.network.calls import RETURN, Calls, Key, Visit, named_tensors, tensors
from cutaway.network.head import LOGITS, logits_target
from cutaway.network.inputs import Inputs, changed, input_tensors, run
from cutaway.network.network import INPUT, OUTPUT, Network
from cutaway.network.trace import Target, Trace
from cutaway.network.undisturbed import undisturbed

__all__ = ["Derivatives", "capture", "differentiate"]


def capture(network: Network, images: Inputs, layers: str | Sequence[str]) -> dict[str, Tensor]:
    """Read the activations of layers for images, in one forward pass that stops after the deepest of them.

    Args:
        network: left exactly as found, also after an error.
        images: a tensor (n,c,h,w) as `network.prepare` makes it, or a tuple or mapping for several inputs.
        layers: names, in any of their spellings; "@input", "@logits" and "@output" are always there.

    Returns:
        For each name as asked for, its activation, (n,c,h,w) for a map; detached, with memory of its own.

    Raises:
        UnknownLayer: with the closest names.
        NonFinite: where what was asked for is NaN or infinite, naming the first bad layer.

    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)))
    >>> found = capture(net, torch.randn(2, 3, 8, 8), ["0", "1"])
    >>> found["0"].shape, bool((found["0"] < 0).any()), bool((found["1"] < 0).any())
    (torch.Size([2, 4, 6, 6]), True, False)
    """
    names = [layers] if isinstance(layers, str) else list(layers)
    with undisturbed(network.module), torch.no_grad():
        targets = _targets(network, images, names)
        reader = _Reader(network, targets, frozenset())
        found = reader.read(network.ready(images))
    values = {name: found[name].detach() for name in names}
    _check_finite(network, images, values)
    return values


@dataclass(frozen=True)
class Derivatives:
    """A score of each image, and its gradient where it was asked for.

    Args:
        scores: (n,), detached.
        activations: by layer name, detached.
        gradients: by layer name, shaped like the activations.
    """

    scores: Float[Tensor, " n"]
    activations: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]


def differentiate(
    network: Network,
    images: Inputs,
    score: Callable[[Mapping[str, Tensor]], Tensor],
    reads: Sequence[str],
    at: Sequence[str],
) -> Derivatives:
    """Give a score's gradient with respect to the activations of layers, or to the images ("@input").

    Nothing before the first of `at` is recorded, nothing after the last of `reads` runs, no weight collects a
    gradient. Frozen weights, `no_grad` and in-place operations do not matter.

    Args:
        network: left exactly as found, also after an error.
        images: as for `capture`.
        score: from the activations of `reads` to one number per image, (n,).
        reads: names of the layers that the score reads.
        at: names of the layers to give gradients at.

    Raises:
        UnknownLayer: for a name that is not there, or a layer that the score does not depend on.
        NonFinite: where the score is NaN or infinite, naming the first bad layer.

    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> found = differentiate(net, torch.randn(2, 3, 8, 8), lambda a: a["@output"][:, 1], ["@output"], ["1"])
    >>> found.gradients["1"].shape
    torch.Size([2, 4, 6, 6])
    """
    names = list(dict.fromkeys([*reads, *at]))
    with undisturbed(network.module):
        targets = _targets(network, images, names)
        reader = _Reader(network, targets, frozenset(at))
        found = reader.read(network.ready(images))
        scores = score({name: found[name] for name in reads})
        _check_finite(network, images, {"the score": scores.detach()})
        points = [found[name] for name in at]
        if not scores.requires_grad:
            raise UnknownLayer(_unreached(network, reads, at))
        gradients: Sequence[Tensor | None] = torch.autograd.grad(scores.sum(), points, allow_unused=True)
        reader.check_views()
    missing = [name for name, gradient in zip(at, gradients, strict=True) if gradient is None]
    if missing:
        raise UnknownLayer(_unreached(network, reads, missing))
    return Derivatives(
        scores.detach(),
        {name: found[name].detach() for name in names},
        {name: g.detach() for name, g in zip(at, gradients, strict=True) if g is not None},
    )


def _unreached(network: Network, reads: Sequence[str], at: Sequence[str]) -> str:
    return (
        f"{network.name}: what is asked of {', '.join(reads)} does not depend on {', '.join(at)}, "
        "so there is no gradient. Choose a layer before it"
    )


def _targets(network: Network, images: Inputs, names: Sequence[str]) -> dict[str, Target | str]:
    """Find where each name is read: a call's address, or the input or output with the way into it."""
    trace = network.trace(images)
    found: dict[str, Target | str] = {}
    for name in names:
        if name == LOGITS:
            found[name] = logits_target(trace, network.name)
        elif name.startswith((INPUT, OUTPUT)):
            found[name] = name
        else:
            found[name] = network.find(name, trace).target
    return found


class _Stop(BaseException):
    """Ends a forward pass once everything asked for is there. Not an Exception: a model may catch those."""


class _Reader(Calls):
    """Keeps what is asked for; hands copies on, so that nothing later can overwrite what was kept."""

    def __init__(self, network: Network, targets: Mapping[str, Target | str], at: frozenset[str]) -> None:
        super().__init__(network.module)
        self._network = network
        self._targets = targets
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
        self._trace: Trace | None = None

    def read(self, inputs: Inputs) -> dict[str, Tensor]:
        """Run the network as far as needed; give each name's activation."""
        self._trace = self._network.trace(inputs)
        if self._input_gradient:
            inputs = changed(inputs, lambda t: t.requires_grad_(True) if t.is_floating_point() else t)
        given = input_tensors(inputs)
        # The network may write into its input; what was kept must stay what was given.
        fed = changed(inputs, Tensor.clone)
        to_the_end = any(isinstance(t, str) and t.startswith(OUTPUT) for t in self._targets.values())
        output: Any = None
        if self._missing or to_the_end:
            self._stops = not to_the_end
            try:
                with self:
                    output = run(self._network.module, fed)
            except _Stop:
                pass
        for name, target in self._targets.items():
            if isinstance(target, str) and target.startswith(INPUT):
                self._kept[name] = _inside(self._network, name, given, INPUT)
            elif isinstance(target, str):
                found = _inside(self._network, name, output, OUTPUT)
                self._kept[name] = found if self._with_gradient else found.clone()
        lost = [name for target in self._missing for name in self._names[target]]
        if lost:
            raise UnknownLayer(
                f"{self._network.name}: {', '.join(lost)} did not run on these images, although it ran when the "
                "network was traced: its path depends on the values. Choose another layer"
            )
        return self._kept

    def call(self, visit: Visit) -> Any:
        if visit.key not in self._keys:
            return self._run(visit)
        assert self._trace is not None
        call = self._trace.at(next(t for t in self._names if t.key == visit.key))
        if self._with_gradient and call is not None and call.in_place:
            return self._keep_in_place(visit)
        result = self._run(visit)
        return self._keep(visit.key, result, (visit.args, visit.kwargs))

    def returned(self, key: Key, args: Any, output: Any) -> Any:
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
        if self._with_gradient and not self._recording:
            with torch.no_grad():
                return visit.run()
        return visit.run()

    def _keep(self, key: Key, result: Any, given: Any) -> Any:
        floats = [t for t in tensors(result) if t.is_floating_point()]
        replaced: dict[int, Tensor] = {}
        for target in [t for t in self._names if t.key == key]:
            tensor = floats[target.part]
            if not self._with_gradient:
                self._store(target, tensor.clone())
                continue
            kept = self._rooted(target, tensor)
            handed = kept.clone()
            shared = [t for t in tensors(given) if _shares(t, tensor)]
            if shared:
                self._views.append((self._names[target][0], shared[0], shared[0]._version, handed))
            replaced[id(tensor)] = handed
            self._store(target, kept)
        self._maybe_stop()
        return _replaced(result, replaced) if replaced else result

    def _keep_in_place(self, visit: Visit) -> Any:
        """Compute beside, then write over: what is kept stays on the way to the score."""
        written = tensors((visit.args, visit.kwargs))[0]
        beside = {id(written): written.clone()}
        fresh = self._run(
            visit._replace(args=_replaced(visit.args, beside), kwargs=_replaced(visit.kwargs, beside))
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
        return tensor.detach().clone().requires_grad_(True)

    def _store(self, target: Target, tensor: Tensor) -> None:
        for name in self._names[target]:
            self._kept[name] = tensor
        self._missing.discard(target)

    def _maybe_stop(self) -> None:
        if self._stops and not self._missing:
            raise _Stop


def _inside(network: Network, name: str, value: Any, root: str) -> Tensor:
    """Follow a name like "@output[1]" or "@output['out']" into a result."""
    floats = [t for t in tensors(value) if t.is_floating_point()]
    way = name[len(root) :]
    if not way:
        if root == INPUT or len(floats) == 1:
            return floats[0]
        keys = [root + suffix for suffix in named_tensors(value)]
        raise UnknownLayer(f"{network.name} has several outputs: name one of {', '.join(keys)}")
    ways = named_tensors(value)
    if way not in ways:
        raise UnknownLayer(f"{network.name} has no {name}. It has: {', '.join(root + w for w in ways)}")
    return ways[way]


def _replaced(value: Any, by: Mapping[int, Tensor]) -> Any:
    """Give a nested value with some of its tensors replaced."""
    if isinstance(value, Tensor):
        return by.get(id(value), value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, by) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_replaced(item, by) for item in value))
    if isinstance(value, list | tuple):
        items = [_replaced(item, by) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value


def _shares(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _check_finite(network: Network, images: Inputs, values: Mapping[str, Tensor]) -> None:
    for name, value in values.items():
        if bool(torch.isfinite(value).all()):
            continue
        raise NonFinite(
            f"{network.name}: {name} holds NaN or infinite numbers. {_first_bad(network, images)}"
        )


def _first_bad(network: Network, images: Inputs) -> str:
    """Say where the first NaN or infinity comes up."""
    if not all(bool(torch.isfinite(t).all()) for t in input_tensors(images)):
        return "They are in the images themselves"
    with undisturbed(network.module), torch.no_grad():
        finder = _FirstBad(network.module)
        trace = network.trace(images)
        try:
            with finder:
                run(network.module, network.ready(images))
        except _Stop:
            pass
    call = trace.at(Target(finder.found, 0)) if finder.found else None
    if call is None:
        return "They come from outside its layers"
    bad = [n for n in call.weights if not bool(torch.isfinite(network.module.get_parameter(n)).all())]
    return f"The first bad layer is {call.name}" + (
        f": its weights {', '.join(bad)} are not finite" if bad else ""
    )


class _FirstBad(Calls):
    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.found: Key | None = None

    def call(self, visit: Visit) -> Any:
        result = visit.run()
        for tensor in tensors(result):
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                self.found = visit.key
                raise _Stop
        return result
