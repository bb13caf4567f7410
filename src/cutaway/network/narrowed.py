"""A tape that computes only those of a network's outputs that are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from cutaway.network.tape import Ref, Step, Tape

__all__ = ["narrowed"]

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
    >>> from cutaway.network.tape import record_tape
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
