"""Which layers of a network are worth looking at over a whole data set, where nobody names any."""

from __future__ import annotations

from cutaway.network.head import LOGITS, logits_target
from cutaway.network.network import Network
from cutaway.network.token_grid import token_grid
from cutaway.network.trace import Call, Target, Trace

__all__ = ["before_classifier", "worth_scanning"]

# What a layer's values still go through before they are what the next one reads.
_FINISHING = frozenset(
    "batch_norm instance_norm group_norm relu relu6 silu hardswish gelu leaky_relu elu mish prelu celu selu hardtanh "
    "clamp softplus".split()
)
_HANDED_ON = frozenset("dropout dropout2d feature_dropout pad identity max_pool2d avg_pool2d getitem".split())
_BETWEEN = frozenset(
    "dropout flatten view reshape squeeze adaptive_avg_pool2d avg_pool2d mean getitem".split()
)
_MADE = frozenset("conv2d conv_transpose2d cat add mul layer_norm".split()) | _FINISHING


def worth_scanning(network: Network) -> list[str]:
    """List the layers through which everything goes, each as the next one reads it, and the logits.

    Of blocks that others pass by (a residual's branch, the branches of an inception) only what they join to is listed.

    Args:
        network: whose layers.

    >>> from torch import nn
    >>> net = Network(
    ...     nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    ... )
    >>> worth_scanning(net)
    ['2', '@logits']
    """
    trace = network.trace(network.example_inputs())
    readers: dict[int, list[Call]] = {}
    for call in trace.calls:
        for parent in call.parents:
            readers.setdefault(parent, []).append(call)
    found = []
    for index in _passed(trace, readers):
        call = trace.calls[index]
        place = len(call.shape) == 4 and call.shape[2] * call.shape[3] > 1 and call.sight.field is not None
        on_grid = call.kind in _MADE and len(call.shape) > 2 and token_grid(trace, call) is not None
        read_by = readers.get(index, [])
        finished = not (len(read_by) == 1 and read_by[0].kind in _FINISHING)
        if (place or on_grid) and call.kind in _MADE and finished:
            found.append(call.name)
    ending = _answer(network, trace)
    if ending is None:
        return found or [trace.calls[-1].name]
    last = before_classifier(network)
    return [*found, *([] if last in found else [last]), LOGITS]


def before_classifier(network: Network) -> str:
    """Name the layer that the classifier reads: its values, or their mean over space, are a photo's features.

    Args:
        network: whose layer; without a classifier, its last one.

    >>> from torch import nn
    >>> layers = (
    ...     nn.Conv2d(3, 4, 3),
    ...     nn.ReLU(),
    ...     nn.AdaptiveAvgPool2d(1),
    ...     nn.Flatten(),
    ...     nn.Dropout(),
    ...     nn.Linear(4, 2),
    ... )
    >>> before_classifier(Network(nn.Sequential(*layers)))
    '1'
    """
    trace = network.trace(network.example_inputs())
    call = _answer(network, trace)
    if call is None:
        return trace.calls[-1].name
    # Back to what makes the classes: a fully connected layer, or a 1×1 convolution before the mean.
    maker = _back(trace, call, _BETWEEN | _FINISHING)
    point = maker.kind == "conv2d" and maker.window is not None and maker.window.kernel == (1, 1)
    if maker.parents[0] >= 0 and (maker.kind in ("linear", "addmm", "matmul") or point):
        return _back(trace, trace.calls[maker.parents[0]], _BETWEEN).name
    return _back(trace, call, _BETWEEN | {"max_pool2d"}).name


def _back(trace: Trace, call: Call, over: frozenset[str]) -> Call:
    """Go back over operations of some kinds."""
    while call.kind in over and call.parents and call.parents[0] >= 0:
        call = trace.calls[call.parents[0]]
    return call


def _answer(network: Network, trace: Trace) -> Call | None:
    """The call that makes the logits (n, classes); None where the network has none, or several outputs."""
    if len(trace.outputs) != 1 or trace.outputs[0][1] < 0:
        return None
    target = logits_target(trace, network.name)
    call = trace.at(target) if isinstance(target, Target) else trace.calls[trace.outputs[0][1]]
    return call if call is not None and len(call.shape) == 2 else None


def _passed(trace: Trace, readers: dict[int, list[Call]]) -> list[int]:
    """List the calls that every way from the input to an output goes through, in order."""
    ends = {index for _, index in trace.outputs}
    needed = set[int]()
    todo = [index for index in ends if index >= 0]
    while todo:
        index = todo.pop()
        if index not in needed:
            needed.add(index)
            todo += [parent for parent in trace.calls[index].parents if parent >= 0]
    found: list[int] = []
    # A call is passed by all where every value made before it is read by nothing after it.
    furthest = max((call.index for call in readers.get(-1, []) if call.index in needed), default=-1)
    for index in sorted(needed):
        if furthest <= index:
            found.append(index)
        later = [call.index for call in readers.get(index, []) if call.index in needed]
        furthest = max([furthest, *later, *([len(trace.calls)] if index in ends else [])])
    return found
