"""Whether rules that are chosen by the types of modules see all that a network does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType

from torch import nn

from cutaway.errors import UnsupportedMethod
from cutaway.network.backward_rule import ACTIVATIONS
from cutaway.network.head import LOGITS, logits_target
from cutaway.network.network import INPUT, OUTPUT, Network
from cutaway.network.trace import Call, Target, Trace

__all__ = ["batch_norm_merges", "check_visible", "read_at", "way_to"]

# Operations that hand values on, or pick some: their gradient hands relevance back rightly, whoever calls them.
_HANDED_ON = frozenset(
    "flatten view reshape squeeze unsqueeze permute transpose movedim swapaxes getitem select narrow chunk split "
    "unbind unflatten cat stack dropout dropout1d dropout2d dropout3d feature_dropout alpha_dropout pad expand T t "
    "index_select roll flip max_pool1d max_pool2d max_pool3d adaptive_max_pool2d pixel_shuffle "
    "channel_shuffle".split()
)
_AS_MODULES = {
    "add": "zennit.layer.Sum",
    "mean": "torch.nn.AdaptiveAvgPool2d(1)",
    "avg_pool2d": "torch.nn.AvgPool2d",
    "adaptive_avg_pool2d": "torch.nn.AdaptiveAvgPool2d",
    "conv2d": "torch.nn.Conv2d",
    "linear": "torch.nn.Linear",
    "batch_norm": "torch.nn.BatchNorm2d",
} | dict.fromkeys(ACTIVATIONS, "a module such as torch.nn.ReLU")


def read_at(network: Network, trace: Trace, layers: Sequence[str]) -> dict[str, Call]:
    """Find the call that makes what an objective reads, for each of its layers; none for the input itself.

    >>> import torch
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Softmax(1)))
    >>> [
    ...     call.name
    ...     for call in read_at(net, net.trace(torch.zeros(1, 3, 8, 8)), ["@logits", "@output"]).values()
    ... ]
    ['1', '2']
    """
    outputs = dict(trace.outputs)
    found: dict[str, Call | None] = {}
    for layer in layers:
        target = (
            logits_target(trace, network.name, layer.removeprefix(LOGITS))
            if layer.startswith(LOGITS)
            else layer
        )
        if isinstance(target, Target):
            found[layer] = trace.at(target)
        elif target.startswith(OUTPUT):
            index = outputs.get(target.removeprefix(OUTPUT), next(iter(outputs.values()), -1))
            found[layer] = trace.calls[index] if index >= 0 else None
        elif not target.startswith(INPUT):
            found[layer] = network.find(target, trace)
    return {layer: call for layer, call in found.items() if call is not None}


def way_to(trace: Trace, ends: Iterable[Call]) -> list[Call]:
    """List the calls on the way from the input to some calls, in their order.

    >>> import torch
    >>> net = Network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)))
    >>> trace = net.trace(torch.zeros(1, 3, 8, 8))
    >>> [call.name for call in way_to(trace, [trace.calls[1]])]
    ['0', '1']
    """
    todo = [call.index for call in ends]
    seen: set[int] = set()
    while todo:
        index = todo.pop()
        if index >= 0 and index not in seen:
            seen.add(index)
            todo += trace.calls[index].parents
    return [trace.calls[index] for index in sorted(seen)]


def check_visible(
    network: Network, trace: Trace, way: Sequence[Call], types: ModuleType, *, first: bool
) -> None:
    """Refuse a network that does more than its modules say.

    Args:
        network: whose modules.
        trace: all its calls.
        way: the calls up to what is asked.
        types: zennit's.
        first: whether the first layer has a rule of its own, which zennit gives to the first that was registered.

    Raises:
        UnsupportedMethod: naming what cannot be seen, and what to write instead.
    """
    modules = dict(network.module.named_modules())
    ruled = (types.Linear, types.BatchNorm, types.AvgPool, types.MaxPool, types.Activation)
    for call in way:
        module = modules[call.path]
        own = module if not list(module.children()) else None
        is_sum = type(module).__module__ == "zennit.layer"
        if isinstance(module, types.Linear) and "weight" not in module._parameters:
            raise UnsupportedMethod(
                f"LRP changes weights for the time of a call, and those of {call.path} in {network.name} are computed "
                "from others (weight norm, spectral norm): remove that first, by "
                "torch.nn.utils.parametrize.remove_parametrizations"
            )
        if own is not None and (
            is_sum or (isinstance(own, ruled) and not isinstance(own, nn.MultiheadAttention))
        ):
            uses = sum(
                one.target.key[:2] == call.target.key[:2] and one.target.part == 0 for one in trace.calls
            )
            if uses > 1 and not isinstance(own, types.Activation | types.MaxPool):
                raise UnsupportedMethod(
                    f"LRP keeps one input for each module, and {call.path} of {network.name} runs {uses} times. "
                    "Use IntegratedGradients or GuidedBackprop"
                )
        elif call.kind not in _HANDED_ON:
            instead = _AS_MODULES.get(call.kind)
            advice = f"Write it as {instead} in the network, or use" if instead else "Use"
            raise UnsupportedMethod(
                f"LRP follows modules; in {network.name}, {call.name} ({call.kind}) is computed between them, where "
                f"its rules do not see it. {advice} IntegratedGradients or GuidedBackprop"
            )
    linear = [call.path for call in way if isinstance(modules[call.path], types.Linear)]
    registered = [path for path, module in modules.items() if isinstance(module, types.Linear)]
    if first and linear and registered[0] != linear[0]:
        raise UnsupportedMethod(
            f"LRP gives the first layer a rule of its own, and takes the first registered for it ({registered[0]}), "
            f"but {linear[0]} runs first. Use LRP('epsilon_plus'), whose rules are the same for all"
        )


def batch_norm_merges(
    network: Network, way: Sequence[Call], types: ModuleType
) -> list[tuple[tuple[str], str]]:
    """Pair each batch norm with the convolution or linear layer before it, by the graph.

    Raises:
        UnsupportedMethod: where one stands elsewhere, or has nothing to merge.
    """
    modules = dict(network.module.named_modules())
    by_index = {call.index: call for call in way}
    found = []
    for call in way:
        norm = modules[call.path]
        if not isinstance(norm, types.BatchNorm):
            continue
        before = by_index.get(call.parents[0])
        readers = [one for one in way if before is not None and before.index in one.parents]
        fixed = getattr(norm, "weight", None) is not None and getattr(norm, "running_mean", None) is not None
        if (
            before is None
            or not isinstance(modules[before.path], types.Linear)
            or len(readers) != 1
            or not fixed
        ):
            raise UnsupportedMethod(
                f"LRP merges batch norms into the convolutions before them; {call.name} of {network.name} "
                + (
                    "has no weights or statistics of its own"
                    if not fixed
                    else "does not stand right after one"
                )
                + ". Use IntegratedGradients or GuidedBackprop"
            )
        found.append(((before.path,), call.path))
    return found
