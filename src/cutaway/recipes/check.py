"""What is wrong with a network's filters and channels, in plain words, with a suggestion."""

from __future__ import annotations

import os

import numpy as np
from torch import nn

from cutaway.dataset.activation_index import ActivationIndex
from cutaway.errors import BadIndex, UnsupportedMethod
from cutaway.network.analysis import findings
from cutaway.network.filter_faults import Fault, filter_faults
from cutaway.network.fingerprint import fingerprint
from cutaway.network.network import Network
from cutaway.network.trace import Call
from cutaway.recipes.opened import opened
from cutaway.recipes.origin import network_spelled, origin
from cutaway.recipes.patches import indexed
from cutaway.view.table import Table

__all__ = ["check"]

COLUMNS = ("layer", "channel", "finding", "figure", "what it means")
_MEANS = {
    "dead": "{share:.0%} of the usual strength: it does nothing",
    "copy": "cosine {figure:.2f} with filter {other}: it says the same again",
    "noise": "its spectrum is as even as noise's ({figure:.2f} of 1): it has learned no pattern",
    "aliased": "{share:.0%} of its energy is finer than a stride of {stride} can carry",
}
_ADVICE = {
    "dead": "Dead filters: a lower learning rate or another beginning wakes them; else as many can be left out.",
    "copy": "Copies: fewer filters would do, or regularise them apart.",
    "noise": "Noise: train longer, with more data or more weight decay.",
    "aliased": "Aliasing: a smaller stride, or a blur before it (Zhang 2019), keeps what they answer to.",
    "silent": "Channels that no photo excites: on these photos they are dead weight; with few photos, scan more.",
}
_MOST = 12


def check(
    network: Network | str | nn.Module,
    index: ActivationIndex | str | os.PathLike[str] | None = None,
    *,
    layer: str | None = None,
) -> Table:
    """Look for dead, copied, noisy and aliased filters of the first layer, and for channels that no photo excites.

    Args:
        network: the network to check, or its name.
        index: of a scan with it; then channels that have one value in all photos are found, too.
        layer: another convolution than the first.

    Returns:
        A Table, a row for each finding; its notes say in words what was found, and what to do.

    Raises:
        BadIndex: where the index is of another network.
        UnsupportedMethod: for a layer without filters.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.1.

    >>> import torch
    >>> from cutaway.network.network import Network
    >>> conv = nn.Conv2d(3, 4, 7)
    >>> with torch.no_grad():
    ...     _ = conv.weight[1].zero_()
    >>> [row[1:3] for row in check(Network(nn.Sequential(conv, nn.ReLU()))).rows if row[2] == "dead"]
    [(1, 'dead')]
    """
    model = opened(network) if isinstance(network, str | Network) else Network(network)
    call, filters = _first(model, layer)
    stride = call.window.stride if call.window is not None else (1, 1)
    faults = filter_faults(filters, stride)
    rows: list[tuple[object, ...]] = [_row(call.name, fault, stride) for fault in faults]
    notes = [_told(call.name, kind, [f for f in faults if f.kind == kind], len(filters)) for kind in _MEANS]
    if index is not None:
        silent, told = _silent(model, indexed(index))
        rows += silent
        notes += told
    several = [note for note in notes if note]
    if not several:
        several = [
            f"Nothing is wrong with the {len(filters)} filters of {call.name} that these measures would see."
        ]
    kinds = list(dict.fromkeys(str(row[2]) for row in rows))
    return Table(
        COLUMNS,
        tuple(rows),
        title=f"{model.name}: {len(rows)} findings" if len(rows) != 1 else f"{model.name}: 1 finding",
        notes=(*several, *(_ADVICE[kind] for kind in kinds), *findings(model)),
        provenance=origin(model, f"cutaway.check({network_spelled(model)})", layer=call.name),
    )


def _first(network: Network, layer: str | None) -> tuple[Call, np.ndarray]:
    trace = network.trace(network.example_inputs())
    if layer is not None:
        calls = [network.find(layer, trace)]
    else:
        calls = [call for call in trace.calls if call.kind == "conv2d"][:1]
    for call in calls:
        for name in call.weights:
            weight = network.module.get_parameter(name)
            if weight.dim() == 4:
                return call, weight.detach().float().cpu().numpy()
    raise UnsupportedMethod(
        f"{network.name} has no convolution {layer or ''}".rstrip() + ". See all: cutaway layers"
    )


def _row(layer: str, fault: Fault, stride: tuple[int, int]) -> tuple[object, ...]:
    means = _MEANS[fault.kind].format(
        share=fault.figure, figure=fault.figure, other=fault.other, stride=max(stride)
    )
    return layer, fault.filter, fault.kind, round(fault.figure, 4), means


def _told(layer: str, kind: str, faults: list[Fault], count: int) -> str:
    if not faults:
        return ""
    which = ", ".join(str(fault.filter) for fault in faults[:_MOST]) + (", …" if len(faults) > _MOST else "")
    words = {"dead": "dead", "copy": "copies of others", "noise": "noise", "aliased": "aliased"}[kind]
    return f"{len(faults)} of the {count} filters of {layer} are {words}: {which}."


def _silent(network: Network, index: ActivationIndex) -> tuple[list[tuple[object, ...]], list[str]]:
    if fingerprint(network.module) != index.weights:
        raise BadIndex(
            f"{index.folder} is of {index.network}, weights {index.weights}; {network.name} has weights "
            f"{fingerprint(network.module)}"
        )
    rows: list[tuple[object, ...]] = []
    notes = []
    for layer in index.layers:
        maxima = index.maxima(layer)[index.present]
        still = np.flatnonzero(maxima.max(0) == maxima.min(0))
        for channel in still:
            means = f"{maxima[0, channel]:.3g} in all {len(maxima):,} photos"
            rows.append((layer, int(channel), "silent", float(maxima[0, channel]), means))
        if len(still):
            notes.append(
                f"{len(still)} of the {maxima.shape[1]} channels of {layer} are excited by no photo."
            )
    return rows, notes
