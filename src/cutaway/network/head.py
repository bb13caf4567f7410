"""How a network ends: where its logits are, and whether its classes can be read off its last map.

Zhou et al., "Learning deep features for discriminative localization" (CVPR 2016), section 2, needs a network
that ends in a map, its mean over space, and one linear step. That step is a fully connected layer (GoogLeNet,
ResNet, MobileNet) or a 1x1 convolution before the mean (SqueezeNet); both are found from the graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from cutaway.errors import UnsupportedMethod
from cutaway.network.network import OUTPUT, Network
from cutaway.network.trace import Call, Target, Trace

__all__ = [
    "LOGITS",
    "PROBABILITIES",
    "Head",
    "answer_call",
    "before_classifier",
    "feature_map",
    "find_head",
    "last_map",
    "logits_target",
    "squashing",
]

LOGITS = "@logits"
# What a network makes of its logits: only an objective reads it, and a method finds out what that is.
PROBABILITIES = "@probabilities"

# What may stand between the last map and the logits without changing which class a place speaks for.
_TRANSPARENT = frozenset(
    "flatten view reshape squeeze dropout dropout2d feature_dropout unsqueeze permute getitem".split()
)
_ACTIVATIONS = frozenset(("relu", "relu6", "silu", "hardswish", "gelu", "leaky_relu", "elu", "mish"))
_SOFTMAX = frozenset(("softmax", "log_softmax"))
# What turns logits into probabilities.
_SQUASHING = _SOFTMAX | {"sigmoid", "logsigmoid"}
_POOLS = frozenset(("adaptive_avg_pool2d", "avg_pool2d", "mean"))


@dataclass(frozen=True)
class Head:
    """The end of a network that has a class activation map.

    Args:
        map: the call whose map is weighted: the activation after the last convolution.
        linear: the fully connected call, or None where the map's own channels are the classes.
        weight: the name of its weight parameter (classes, channels), or None.
    """

    map: Call
    linear: Call | None
    weight: str | None


def logits_target(trace: Trace, network_name: str, way: str = "") -> Target | str:
    """Find the logits: the output, or what its softmax or sigmoid reads.

    Args:
        trace: of the network.
        network_name: for a message.
        way: to one of several outputs: "[1]", "['out']".
    """
    outputs = dict(trace.outputs)
    if not way and len(outputs) != 1:
        names = (
            ", ".join(f"@output{suffix}" for suffix, _ in trace.outputs)
            or "nothing that depends on the input"
        )
        raise UnsupportedMethod(
            f"{network_name} returns {names}: a class needs one of them. Say which: class_logit(k, output=…)"
        )
    index = outputs.get(way, -1) if way else trace.outputs[0][1]
    end = _squashed(trace, trace.calls[index]) if index >= 0 else None
    return OUTPUT + way if end is None else trace.calls[end.parents[0]].target


def squashing(trace: Trace, way: str = "") -> str:
    """Tell what the network makes of its logits: "softmax", "sigmoid", or "" for nothing.

    Args:
        trace: of the network.
        way: to one of several outputs: "[1]", "['out']".

    >>> import torch
    >>> from torch import nn
    >>> from cutaway.network.record import record
    >>> squashing(record(nn.Sequential(nn.Linear(3, 2), nn.Sigmoid()), torch.zeros(1, 3)))
    'sigmoid'
    """
    only = trace.outputs[0][1] if len(trace.outputs) == 1 else -1
    index = dict(trace.outputs).get(way, only if not way else -1)
    end = _squashed(trace, trace.calls[index]) if index >= 0 else None
    return "" if end is None else "softmax" if end.kind in _SOFTMAX else "sigmoid"


def _squashed(trace: Trace, call: Call) -> Call | None:
    """Find the softmax or sigmoid of (n, classes) that a network ends in."""
    while call.kind in (*_SQUASHING, *_TRANSPARENT) and call.parents and call.parents[0] >= 0:
        if call.kind in _SQUASHING and len(call.shape) == 2:
            return call
        call = trace.calls[call.parents[0]]
    return None


def last_map(trace: Trace) -> Call | None:
    """Find the last call on the way to an output whose units still have more than one place."""
    todo, seen = [index for _, index in trace.outputs], set()
    best: Call | None = None
    while todo:
        index = todo.pop()
        if index < 0 or index in seen:
            continue
        seen.add(index)
        call = trace.calls[index]
        again = not any(_is_map(trace.calls[p]) for p in call.parents if p >= 0)
        if _is_map(call) and (call.kind not in _TRANSPARENT or again):
            if best is None or call.index > best.index:
                best = call
            continue
        todo.extend(call.parents)
    return best


def find_head(network: Network, trace: Trace) -> Head:
    """Find the map, and the weights, that class activation mapping reads.

    Raises:
        UnsupportedMethod: with the reason and what to use instead.
    """
    if len(trace.outputs) != 1 or trace.outputs[0][1] < 0:
        raise UnsupportedMethod(
            f"CAM needs one vector of classes; {network.name} returns {len(trace.outputs)} tensors. "
            "Use Saliency with an objective of your own"
        )
    call = trace.calls[trace.outputs[0][1]]
    linears: list[Call] = []
    between: Call | None = None
    pooled = False
    while not _is_map(call):
        # After the mean there is one place left, where a 1x1 convolution is a fully connected layer.
        if call.kind == "linear" or (
            call.window is not None and call.window.kernel == (1, 1) and call.weights
        ):
            linears.append(call)
        elif call.kind in _POOLS:
            pooled = True
        elif call.kind not in (*_TRANSPARENT, *_SQUASHING) and not (
            call.kind in _ACTIVATIONS and not linears
        ):
            between = between or call
        parents = [p for p in call.parents if p >= 0]
        if len(parents) != 1:
            raise _refusal(network, trace, f"{call.name} reads {len(parents)} layers")
        call = trace.calls[parents[0]]
    # Several fully connected layers are the reason even where a ReLU between them was met first.
    if len(linears) > 1:
        names = ", ".join(linear.name for linear in reversed(linears))
        raise _refusal(network, trace, f"it ends in {len(linears)} fully connected layers ({names})")
    if between is not None:
        raise _refusal(
            network, trace, f"{between.name} ({between.kind}) stands between its last map and its classes"
        )
    if not pooled:
        raise _refusal(network, trace, "its classes do not read the mean of a map over space")
    while call.kind in _TRANSPARENT and call.parents[0] >= 0 and _is_map(trace.calls[call.parents[0]]):
        call = trace.calls[call.parents[0]]
    if not linears:
        return Head(call, None, None)
    weights = [name for name in linears[0].weights if network.module.get_parameter(name).dim() >= 2]
    if len(weights) != 1:
        raise _refusal(network, trace, f"the weights of {linears[0].name} cannot be told")
    if network.module.get_parameter(weights[0]).shape[1] != call.shape[1]:
        raise _refusal(
            network, trace, f"{linears[0].name} does not read one number per channel of {call.name}"
        )
    return Head(call, linears[0], weights[0])


def feature_map(network: Network, trace: Trace) -> Call:
    """Find the last map of features, before the classes: where gradient methods weigh channels.

    Raises:
        UnsupportedMethod: where the network has no map left at all.
    """
    call = last_map(trace)
    if call is None:
        raise UnsupportedMethod(
            f"{network.name} has no map with more than one place on the way to its output: use Saliency"
        )
    # A map whose channels are the classes already is the class activation map; its input holds the features.
    ends = {trace.calls[index].shape[-1] for _, index in trace.outputs if index >= 0}
    way = call
    while way.kind in (*_ACTIVATIONS, *_TRANSPARENT) and way.parents[0] >= 0:
        way = trace.calls[way.parents[0]]
    if (
        way.kind == "conv2d"
        and way.shape[1] in ends
        and way.window is not None
        and way.window.kernel == (1, 1)
    ):
        before = [trace.calls[p] for p in way.parents if p >= 0]
        while before and before[0].kind in _TRANSPARENT:
            before = [trace.calls[p] for p in before[0].parents if p >= 0]
        if before and _is_map(before[0]):
            return before[0]
    # A pool after the last activation (AlexNet, VGG) only makes the map coarser.
    while call.kind in (*_POOLS, "max_pool2d", "adaptive_max_pool2d") and call.parents[0] >= 0:
        parent = trace.calls[call.parents[0]]
        if not _is_map(parent):
            break
        call = parent
    return call


def before_classifier(network: Network) -> str:
    """Name the layer that the classifier reads: its values, or their mean over space, are an image's features.

    Args:
        network: whose layer; without a classifier, its last one.

    >>> from torch import nn
    >>> layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    >>> before_classifier(Network(nn.Sequential(*layers)))
    '1'
    """
    trace = network.trace(network.example_inputs())
    call = answer_call(network, trace)
    if call is None:
        return trace.calls[-1].name
    between = _TRANSPARENT | _POOLS
    # Back to what makes the classes: a fully connected layer, or a 1×1 convolution before the mean.
    maker = _back(trace, call, between | _ACTIVATIONS)
    point = maker.window is not None and maker.window.kernel == (1, 1) and bool(maker.weights)
    if maker.parents[0] >= 0 and (maker.kind in ("linear", "addmm", "matmul") or point):
        return _back(trace, trace.calls[maker.parents[0]], between).name
    return _back(trace, call, between | {"max_pool2d"}).name


def answer_call(network: Network, trace: Trace) -> Call | None:
    """Find the call that makes the logits (n, classes); None where there are none, or several outputs.

    >>> from torch import nn
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    >>> answer_call(net, net.trace(net.example_inputs()))
    """
    if len(trace.outputs) != 1 or trace.outputs[0][1] < 0:
        return None
    target = logits_target(trace, network.name)
    call = trace.at(target) if isinstance(target, Target) else trace.calls[trace.outputs[0][1]]
    return call if call is not None and len(call.shape) == 2 else None


def _back(trace: Trace, call: Call, over: frozenset[str]) -> Call:
    """Go back over operations of some kinds."""
    while call.kind in over and call.parents and call.parents[0] >= 0:
        call = trace.calls[call.parents[0]]
    return call


def _is_map(call: Call) -> bool:
    return (
        len(call.shape) == 4
        and call.sight.field is not None
        and call.sight.dims == (-2, -1)
        and call.shape[2] * call.shape[3] > 1
    )


def _refusal(network: Network, trace: Trace, reason: str) -> UnsupportedMethod:
    instead = "Use GradCAM, which needs no such end" if last_map(trace) is not None else "Use Saliency"
    return UnsupportedMethod(f"CAM cannot read {network.name}: {reason}. {instead}")
