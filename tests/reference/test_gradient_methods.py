"""Gradient methods and occlusion beside Captum."""

from __future__ import annotations

import pytest
import torch
from captum.attr import GuidedGradCam as CaptumGuidedGradCam
from captum.attr import InputXGradient as CaptumInputXGradient
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import NoiseTunnel
from captum.attr import Occlusion as CaptumOcclusion
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor, nn

import cutaway as cw
from cutaway.attribution import (
    GuidedGradCAM,
    InputXGradient,
    IntegratedGradients,
    Occlusion,
    Saliency,
    SmoothGrad,
)

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


@pytest.mark.parametrize("rule", ["middle", "left", "right"])
def test_rules_of_integrated_gradients(squeezenet, rule) -> None:
    """Captum's trapezoid is left out: its weights sum up to (n − 1)/n. On a plain baseline max pools would be tied."""
    module, images = cw.load("squeezenet1_1").module.double(), squeezenet[2].double()
    base = 0.3 * images[:1].flip(2)
    theirs = CaptumIntegratedGradients(module).attribute(
        images, base, torch.tensor([285, 281]), n_steps=6, method=f"riemann_{rule}"
    )
    method = IntegratedGradients(steps=6, baseline=base, rule=rule, reduce="none")
    agrees(method(cw.Network(module), images, cw.class_logit([285, 281])), theirs)


def test_integrated_gradients_are_complete(squeezenet) -> None:
    """Their sum is the rise of the score from baseline to image, and more steps come closer."""
    _, _, images = squeezenet
    module, images = cw.load("squeezenet1_1").module.double(), images.double()
    base = torch.full_like(images, -0.2)
    with torch.no_grad():
        rise = (module(images) - module(base))[[0, 1], [285, 281]]
    errors = []
    for steps in (4, 64):
        method = IntegratedGradients(steps, baseline=-0.2)
        found = method(cw.Network(module), images, cw.class_logit([285, 281]))
        errors.append(((found.sum((1, 2, 3)) - rise) / rise).abs().max())
        told = method.completeness_error(cw.Network(module), images, cw.class_logit([285, 281]), found)
        torch.testing.assert_close(told, found.sum((1, 2, 3)) - rise)
    assert errors[1] < min(0.01, float(errors[0]))


class Blend(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.photo, self.depth, self.fc = nn.Conv2d(3, 6, 3), nn.Conv2d(1, 6, 3), nn.Linear(6, 4)

    def forward(self, photo: Tensor, depth: Tensor) -> Tensor:
        return self.fc((self.photo(photo).relu() * self.depth(depth).sigmoid()).mean((2, 3)))


def test_integrated_gradients_of_two_inputs() -> None:
    torch.manual_seed(0)
    module = Blend().double().eval()
    inputs = (torch.randn(2, 3, 9, 9).double(), torch.randn(2, 1, 9, 9).double())
    theirs = CaptumIntegratedGradients(module).attribute(inputs, (0.5, -1.0), 2, n_steps=30)
    method = IntegratedGradients(steps=30, baseline=(0.5, -1.0), reduce="none")
    ours = method(cw.Network(module), inputs, cw.class_logit(2))
    for one, other in zip(ours.values(), theirs, strict=True):
        agrees(one, other)
    assert len(ours) == 2


@pytest.mark.parametrize("squared", [False, True])
def test_smooth_grad_beside_a_noise_tunnel(squeezenet, squared, monkeypatch) -> None:
    """Captum given our noise: the same to rounding, in double precision."""
    module, image = cw.load("squeezenet1_1").module.double(), squeezenet[2][:1].double()
    method = SmoothGrad(samples=6, noise=0.1, squared=squared, reduce="none", seed=3)
    draws = iter([method._noise(image, k) for k in range(6)])
    monkeypatch.setattr(torch, "normal", lambda mean, std: mean + std * next(draws))
    theirs = NoiseTunnel(CaptumSaliency(module)).attribute(
        image,
        nt_type="smoothgrad_sq" if squared else "smoothgrad",
        nt_samples=6,
        nt_samples_batch_size=1,
        stdevs=float(0.1 * (image.max() - image.min())),
        target=285,
        abs=False,
    )
    monkeypatch.undo()
    agrees(method(cw.Network(module), image, cw.class_logit(285)), theirs.detach())


def test_smooth_grad_comes_to_the_same_mean_as_a_noise_tunnel(squeezenet) -> None:
    """Each with its own noise: two means of many draws differ no more than such means do."""
    net, module, images = squeezenet
    small = torch.nn.functional.interpolate(images[:1], (48, 48))
    settings = {"nt_samples": 200, "nt_samples_batch_size": 20, "target": 285, "abs": False}
    reach = float(0.15 * (small.max() - small.min()))
    tunnel = NoiseTunnel(CaptumSaliency(module))
    theirs = [tunnel.attribute(small, stdevs=reach, **settings).detach() for _ in range(2)]
    ours = SmoothGrad(samples=200, reduce="none")(net, small, cw.class_logit(285))
    own = float((theirs[0] - theirs[1]).norm())
    assert float((ours - theirs[0]).norm()) < 1.3 * own
    assert own < float(theirs[0].norm())  # the noise has not eaten everything


class Functional(nn.Module):
    """SqueezeNet with every ReLU a function, some in place."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        net = self.module
        for part in net.features:
            if isinstance(part, nn.ReLU):
                x = nn.functional.relu(x, inplace=True)
            elif hasattr(part, "squeeze"):
                x = nn.functional.relu(part.squeeze(x))
                x = torch.cat([part.expand1x1(x).relu(), torch.relu_(part.expand3x3(x))], 1)
            else:
                x = part(x)
        return nn.functional.relu(net.classifier[1](x)).mean((2, 3))


@pytest.mark.parametrize(
    "method",
    [Saliency("none"), InputXGradient("none"), IntegratedGradients(steps=4), SmoothGrad(samples=3)],
)
def test_functional_relus_change_nothing(method) -> None:
    module = cw.load("squeezenet1_1").module.double()
    torch.manual_seed(0)
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    twin = cw.Network(Functional(module))
    torch.testing.assert_close(twin.module(images), module(images))
    agrees(method(twin, images, cw.class_logit(285)), method(cw.Network(module), images, cw.class_logit(285)))


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
