"""A network taken up again at one of its layers, with other values there than the image gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.errors import CutawayError, UnsupportedMethod
from cutaway.network.capture import addresses
from cutaway.network.narrowed import Score, asked_only
from cutaway.network.network import Network
from cutaway.network.record_tape import record_tape
from cutaway.network.tape import Step, Tape, Unfollowable, for_batch, needed
from cutaway.network.trace import Target

__all__ = ["Resumed", "quicker", "resumed"]

_WRONG = 1e-3


class Resumed:
    """What follows one layer of a network, on one image.

    Args:
        tape: of the network on the image.
        start: the layer's value.
        reads: the values wanted, by the names that a score knows them by.
    """

    def __init__(self, tape: Tape, start: int, reads: Mapping[str, int]) -> None:
        self._tape, self._start, self._reads = tape, start, dict(reads)
        changed = {start}
        self._steps: list[Step] = []
        for step in needed(tape, set(reads.values())):
            if changed.intersection(step.reads):
                self._steps.append(step)
                changed.update(step.makes)

    @property
    def activation(self) -> Tensor:
        """The layer's own value for the image, (1,…)."""
        return self._tape.values[self._start]

    def forget(self) -> None:
        """Let go of the image's own values, where every step depends on what is put in."""
        shapes = tuple(torch.empty(value.shape, device="meta") for value in self._tape.values)
        self._tape = replace(self._tape, values=shapes)

    def run(self, values: Float[Tensor, "k ..."]) -> dict[str, Tensor]:
        """Run what follows on other values of the layer; gradients flow where they are wanted.

        Args:
            values: of the layer, one for each row.
        """
        count = len(values)
        # What the steps write into in place must be theirs.
        known: dict[int, Tensor] = {self._start: values.clone()}

        def given(index: int) -> Tensor:
            if index not in known:
                base = self._tape.values[index]
                known[index] = base.repeat(count, *(1,) * (base.dim() - 1))
            return known[index]

        for step in self._steps:
            made = for_batch(step, self._tape, count).run({i: given(i) for i in step.reads})
            known.update(zip(step.makes, made, strict=True))
        return {name: given(index) for name, index in self._reads.items()}


def resumed(
    network: Network,
    image: Float[Tensor, "1 c h w"],
    layer: str,
    reads: Sequence[str],
    columns: frozenset[int] | None = None,
    *,
    once: bool = False,
) -> tuple[Resumed, Callable[[Score], Score]]:
    """Make a network ready to be taken up again at a layer.

    Args:
        network: left exactly as found.
        image: one, as the network takes it.
        layer: where to begin.
        reads: names of the layers that a score reads.
        columns: the entries of the one layer that the score reads, where it reads no others.
        once: it will run with one row only; then what comes before the layer is not even watched, which is quicker.

    Returns:
        What follows the layer, and what to wrap a score into before it reads that: entries that were left out come
        back as NaN.

    Raises:
        UnsupportedMethod: where the operations after the layer cannot be carried out again.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)))
    >>> ready, wrapped = resumed(net, torch.ones(1, 3, 8, 8), "1", ["@output"])
    >>> ready.run(ready.activation * torch.tensor([1.0, 0.0]).view(2, 1, 1, 1))["@output"].shape
    torch.Size([2, 2])
    """
    trace = network.trace(image)
    start = network.find(layer, trace).target
    try:
        ends = addresses(network, trace, reads)
        skip = once and not any(isinstance(end, Target) for end in ends.values())
        tape = record_tape(network.module, image.to(network.device, network.dtype), start, skip=skip)
        places = {name: tape.place(target) for name, target in ends.items()}
        tape, wrapped = asked_only(tape, places, columns)
        ready = Resumed(tape, tape.layers[start], places)
        _check(ready, {name: tape.values[index] for name, index in places.items()}, 1 if once else 2)
    except CutawayError:
        raise
    except Unfollowable as reason:
        raise UnsupportedMethod(
            f"{network.name} cannot be taken up again at {layer}, since {str(reason).rstrip('.')}. Use GradCAM"
        ) from reason
    return ready, wrapped


def quicker(
    network: Network, image: Float[Tensor, "1 c h w"], reads: Sequence[str], columns: frozenset[int] | None
) -> tuple[Resumed, Callable[[Score], Score]] | None:
    """Make the whole network ready to run without those of its outputs that nobody asks for.

    Args:
        network: left exactly as found.
        image: of the size to run.
        reads: names of the layers that a score reads.
        columns: the entries of the one layer that the score reads, where it reads no others.

    Returns:
        As `resumed`; None where that saves nothing, or the network cannot be followed.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Flatten(), nn.Linear(12, 100)))
    >>> run, wrapped = quicker(net, torch.ones(1, 3, 2, 2), ["@output"], frozenset({7}))
    >>> wrapped(lambda a: a["@output"][:, 7])(run.run(torch.ones(5, 3, 2, 2))).shape
    torch.Size([5])
    """
    if columns is None or image.dim() != 4:
        return None
    try:
        tape = record_tape(network.module, image)
        ends = addresses(network, network.trace(image), reads)
        places = {name: tape.place(target) for name, target in ends.items()}
        fewer, wrapped = asked_only(tape, places, columns)
        if fewer is tape:
            return None
        ready = Resumed(fewer, 0, places)
        _check(ready, {name: fewer.values[index] for name, index in places.items()}, 2)
    except Unfollowable:
        return None
    ready.forget()
    return ready, wrapped


def _check(ready: Resumed, own: Mapping[str, Tensor], rows: int) -> None:
    """See that the layer's own values lead to the network's own answer, in as many rows."""
    values = ready.activation
    try:
        with torch.no_grad():
            again = ready.run(values if rows == 1 else values.repeat(rows, *(1,) * (values.dim() - 1)))
    except Exception as error:
        raise Unfollowable(
            f"an operation fails when carried out again: {' '.join(str(error).split())}"
        ) from error
    for name, value in own.items():
        whole = value.expand_as(again[name]) if again[name].shape[1:] == value.shape[1:] else None
        if whole is None or not torch.allclose(
            again[name], whole, rtol=_WRONG, atol=_WRONG * float(value.abs().max())
        ):
            raise Unfollowable("carrying its operations out again gives another answer")
