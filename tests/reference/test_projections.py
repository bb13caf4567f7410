"""Guided backpropagation and deconvnet beside Captum and zennit, on networks made of modules only."""

from __future__ import annotations

import pytest
import torch
from captum.attr import Deconvolution, NeuronDeconvolution, NeuronGuidedBackprop
from captum.attr import GuidedBackprop as CaptumGuided
from torch import Tensor, nn
from zennit.attribution import Gradient
from zennit.composites import DeconvNet as ZennitDeconvnet
from zennit.composites import GuidedBackprop as ZennitGuided

import cutaway as cw
from cutaway.attribution import Deconvnet, GuidedBackprop
from cutaway.network.zoo.alexnet import AlexNet
from cutaway.network.zoo.vgg import VGG

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations:UserWarning")


def wide() -> nn.Module:
    """Strides, groups, dilation, kernels that are not square, pools that overlap, average pools, batch norm."""
    return nn.Sequential(
        nn.Conv2d(3, 8, (5, 3), stride=2, padding=(2, 1)),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=4),
        nn.ReLU(),
        nn.AvgPool2d(2, stride=1, padding=1),
        nn.Conv2d(8, 12, (1, 3), stride=(1, 2), bias=False),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d((2, 3)),
        nn.Flatten(),
        nn.Linear(72, 10),
    )


BUILDS = {
    "squeezenet": lambda: cw.load("squeezenet1_1").module,
    "alexnet": lambda: AlexNet(classes=10),
    "vgg16": lambda: VGG(16, classes=10),
    "wide": wide,
}
UNITS = {
    "squeezenet": ("features.3", "features.7", "features.12"),
    "alexnet": ("features.3", "features.7", "features.11"),
    "vgg16": ("features.3", "features.13"),
    "wide": ("2", "5", "8"),
}


@pytest.fixture(scope="module", params=list(BUILDS))
def case(request) -> tuple[str, nn.Module, Tensor]:
    torch.manual_seed(1)
    module = BUILDS[request.param]().eval()
    if request.param != "squeezenet":
        for part in module.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            elif isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 2)
                nn.init.normal_(part.running_mean)
    photo = cw.read("examples/photos/chelsea.png")
    images = torch.cat([cw.Preprocessing(size=(160, 176), fit="exact").prepare(photo)] * 2)
    images[1] = images[1].flip(-1)
    return request.param, module, images.as_subclass(Tensor)


def agrees(ours: Tensor, theirs: Tensor) -> None:
    assert float(theirs.abs().max()) > 0
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-5


def test_guided_backprop_of_a_class(case) -> None:
    _, module, images = case
    ours = GuidedBackprop()(cw.Network(module), images, cw.class_logit([3, 7]))
    agrees(ours, CaptumGuided(module).attribute(images.clone().requires_grad_(), torch.tensor([3, 7])))
    with Gradient(module, ZennitGuided()) as attributor:
        _, theirs = attributor(images.clone(), torch.eye(ours_classes(module, images))[[3, 7]])
    agrees(ours, theirs)


def test_deconvnet_of_a_class(case) -> None:
    _, module, images = case
    ours = Deconvnet(average="gradient")(cw.Network(module), images, cw.class_logit([3, 7]))
    agrees(ours, Deconvolution(module).attribute(images.clone().requires_grad_(), torch.tensor([3, 7])))
    with Gradient(module, ZennitDeconvnet()) as attributor:
        _, theirs = attributor(images.clone(), torch.eye(ours_classes(module, images))[[3, 7]])
    agrees(ours, theirs)


def ours_classes(module: nn.Module, images: Tensor) -> int:
    with torch.no_grad():
        return module(images[:1]).shape[1]


@pytest.mark.parametrize("method", ["guided", "deconvnet"])
def test_single_units_in_the_middle_and_at_the_borders(case, method) -> None:
    name, module, images = case
    net = cw.Network(module)
    for path in UNITS[name]:
        theirs = {"guided": NeuronGuidedBackprop, "deconvnet": NeuronDeconvolution}[method](
            module, module.get_submodule(path)
        )
        ours = {"guided": GuidedBackprop(), "deconvnet": Deconvnet(average="gradient")}[method]
        values = cw.capture(net, images[:1], path)[path]
        rows, columns = values.shape[2:]
        compared = 0
        for y, x in [(0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1), (0, columns - 1)]:
            # A unit that fires: at a ReLU that is shut Captum's signal ends at once, and nothing is compared.
            channel = int(values[0, :, y, x].argmax())
            selected = theirs.attribute(images[:1].clone().requires_grad_(), (channel, y, x))
            found = ours(net, images[:1], cw.unit(path, channel, y, x))
            if selected.any():
                agrees(found, selected)
                compared += 1
            assert bool(found.any()) == bool(selected.any())
        assert compared >= 3


class Functional(nn.Module):
    """A network of modules, run with its ReLUs as functions, in place, or all as one module."""

    def __init__(self, module: nn.Module, how: str) -> None:
        super().__init__()
        self.module, self.how, self.relu = module, how, nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.module:
            if not isinstance(part, nn.ReLU):
                x = part(x)
            elif self.how == "function":
                x = nn.functional.relu(x)
            elif self.how == "method":
                x = x.relu()
            elif self.how == "in place":
                nn.functional.relu(x, inplace=True)
            elif self.how == "clamp":
                x = x.clamp(min=0)
            else:
                x = self.relu(x)
        return x


@pytest.mark.parametrize("how", ["function", "method", "in place", "clamp", "one module"])
@pytest.mark.parametrize("method", [GuidedBackprop(), Deconvnet(), Deconvnet("gradient")])
def test_relus_of_every_make_give_the_map_of_the_modules(how, method) -> None:
    torch.manual_seed(2)
    module, images = wide().eval(), torch.randn(2, 3, 64, 72)
    plain = method(cw.Network(module), images, cw.class_logit([3, 7]))
    twin = method(cw.Network(Functional(module, how)), images, cw.class_logit([3, 7]))
    agrees(twin, plain)
    agrees(
        method(cw.Network(Functional(module, how)), images, cw.unit("module.7", 3, 2, 4)),
        method(cw.Network(module), images, cw.unit("7", 3, 2, 4)),
    )
    gradient = cw.attribution.Saliency("none")(cw.Network(module), images, cw.class_logit([3, 7]))
    assert float((plain - gradient).abs().max() / gradient.abs().max()) > 0.1
