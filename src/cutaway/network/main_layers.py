"""The layers that everything goes through: what to look at where nobody names any."""

from __future__ import annotations

from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.head import LOGITS, answer_call, before_classifier
from cutaway.network.network import Network
from cutaway.network.token_grid import token_grid
from cutaway.network.trace import Call, Trace

__all__ = ["few_layers", "main_layers"]

# What a layer's values still go through before they are what the next one reads.
_FINISHING = ACTIVATIONS | frozenset("batch_norm instance_norm group_norm".split())
_MADE = frozenset("conv2d conv_transpose2d cat add mul layer_norm".split()) | _FINISHING


def main_layers(network: Network) -> list[str]:
    """List the layers through which everything goes, each as the next one reads it, and the logits.

    Of blocks that others pass by (a residual's branch, the branches of an inception) only what they join to is listed.

    Args:
        network: whose layers.

    >>> from torch import nn
    >>> net = Network(
    ...     nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    ... )
    >>> main_layers(net)
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
    if answer_call(network, trace) is None:
        return found or [trace.calls[-1].name]
    last = before_classifier(network)
    return [*found, *([] if last in found else [last]), LOGITS]


def few_layers(network: Network, most: int = 4) -> list[str]:
    """List a few of the main layers, from the first to the one that the classifier reads.

    Args:
        network: whose layers.
        most: of them.

    >>> from torch import nn
    >>> few_layers(Network(nn.Sequential(*(nn.Conv2d(3, 3, 3) for _ in range(9)))), 3)
    ['0', '4', '8']
    """
    names = [name for name in main_layers(network) if not name.startswith("@")]
    last = before_classifier(network)
    names = names[: names.index(last) + 1] if last in names else names
    count = min(most, len(names))
    places = [round(k * (len(names) - 1) / max(1, count - 1)) for k in range(count)]
    return [names[place] for place in dict.fromkeys(places)]


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
