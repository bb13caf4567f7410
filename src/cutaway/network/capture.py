"""Read the activations of named layers from one forward pass, and stop after the deepest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import BadSetting, UnknownLayer, UnsupportedNetwork
from cutaway.network.backward_rule import Rules
from cutaway.network.finite import check_finite
from cutaway.network.head import LOGITS, PROBABILITIES, logits_target
from cutaway.network.inputs import Inputs, cannot_run, input_tensors, once, short_of_memory
from cutaway.network.network import INPUT, OUTPUT, Network
from cutaway.network.reader import Keep, Reader
from cutaway.network.trace import Target, Trace
from cutaway.network.undisturbed import undisturbed

__all__ = ["Derivatives", "addresses", "capture", "differentiate", "one_each"]


def capture(
    network: Network,
    images: Inputs,
    layers: str | Sequence[str],
    *,
    trace: Trace | None = None,
    keep: Keep | None = None,
) -> dict[str, Tensor]:
    """Read the activations of layers for images, in one forward pass that stops after the deepest of them.

    Args:
        network: left exactly as found, also after an error.
        images: a tensor (n,c,h,w) as `network.prepare` makes it, or a tuple or mapping for several inputs.
        layers: names, in any of their spellings; "@input", "@logits" and "@output" are always there. One of several
            inputs or outputs is "@input[1]" or "@output['depth']"; "@input" alone is the first.
        trace: of a whole image, where these images are pieces that the whole network may be too deep for.
        keep: what to keep of each activation, from its name and its values, in the order of execution; it must not
            write into them. None keeps a copy of all.

    Returns:
        For each name as asked for, its activation, (n,c,h,w) for a map; detached, with memory of its own.

    Raises:
        UnknownLayer: with the closest names.
        NonFinite: where what was asked for is NaN or infinite, naming the first bad layer.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)))
    >>> found = capture(net, torch.randn(2, 3, 8, 8), ["0", "1"])
    >>> found["0"].shape, bool((found["0"] < 0).any()), bool((found["1"] < 0).any())
    (torch.Size([2, 4, 6, 6]), True, False)
    """
    names = [layers] if isinstance(layers, str) else list(layers)
    with undisturbed(network.module), torch.no_grad():
        single, copies = once(images)
        trace = trace or network.trace(single)
        targets = addresses(network, trace, names)
        found = Reader(network, targets, frozenset(), trace=trace, keep=keep).read(network.ready(single))
    values = {name: _repeated(found[name].detach(), copies) for name in names}
    check_finite(network, images, values)
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
    rules: Rules | None = None,
    *,
    trace: Trace | None = None,
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
        rules: another way back through some operations, by their names.
        trace: of a whole image, where these images are pieces that the whole network may be too deep for.

    Raises:
        UnknownLayer: for a name that is not there, or a layer that the score does not depend on.
        UnsupportedNetwork: where the weights were made inside `torch.inference_mode`.
        NonFinite: where the score is NaN or infinite, naming the first bad layer.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> found = differentiate(net, torch.randn(2, 3, 8, 8), lambda a: a["@output"][:, 1], ["@output"], ["1"])
    >>> found.gradients["1"].shape
    torch.Size([2, 4, 6, 6])
    """
    names = list(dict.fromkeys([*reads, *at]))
    if any(value.is_inference() for value in (*network.module.parameters(), *network.module.buffers())):
        raise UnsupportedNetwork(
            f"the weights of {network.name} were made inside torch.inference_mode(), so no gradient passes them. "
            "Build or load the network outside of it"
        )
    with undisturbed(network.module):
        single, copies = once(images)
        trace = trace or network.trace(single)
        targets = addresses(network, trace, names)
        # Where the copies' ways part only at the score, one pass forward serves all, and each goes back alone.
        apart = copies > 1 and not _one_way(trace, [targets[name] for name in at])
        reader = Reader(network, targets, frozenset(at), 1 if apart else copies, rules, trace)
        found = reader.read(network.ready(single))
        points = [found[name] for name in at]
        found = {name: _repeated(tensor, copies) for name, tensor in found.items()}
        count = len(images) if isinstance(images, Tensor) else None
        scores = one_each(score({name: found[name] for name in reads}), count)
        check_finite(network, images, {"the score": scores.detach()})
        reader.check_views()
        if not apart:
            points = [found[name] for name in at]
        if not scores.requires_grad:
            raise UnknownLayer(_unreached(network, reads, at))
        try:
            gradients = _each(scores, points) if apart else _gradients(scores.sum(), points)
        except RuntimeError as error:
            if short_of_memory(error):
                raise cannot_run(network.module, input_tensors(images), error) from error
            raise UnsupportedNetwork(
                f"{network.name}: no gradient comes through: {str(error).strip().splitlines()[0][:160]}. A part of the "
                "network with a gradient of its own (torch.utils.checkpoint, a custom operation) may forbid it"
            ) from error
    missing = [name for name, gradient in zip(at, gradients, strict=True) if gradient is None]
    several = any(gradient is not None for gradient in gradients)
    if any(not (several and name.startswith(f"{INPUT}[")) for name in missing):
        raise UnknownLayer(_unreached(network, reads, missing))
    return Derivatives(
        scores.detach(),
        {name: found[name].detach() for name in names},
        # One of several inputs that the score does not read has no say in it, which is an answer.
        {
            name: torch.zeros_like(found[name]) if g is None else g.detach()
            for name, g in zip(at, gradients, strict=True)
        },
    )


def one_each(given: Any, count: int | None, *, rows: bool = False) -> Tensor:
    """Refuse a score that is not one number per image: it is a person's own function, and may give anything.

    Args:
        given: what it gave.
        count: of images; None where that is not known.
        rows: whether it may also be a row of numbers per image.

    >>> one_each(torch.ones(()), 2)
    Traceback (most recent call last):
    cutaway.errors.BadSetting: a score must be one number per image, (2,), got ()
    """
    is_row = isinstance(given, Tensor) and (given.dim() == 1 or (rows and given.dim() > 1))
    if is_row and count in (None, len(given)):
        return cast(Tensor, given)
    got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
    raise BadSetting(f"a score must be one number per image, ({count or 'n'},), got {got}")


def _gradients(score: Tensor, points: Sequence[Tensor], *, again: bool = False) -> Sequence[Tensor | None]:
    return torch.autograd.grad(score, points, allow_unused=True, retain_graph=again)


def _each(scores: Tensor, points: Sequence[Tensor]) -> Sequence[Tensor | None]:
    """Give every score's own gradient at the one image's points, as a batch."""
    rows = [_gradients(score, points, again=i < len(scores) - 1) for i, score in enumerate(scores)]
    found: list[Tensor | None] = []
    for row in zip(*rows, strict=True):
        alike = [g for g in row if g is not None]
        whole = [torch.zeros_like(alike[0]) if g is None else g for g in row] if alike else []
        found.append(torch.cat(whole) if whole else None)
    return found


def _one_way(trace: Trace, at: Sequence[Target | str]) -> bool:
    """Whether all that follows goes through the first of these layers: what lies before can run once for all."""
    calls = [trace.at(target) if isinstance(target, Target) else None for target in at]
    first = min((call.index if call is not None else -1 for call in calls), default=-1)
    if first < 0:
        return False
    root = trace.calls[first]
    later = trace.calls[first + 1 :]
    alone = all(call.target.key != root.target.key and min(call.parents) >= first for call in later)
    return alone and not root.in_place and root.shape[0] == 1


def _repeated(tensor: Tensor, copies: int) -> Tensor:
    """Give the one image's values for all copies of it."""
    return tensor.expand(copies, *tensor.shape[1:]) if copies > 1 and len(tensor) == 1 else tensor


def _unreached(network: Network, reads: Sequence[str], at: Sequence[str]) -> str:
    return (
        f"{network.name}: what is asked of {', '.join(reads)} does not depend on {', '.join(at)}, "
        "so there is no gradient. Choose a layer before it"
    )


def addresses(network: Network, trace: Trace, names: Sequence[str]) -> dict[str, Target | str]:
    """Find where each name is read: a call's address, or the input or output with the way into it.

    Args:
        network: whose layers they are.
        trace: of images of their size.
        names: of layers.

    Raises:
        UnknownLayer: with the closest names.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3)))
    >>> addresses(net, net.trace(torch.zeros(1, 3, 8, 8)), ["@output", "0"])["0"].key.operation
    'conv2d'
    """
    found: dict[str, Target | str] = {}
    for name in names:
        if not isinstance(name, str):
            raise UnknownLayer(
                f"a layer is asked for by its name, a str, got {type(name).__name__}. See network.layers"
            )
        if name.startswith(LOGITS):
            found[name] = logits_target(trace, network.name, name.removeprefix(LOGITS))
        elif name.startswith(PROBABILITIES):
            raise UnknownLayer(
                f"{name} is read by methods, which find out how {network.name} makes probabilities: read {LOGITS} or "
                f"{OUTPUT}, or turn the objective into one that reads these: as_objective(network, images, objective)"
            )
        elif name.startswith((INPUT, OUTPUT)):
            found[name] = name
        else:
            found[name] = network.find(name, trace).target
    return found
