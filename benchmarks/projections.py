"""Guided backpropagation of 144 units, as a sheet of nine patches for sixteen channels needs, against Captum's loop."""

from __future__ import annotations

import torch
from captum.attr import NeuronGuidedBackprop
from interleaved import compare

import cutaway as cw
from cutaway.attribution.guided_backprop import RULES
from cutaway.attribution.projection import project
from cutaway.objectives.objective import Unit

torch.set_num_threads(1)
net = cw.load("squeezenet1_1").at(224)
photo = cw.read("examples/photos/chelsea.png")
square = cw.Preprocessing(
    size=(224, 224),
    fit="exact",
    mean=net.preprocessing.mean,
    std=net.preprocessing.std,
    channels=net.preprocessing.channels,
    value_range=net.preprocessing.value_range,
)
one = square.prepare(photo).as_subclass(torch.Tensor)
images = torch.cat([one.roll(16 * k, 3) for k in range(9)])

for name, path in (("fire3", "features.4"), ("fire5", "features.7"), ("fire9", "features.12")):
    values = cw.capture(net, images, name)[name]
    units = [
        (i, Unit(name, c, *divmod(int(values[i, c].argmax()), values.shape[3])))
        for i in range(9)
        for c in range(16)
    ]
    few = units[:: len(units) // 12][:12]  # Captum takes seconds for all; each unit costs it the same
    peer = NeuronGuidedBackprop(net.module, net.module.get_submodule(path))

    def captum(few=few, peer=peer) -> list[torch.Tensor]:
        return [
            peer.attribute(images[i : i + 1].clone().requires_grad_(), (unit.channel, unit.y, unit.x))
            for i, unit in few
        ]

    gap = 0.0
    for found, theirs in zip(project(net, images, few, RULES), captum(), strict=True):
        top, left, bottom, right = found.box
        inside = theirs[0, :, top:bottom, left:right]
        gap = max(gap, float((found.values - inside).abs().max() / theirs.abs().max().clamp_min(1e-9)))
    compare(
        f"guided_{name}",
        {
            "cutaway, 144 units": lambda units=units: project(net, images, units, RULES),
            "captum NeuronGuidedBackprop, 12 of them": captum,
        },
        equal=f"against Captum: {gap:.1g} of the largest value; Captum's time counts for a twelfth of the work",
    )
