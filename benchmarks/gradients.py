"""Gradients at the pixels on SqueezeNet: against Captum, and against one forward pass with one input gradient."""

from __future__ import annotations

import torch
from captum.attr import InputXGradient as CaptumInputXGradient
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import Saliency as CaptumSaliency
from interleaved import compare

import cutaway as cw

torch.set_num_threads(1)
STEPS = 50
net = cw.load("squeezenet1_1")
images = net.prepare(cw.read("examples/photos/chelsea.png"))
# What a person gives to Captum: the usual memory format. And the same numbers in the order that is faster on a CPU.
usual = images.as_subclass(torch.Tensor).contiguous()
quick = usual.contiguous(memory_format=torch.channels_last)
model, question = net.module, cw.class_logit(285)


def plain(given: torch.Tensor, parameters: bool = False) -> torch.Tensor:
    """One forward pass and one gradient at the pixels, by hand, with the weights frozen."""
    model.requires_grad_(parameters)
    leaf = given.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model(leaf)[:, 285].sum(), leaf)
    model.requires_grad_(True)
    return gradient


def gap(ours: torch.Tensor, theirs: torch.Tensor) -> str:
    difference = float((ours - theirs).detach().abs().max() / theirs.abs().max())
    return f"against Captum: {difference:.1g} of the largest value"


for name, method, captum in (
    ("saliency", cw.attribution.Saliency("none"), CaptumSaliency(model)),
    ("input_x_gradient", cw.attribution.InputXGradient("none"), CaptumInputXGradient(model)),
):
    settings = {"abs": False} if name == "saliency" else {}
    theirs = captum.attribute(quick.clone().requires_grad_(), 285, **settings)
    compare(
        name,
        {
            "one forward and one input gradient, weights frozen, channels last": lambda: plain(quick),
            "the same in the usual memory format": lambda: plain(usual),
            "cutaway": lambda method=method: method(net, images, question),
            "Captum, usual memory format": lambda captum=captum, settings=settings: captum.attribute(
                usual.clone().requires_grad_(), 285, **settings
            ),
            "Captum, channels last": lambda captum=captum, settings=settings: captum.attribute(
                quick.clone().requires_grad_(), 285, **settings
            ),
        },
        equal=gap(method(net, images, question), theirs),
    )

integrated, captum_integrated = (
    cw.attribution.IntegratedGradients(STEPS, reduce="none"),
    CaptumIntegratedGradients(model),
)
double = cw.load("squeezenet1_1").module.double()
theirs = CaptumIntegratedGradients(double).attribute(
    usual.double(), 0.0, 285, n_steps=STEPS, internal_batch_size=10
)
compare(
    "integrated_gradients",
    {
        "50 × one forward and one input gradient, weights frozen, channels last": lambda: [
            plain(quick) for _ in range(STEPS)
        ],
        "cutaway": lambda: integrated(net, images, question),
        "Captum, all steps at once": lambda: captum_integrated.attribute(usual, 0.0, 285, n_steps=STEPS),
        "Captum, 10 steps at once": lambda: captum_integrated.attribute(
            usual, 0.0, 285, n_steps=STEPS, internal_batch_size=10
        ),
    },
    rounds=3,
    warm=1,
    equal=gap(integrated(cw.Network(double), usual.double(), question), theirs) + " in double precision",
)
