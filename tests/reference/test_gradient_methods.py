"""Gradient methods and occlusion beside Captum."""

from __future__ import annotations

import pytest
import torch
from captum.attr import GuidedGradCam as CaptumGuidedGradCam
from captum.attr import InputXGradient as CaptumInputXGradient
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import Occlusion as CaptumOcclusion
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import GuidedGradCAM, InputXGradient, IntegratedGradients, Occlusion

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations:UserWarning")


@pytest.fixture(scope="module")
def squeezenet() -> tuple[cw.Network, nn.Module, Tensor]:
    net = cw.load("squeezenet1_1")
    photo = cw.read("examples/photos/chelsea.png")
    images = cw.Preprocessing(size=(128, 144), fit="exact").prepare(photo).as_subclass(Tensor)
    return net, net.module, torch.cat([images, images.flip(-1)])


def agrees(ours: Tensor, theirs: Tensor) -> None:
    assert float(theirs.abs().max()) > 0
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-5


def test_input_x_gradient(squeezenet) -> None:
    net, module, images = squeezenet
    theirs = CaptumInputXGradient(module).attribute(images.clone().requires_grad_(), torch.tensor([285, 281]))
    agrees(InputXGradient("none")(net, images, cw.class_logit([285, 281])), theirs.detach())


def test_integrated_gradients(squeezenet) -> None:
    """In double precision: along the way single ReLUs and pools switch, and rounding decides which."""
    module, image = cw.load("squeezenet1_1").module.double(), squeezenet[2][:1].double()
    theirs = CaptumIntegratedGradients(module).attribute(image, 0.0, 285, n_steps=20, internal_batch_size=5)
    method = IntegratedGradients(steps=20, reduce="none")
    agrees(method(cw.Network(module), image, cw.class_logit(285)), theirs)


def test_guided_grad_cam(squeezenet) -> None:
    net, module, images = squeezenet
    theirs = CaptumGuidedGradCam(module, module.features[12]).attribute(
        images.clone().requires_grad_(), 285, interpolate_mode="bilinear"
    )
    agrees(GuidedGradCAM("fire9")(net, images, cw.class_logit(285)), theirs.detach())


def test_occlusion(squeezenet) -> None:
    """Captum spreads each position's fall over the pixels of its patch, and divides by how often a pixel is hidden."""
    net, module, images = squeezenet
    method = Occlusion(size=32, stride=24, fill=0.5)
    ours = method(net, images[:1], cw.class_logit(285))
    tops, lefts = method._positions(images)
    total, count = torch.zeros(128, 144), torch.zeros(128, 144)
    for r, top in enumerate(tops):
        for c, left in enumerate(lefts):
            total[top : top + 32, left : left + 32] += ours[0, 0, r, c]
            count[top : top + 32, left : left + 32] += 1
    theirs = CaptumOcclusion(module).attribute(
        images[:1], (3, 32, 32), (3, 24, 24), baselines=0.5, target=285, perturbations_per_eval=4
    )
    agrees(total / count, theirs[0, 0].detach())
