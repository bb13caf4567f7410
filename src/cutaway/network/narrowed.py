"""A tape that computes only those of a network's outputs that are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from cutaway.network.tape import Ref, Step, Tape

__all__ = ["Score", "asked_only", "narrowed"]

Score = Callable[[Mapping[str, Tensor]], Float[Tensor, " k *more"]]

# Each output channel or entry comes from the same one of the input.
_BY_CHANNEL = frozenset(
    "relu relu6 dropout dropout2d feature_dropout sigmoid adaptive_avg_pool2d avg_pool2d flatten squeeze".split()
)
_FILTERS = {
    "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "linear": ("input", "weight", "bias"),
}


def narrowed(tape: Tape, index: int, columns: Iterable[int]) -> Tape | None:
    """Give the tape with only some entries of one value, computed from as few channels; None where that saves nothing.

    Args:
        tape: of a network on one image.
        index: of the value (1, entries).
        columns: the entries to keep, in order.

    >>> from torch import nn
    >>> from cutaway.network.record_tape import record_tape
    >>> tape = record_tape(nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU()), torch.ones(1, 3, 2, 2))
    >>> [tuple(v.shape) for v in narrowed(tape, 3, [4]).values]
    [(1, 3, 2, 2), (1, 12), (1, 1), (1, 1)]
    """
    kept = list(columns)
    made = {value: step for step in tape.steps for value in step.makes}
    readers = Counter(value for step in tape.steps for value in step.reads)
    entries = tape.values[index].shape[1]
    if tape.values[index].dim() != 2:
        return None
    chain = [index]
    while (step := made.get(chain[-1])) is not None:
        if step.kind in _FILTERS:
            break
        alone = len(step.reads) == 1 and readers[step.reads[0]] == 1 and len(step.makes) == 1
        if step.kind not in _BY_CHANNEL or not alone or tape.values[step.reads[0]].shape[1] != entries:
            return None
        chain.append(step.reads[0])
    if step is None or step.reads != (_input(step),):
        return None
    fewer = _of_fewer(step, kept, entries)
    if fewer is None:
        return None
    values = list(tape.values)
    for value in chain:
        values[value] = values[value][:, kept]
    return replace(tape, steps=tuple(fewer if s is step else s for s in tape.steps), values=tuple(values))


def asked_only(
    tape: Tape, places: Mapping[str, int], columns: frozenset[int] | None
) -> tuple[Tape, Callable[[Score], Score]]:
    """Leave out of a tape what a score does not ask for, where that saves anything.

    Args:
        tape: of a network on one image.
        places: the values that the score reads, by the names that it knows them by.
        columns: the entries of the one value that it reads, where it reads no others.

    Returns:
        The tape, the same one where nothing is saved; and what to wrap the score into before it reads the values.
    """
    if columns is not None and len(places) == 1:
        ((name, index),) = places.items()
        kept, entries = sorted(columns), tape.values[index].shape[-1]
        # A class that is not there is for the score to refuse, in words.
        there = all(0 <= column < entries for column in kept)
        if there and (fewer := narrowed(tape, index, kept)) is not None:
            return fewer, lambda score: _spread_out(score, name, kept, entries)
    return tape, lambda score: score


def _input(step: Step) -> int:
    given = step.args[0] if step.args else step.kwargs.get("input")
    return given.value if isinstance(given, Ref) else -1


def _of_fewer(step: Step, kept: list[int], entries: int) -> Step | None:
    """The same convolution or linear step with the rows of its weights that are kept."""
    given = dict(zip(_FILTERS[step.kind], step.args, strict=False)) | step.kwargs
    weight, bias = given["weight"], given.get("bias")
    if not isinstance(weight, Tensor) or weight.shape[0] != entries or given.get("groups", 1) != 1:
        return None
    rows = torch.tensor(kept, device=weight.device)
    given["weight"] = weight.detach()[rows]
    given["bias"] = None if bias is None else bias.detach()[rows]
    return replace(step, args=(), kwargs=given)


def _spread_out(score: Score, name: str, kept: Sequence[int], entries: int) -> Score:
    """Give a score that reads all entries one that gets only some; those left out are NaN to it.

    >>> first = _spread_out(lambda a: a["x"][:, 3], "x", [3], 5)
    >>> first({"x": torch.ones(2, 1)})
    tensor([1., 1.])
    """
    places = torch.tensor(kept)

    def spread(activations: Mapping[str, Tensor]) -> Tensor:
        few = activations[name]
        whole = few.new_full((len(few), entries), torch.nan)
        return score({name: whole.index_copy(1, places.to(few.device), few)})

    return spread
