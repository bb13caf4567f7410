"""Which convolution made a channel: followed back through everything that leaves channels apart."""

from __future__ import annotations

from typing import NamedTuple

from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.trace import Call, Trace

__all__ = ["Maker", "before_activation", "made_by"]

# They hand each channel on by itself.
_APART = frozenset(
    "relu relu6 leaky_relu elu selu celu gelu silu mish hardswish hardsigmoid hardtanh prelu rrelu sigmoid tanh "
    "softplus softsign logsigmoid threshold dropout dropout1d dropout2d dropout3d alpha_dropout "
    "feature_alpha_dropout feature_dropout batch_norm instance_norm abs neg exp log sqrt rsqrt square clamp clamp_min "
    "clamp_max clip sign pow nan_to_num max_pool2d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d lp_pool2d "
    "interpolate upsample contiguous clone detach to".split()
)
# They hand each channel on, and what is more before them is more after them.
_RISING = frozenset(
    "dropout dropout1d dropout2d dropout3d feature_dropout max_pool2d avg_pool2d adaptive_avg_pool2d "
    "adaptive_max_pool2d interpolate upsample contiguous clone detach to".split()
)
# With one map alone they hand channels on; of two they make one.
_MEETING = frozenset("add sub mul div maximum minimum lerp addcmul where".split())


class Maker(NamedTuple):
    """Where a channel comes from.

    Args:
        call: the convolution whose filter made it; None where there is no such one.
        channel: of that filter.
        words: how it was found, or why not.
    """

    call: Call | None
    channel: int
    words: str


def made_by(trace: Trace, call: Call, channel: int) -> Maker:
    """Find the filter that made a channel, and say so in words; or say why no single one did.

    Args:
        trace: in which the call is.
        call: of the layer.
        channel: 0-based.

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.record import record
    >>> class Two(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 2, 1)
    ...
    ...     def forward(self, x):
    ...         return torch.cat([self.a(x), self.b(x)], 1).relu()
    >>> trace = record(Two(), torch.zeros(1, 3, 8, 8))
    >>> made_by(trace, trace.calls[-1], 5).words
    'filter 1 of b, through cat and relu'
    """
    passed: list[str] = []
    while True:
        if call.kind == "conv2d":
            through = f", through {_listed(passed[::-1])}" if passed else ""
            return Maker(call, channel, f"filter {channel} of {call.name}{through}")
        if -1 in call.parents or any(parent < 0 for parent in call.parents):
            return Maker(None, channel, f"no filter: {call.name} reads the photo itself")
        before = [trace.calls[parent] for parent in call.parents]
        if call.kind == "cat":
            found = _part(call, before, channel)
            if found is None:
                return Maker(None, channel, f"no filter found: {call.name} does not join whole maps in order")
            passed.append("cat")
            call, channel = found
            continue
        if call.kind in _MEETING and len(before) > 1:
            names = _listed([one.name for one in before])
            return Maker(
                None,
                channel,
                f"no single filter: {call.name} puts {names} together ({call.kind}), place by place",
            )
        if call.kind not in _APART | _MEETING or len(before) != 1 or not _same(call, before[0]):
            return Maker(
                None, channel, f"no filter: {call.name} ({call.kind}) mixes channels, and is no convolution"
            )
        passed.append(call.kind)
        call = before[0]


def before_activation(trace: Trace, call: Call, channel: int) -> tuple[Call, int] | None:
    """Find what the last activation before a channel reads: where a gradient is left when its ReLU is silent.

    Args:
        trace: in which the call is.
        call: of the layer.
        channel: 0-based.

    Returns:
        The call and its channel; None where none is found, or channels mix on the way.

    >>> from torch import nn, zeros
    >>> from cutaway.network.record import record
    >>> trace = record(
    ...     nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
    ...     zeros(1, 3, 8, 8),
    ... )
    >>> before_activation(trace, trace.calls[-1], 3)[0].name
    '1'
    """
    while call.parents and min(call.parents) >= 0:
        before = [trace.calls[parent] for parent in call.parents]
        if call.kind == "cat":
            found = _part(call, before, channel)
            if found is None:
                return None
            call, channel = found
        elif len(before) != 1 or not _same(call, before[0]):
            return None
        elif call.kind in ACTIVATIONS:
            return before[0], channel
        elif call.kind in _RISING:
            call = before[0]
        else:
            return None
    return None


def _part(call: Call, before: list[Call], channel: int) -> tuple[Call, int] | None:
    """The map of a concatenation that holds a channel, and which it is there."""
    sizes = [one.shape[1] if len(one.shape) > 1 else 0 for one in before]
    if len(call.shape) < 2 or sum(sizes) != call.shape[1]:
        return None
    if any(one.shape[2:] != call.shape[2:] for one in before):
        return None
    for one, size in zip(before, sizes, strict=True):
        if channel < size:
            return one, channel
        channel -= size
    return None


def _same(call: Call, before: Call) -> bool:
    return len(call.shape) == len(before.shape) and call.shape[1:2] == before.shape[1:2]


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} and {unique[-1]}"
