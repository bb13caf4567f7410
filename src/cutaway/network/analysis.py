"""What is odd about a network, in plain words: dead parts, several heads, no map left, a field too small."""

from __future__ import annotations

from cutaway.errors import CutawayError
from cutaway.network.head import find_head, last_map
from cutaway.network.inputs import Inputs
from cutaway.network.network import Network
from cutaway.network.trace import Trace

__all__ = ["findings"]


def findings(network: Network, images: Inputs | None = None) -> tuple[str, ...]:
    """List what a person should know about a network before trusting pictures of it, one sentence each.

    >>> from torch import nn
    >>> class Unfinished(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.conv, self.forgotten = nn.Conv2d(3, 4, 3), nn.Linear(2, 2)
    ...
    ...     def forward(self, x):
    ...         return self.conv(x)
    >>> findings(Network(Unfinished()))[0]
    'forgotten holds 6 parameters that no layer reads: dead weight, or a part that runs only in training.'
    """
    trace = network.trace(network.example_inputs() if images is None else images)
    return (*_dead(network, trace), *_outputs(network, trace), *_maps(network, trace), *_reused(trace))


def _dead(network: Network, trace: Trace) -> list[str]:
    sizes: dict[str, int] = {}
    for name in trace.unused:
        owner = name.rpartition(".")[0] or name
        sizes[owner] = sizes.get(owner, 0) + network.module.get_parameter(name).numel()
    told = [
        f"{owner} holds {count:,} parameters that no layer reads: dead weight, or a part that runs only in training."
        for owner, count in list(sizes.items())[:5]
    ]
    if len(sizes) > 5:
        told.append(f"So do {len(sizes) - 5} further modules.")
    read = {parent for call in trace.calls for parent in call.parents}
    ends = {index for _, index in trace.outputs}
    lost = [call.name for call in trace.calls if call.index not in read | ends and call.target.part == 0]
    if lost:
        shown = ", ".join(lost[:4]) + (", …" if len(lost) > 4 else "")
        told.append(f"Computed and never read: {shown}.")
    return told


def _outputs(network: Network, trace: Trace) -> list[str]:
    if not trace.outputs:
        return ["Its output does not depend on its input."]
    if len(trace.outputs) > 1:
        names = ", ".join(f"@output{suffix}" for suffix, _ in trace.outputs)
        return [f"It has {len(trace.outputs)} outputs: {names}. Say which one a class is read from."]
    index = trace.outputs[0][1]
    shape = trace.calls[index].shape if index >= 0 else ()
    if len(shape) == 4 and shape[2] * shape[3] > 1:
        return [f"It ends in a map {shape}, not in classes: a network without its classifier."]
    if len(shape) == 2 and network.classes and shape[1] != len(network.classes):
        return [f"It has {shape[1]} outputs but {len(network.classes)} class names."]
    return []


def _maps(network: Network, trace: Trace) -> list[str]:
    if len(trace.outputs) != 1 or len(trace.calls) == 0:
        return []
    call = last_map(trace)
    if call is None:
        return ["No map with more than one place is left on the way to its output: only pixel methods apply."]
    told = []
    field = call.sight.field
    h, w = trace.input_shapes[0][-2:]
    if field is not None and not field.whole_image and (field.size[0] < h / 2 or field.size[1] < w / 2):
        told.append(
            f"A unit of its last map, {call.name}, sees {field.size[0]} × {field.size[1]} of {h} × {w} pixels: "
            "it can recognise parts, not whole objects."
        )
    try:
        head = find_head(network, trace)
    except CutawayError as refusal:
        told.append(f"{refusal}.")
    else:
        how = f"the weights of {head.linear.name}" if head.linear else "the class's own channel"
        told.append(f"CAM reads {head.map.name} with {how}.")
    return told


def _reused(trace: Trace) -> list[str]:
    names = [call.name for call in trace.calls if ":" in call.name and call.parameters == 0 and call.weights]
    if not names:
        return []
    shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
    return [f"Weights used again: {shown}."]
