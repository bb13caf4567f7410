"""CAM, Grad-CAM and saliency beside Captum, torchcam and pytorch-grad-cam, on networks made of modules only."""

from __future__ import annotations

import pytest
import torch
from captum.attr import LayerGradCam
from captum.attr import Saliency as CaptumSaliency
from pytorch_grad_cam import GradCAM as PeerGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchcam.methods import CAM as TorchcamCAM
from torchcam.methods import GradCAM as TorchcamGradCAM

import cutaway as cw
from cutaway.network.zoo.mobilenet_v2 import MobileNetV2
from cutaway.network.zoo.resnet import ResNet
from cutaway.network.zoo.squeezenet import SqueezeNet
from cutaway.network.zoo.vgg import VGG

LAYERS = {
    "squeezenet": ("features.12", "features.7"),
    "resnet18": ("layer4", "layer2"),
    "mobilenet_v2": ("features.18", "features.7"),
    "vgg16": ("features.29", "features.15"),
}


class VGGWithMean(nn.Module):
    """VGG's convolutions with the mean over space and one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.features = VGG(16, classes=0).features
        self.pool, self.flatten, self.fc = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.flatten(self.pool(self.features(x))))


@pytest.fixture(scope="module", params=list(LAYERS))
def case(request) -> tuple[str, nn.Module, Tensor]:
    torch.manual_seed(0)
    builds = {
        "squeezenet": lambda: cw.load("squeezenet1_1").module,
        "resnet18": lambda: ResNet(18, classes=10),
        "mobilenet_v2": lambda: MobileNetV2(classes=10),
        "vgg16": VGGWithMean,
    }
    module = builds[request.param]().eval()
    if request.param != "squeezenet":
        for part in module.modules():
            if isinstance(part, nn.Conv2d):  # the usual start would let the signal die out in VGG
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            elif isinstance(part, nn.Linear):
                nn.init.uniform_(part.weight, 0, 0.1)
    return request.param, module, torch.rand(2, 3, 96, 128)


def agrees(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape
    assert float(theirs.abs().max()) > 0
    assert float((ours - theirs).abs().max()) <= 1e-5 * float(theirs.abs().max())


@pytest.mark.parametrize("depth", [0, 1])
def test_grad_cam_is_captums(case, depth):
    name, module, images = case
    layer = LAYERS[name][depth]
    ours = cw.attribution.GradCAM(layer)(cw.Network(module), images, cw.class_logit(3))
    peer = LayerGradCam(module, module.get_submodule(layer))
    agrees(ours, peer.attribute(images, target=3, relu_attributions=True).detach())


def test_grad_cam_without_relu_is_captums(case):
    name, module, images = case
    layer = LAYERS[name][0]
    ours = cw.attribution.GradCAM(layer, relu=False)(cw.Network(module), images, cw.class_logit(3))
    agrees(ours, LayerGradCam(module, module.get_submodule(layer)).attribute(images, target=3).detach())


def test_saliency_is_captums(case):
    _, module, images = case
    ours = cw.attribution.Saliency("none")(cw.Network(module), images, cw.class_logit(3))
    theirs = CaptumSaliency(module).attribute(images.clone().requires_grad_(), target=3, abs=False)
    agrees(ours, theirs.detach())


def _unit(maps: Tensor) -> Tensor:
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    return (maps - low) / (high - low)


def test_grad_cam_is_torchcams(case):
    """torchcam scales each map to 0..1, so ours is scaled for the comparison."""
    name, module, images = case
    layer = LAYERS[name][0]
    with TorchcamGradCAM(module, layer) as peer:
        theirs = peer(3, module(images.clone().requires_grad_()))[0]
    ours = cw.attribution.GradCAM(layer)(cw.Network(module), images, cw.class_logit(3))[:, 0]
    agrees(_unit(ours), theirs.detach())


def test_grad_cam_is_pytorch_grad_cams(case):
    """pytorch-grad-cam scales to 0..1 and enlarges; compared at the map's own size, before enlarging."""
    name, module, images = case
    layer = LAYERS[name][0]
    with PeerGradCAM(module, [module.get_submodule(layer)]) as peer:
        peer(images, [ClassifierOutputTarget(3)] * 2)
        activations = torch.from_numpy(peer.activations_and_grads.activations[0].numpy())
        gradients = torch.from_numpy(peer.activations_and_grads.gradients[0].numpy())
        theirs = torch.from_numpy(
            peer.get_cam_image(
                images,
                module.get_submodule(layer),
                [ClassifierOutputTarget(3)] * 2,
                activations.numpy(),
                gradients.numpy(),
                False,
            )
        )
    ours = cw.attribution.GradCAM(layer, relu=False)(cw.Network(module), images, cw.class_logit(3))[:, 0]
    agrees(ours, theirs)


def test_cam_is_torchcams(case):
    """Where torchcam can: a network with one fully connected layer after the mean."""
    name, module, images = case
    if name == "squeezenet":
        assert isinstance(module, SqueezeNet)
        with torch.no_grad():  # no peer finds its class map by itself; the definition is one line
            wanted = module.classifier[:3](module.features(images))[:, 3:4]
        agrees(cw.attribution.CAM()(cw.Network(module), images, cw.class_logit(3)), wanted)
        return
    layer, fc = {
        "resnet18": ("layer4", "fc"),
        "mobilenet_v2": ("features.18", "classifier.1"),
        "vgg16": ("features.30", "fc"),
    }[name]
    with TorchcamCAM(module, layer, fc_layer=fc) as peer, torch.no_grad():
        theirs = peer(3, module(images))[0]
    ours = cw.attribution.CAM()(cw.Network(module), images, cw.class_logit(3))[:, 0]
    agrees(_unit(ours), theirs.detach())
